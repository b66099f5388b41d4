"""Figures are transparent and their ink is legible on both grounds: measured in what the browser
draws.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

import pytest
import serve
from PIL import Image
from playwright.sync_api import Page

from linebyline.plotting.style import INK

CONTRAST = (
    4.0  # the most that one ink can have on both a white and a near-black ground is about 4.3
)


def luminance(colour: tuple[int, ...]) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [part / 255 for part in colour[:3]]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Contrast ratio, as WCAG defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def drawn(page: Page) -> list[Counter[tuple[int, ...]]]:
    """The colours of each figure as the browser draws it, and how often each occurs."""
    colours = []
    for figure in page.locator("article figure img, article .cell_output > img").all():
        figure.scroll_into_view_if_needed()
        figure.evaluate("image => image.decode()")
        shot = Image.open(io.BytesIO(figure.screenshot())).convert("RGB")
        colours.append(
            Counter({colour: count for count, colour in shot.getcolors(shot.width * shot.height)})
        )
    return colours


def test_contrast_is_measured_as_wcag_says() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ink_is_legible(
    fresh: Callable[..., Page], server: serve.SiteServer, chapter: str, theme: str
) -> None:
    page = fresh(color_scheme=theme)
    page.goto(server.url + chapter)
    ground = tuple(
        map(
            int,
            page.evaluate(
                "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)"
            ),
        )
    )
    ink = tuple(int(INK[at : at + 2], 16) for at in (1, 3, 5))
    figures = drawn(page)
    assert figures, "the chapter has no figure"
    with_ink = 0
    for number, colours in enumerate(figures, 1):
        share = colours[ground] / colours.total()
        assert share > 0.05, f"figure {number} does not let the page's ground through"
        near = [c for c in colours if max(abs(a - b) for a, b in zip(c, ink, strict=True)) <= 2]
        with_ink += bool(near)
        for colour in near:
            assert contrast(colour, ground) >= CONTRAST, f"figure {number}: {colour} on {ground}"
    assert with_ink >= len(figures) / 2, "most figures should use the book's ink"


def test_a_phone_shows_figures_as_large_as_it_can(
    fresh: Callable[..., Page], server: serve.SiteServer, chapter: str
) -> None:
    page = fresh(viewport={"width": 390, "height": 844})
    page.goto(server.url + chapter)
    widths = page.eval_on_selector_all(
        "article figure:not(.admonition *) img",
        "images => images.map((image) => image.getBoundingClientRect().width)",
    )
    assert widths
    assert min(widths) > 0.96 * 390
