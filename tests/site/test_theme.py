"""Light and dark: the reader's system decides, the switch overrules it, and the choice stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import serve
from playwright.sync_api import Page

THEME = "document.documentElement.dataset.theme"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_line_is_drawn_in_the_readers_theme(
    fresh: Callable[..., Page], server: serve.SiteServer, theme: str
) -> None:
    page = fresh(color_scheme=theme)
    server.seconds_late = {".js": 0.4}
    try:
        page.goto(server.url + "book/index.html", wait_until="commit")
        page.wait_for_selector("h1")
        assert page.evaluate(THEME) == theme
    finally:
        server.seconds_late = {}


def test_the_switch_works_and_sticks(fresh: Callable[..., Page], server: serve.SiteServer) -> None:
    page = fresh(color_scheme="light")
    page.goto(server.url + "book/index.html")
    light = page.evaluate(GROUND)
    page.locator(".theme-switch-button").click()
    assert page.evaluate(THEME) == "dark"
    dark = page.evaluate(GROUND)
    assert dark != light
    page.goto(server.url + "book/glossary.html")
    assert page.evaluate(GROUND) == dark
    page.locator(".theme-switch-button").click()
    assert page.evaluate(THEME) == "light"
    page.reload()
    assert page.evaluate(GROUND) == light


def test_paper_is_light(fresh: Callable[..., Page], server: serve.SiteServer) -> None:
    page = fresh(color_scheme="light")
    page.goto(server.url + "book/index.html")
    light = page.evaluate(GROUND)
    page.locator(".theme-switch-button").click()
    assert page.evaluate(GROUND) != light
    page.emulate_media(media="print")
    assert page.evaluate(THEME) == "dark"
    assert page.evaluate(GROUND) == light


def test_the_switch_shows_one_icon(fresh: Callable[..., Page], server: serve.SiteServer) -> None:
    page = fresh()
    page.goto(server.url + "book/index.html")
    for _ in range(3):
        shown = [icon.is_visible() for icon in page.locator(".theme-switch").all()]
        assert sum(shown) == 1
        page.locator(".theme-switch-button").click()
