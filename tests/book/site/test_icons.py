"""Icons are found in pages and drawn with the theme's shapes."""

from __future__ import annotations

import icons
import pytest

SCRIPT = icons.SCRIPT.read_text("utf8")


def test_icons_of_a_page_are_found() -> None:
    page = (
        '<i class="fa-solid fa-bars fa-lg"></i><span class="x fas fa-code y"></span><p>fa-none</p>'
    )
    assert icons.icons_used(page) == {"fa-bars", "fa-code"}


@pytest.mark.parametrize("name", ["fa-bars", "fa-circle-half-stroke", "fa-github", "fa-moon"])
def test_a_shape_is_the_themes(name: str) -> None:
    width, height, path = icons.shape(name, SCRIPT)
    assert 300 < width < 700
    assert height == 512
    assert path.startswith("M")
    assert len(path) > 50


def test_an_old_name_is_known() -> None:
    assert icons.shape("fa-pencil-alt", SCRIPT) == icons.shape("fa-pencil", SCRIPT)


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(ValueError, match="no icon 'fa-nosuch'"):
        icons.shape("fa-nosuch", SCRIPT)


def test_the_style_draws_each_icon_once() -> None:
    sheet = icons.style({"fa-bars", "fa-moon"}, SCRIPT)
    assert sheet.count('--icon:url("data:image/svg+xml,') == 2
    assert "mask:var(--icon)" in sheet
    assert "#" not in sheet.split("fa-bars")[1].split("}")[0]  # it would end the address
