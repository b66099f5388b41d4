"""Images know their size, load when they are reached, and say what they show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import figures
import pytest
from PIL import Image

Build = Callable[..., tuple[str, str]]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A PNG of 300 by 201 pixels."""
    path = tmp_path / "picture.png"
    Image.new("RGB", (300, 201)).save(path)
    return path


def test_a_file_that_does_not_say_has_no_size(picture: Path, tmp_path: Path) -> None:
    assert figures.size(picture) == (300, 201)
    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    assert figures.size(path) is None


def test_another_image_than_a_png_is_shown_at_its_own_size(
    build_page: Build, tmp_path: Path
) -> None:
    Image.new("RGB", (300, 201)).save(tmp_path / "photo.jpg")
    page, _ = build_page("# T\n\n![One](photo.jpg)\n", extensions=["myst_parser", "figures"])
    image = page.split("<img ")[1].split(">")[0]
    assert 'width="300"' in image
    assert "style" not in image


def test_the_first_image_comes_at_once_the_others_when_reached(
    build_page: Build, picture: Path
) -> None:
    page, warnings = build_page(
        "# T\n\n![One](picture.png)\n\n![Two](picture.png)\n",
        extensions=["myst_parser", "figures"],
    )
    assert warnings == ""
    first, second = (part.split(">")[0] for part in page.split("<img ")[1:])
    assert 'width="300"' in first
    assert 'height="201"' in first
    assert 'style="width: 150px"' in first
    assert "loading" not in first
    assert 'loading="lazy"' in second
    assert 'decoding="async"' in second
    assert 'src="_images/picture.png"' in second
    assert 'alt="Two"' in second


def test_a_size_that_was_given_is_kept(build_page: Build, picture: Path) -> None:
    text = "# T\n\n```{image} picture.png\n:alt: One\n:width: 80%\n:align: center\n```\n"
    page, warnings = build_page(text, extensions=["myst_parser", "figures"])
    assert warnings == ""
    assert 'style="width: 80%"' in page
    assert "align-center" in page


def test_an_image_without_alt_text_is_a_warning(build_page: Build, picture: Path) -> None:
    _, warnings = build_page("# T\n\n![](picture.png)\n", extensions=["myst_parser", "figures"])
    assert "index.md:3: WARNING: image without alt text: picture.png" in warnings
