"""The search finds a word of a chapter and leads to it; its excerpts are text."""

from __future__ import annotations

from collections.abc import Callable

import serve
from playwright.sync_api import Page, expect


def test_search_finds_a_word_of_a_chapter(
    fresh: Callable[..., Page], server: serve.SiteServer
) -> None:
    page = fresh()
    page.goto(server.url + "book/index.html")
    page.get_by_role("button", name="Search").first.click()
    page.keyboard.type("Rosenblatt")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a", has_text="The perceptron").first
    expect(found).to_be_visible()
    found.click()
    expect(page.locator("h1")).to_contain_text("The perceptron")


def test_search_opens_by_key_and_closes_by_escape(
    fresh: Callable[..., Page], server: serve.SiteServer
) -> None:
    page = fresh()
    page.goto(server.url + "book/glossary.html")
    page.keyboard.press("Control+k")
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).not_to_be_visible()


def test_excerpts_show_no_formula_thrice(
    fresh: Callable[..., Page], server: serve.SiteServer
) -> None:
    page = fresh()
    page.goto(server.url + "search.html?q=mistake+bound")
    excerpt = page.locator("#search-results li p.context").first
    expect(excerpt).to_be_visible()
    assert "\\mathbf" not in page.locator("#search-results").inner_text()


def test_a_word_that_is_nowhere_is_not_found(
    fresh: Callable[..., Page], server: serve.SiteServer
) -> None:
    page = fresh()
    page.goto(server.url + "search.html?q=zzyzzyx")
    expect(page.locator("#search-results")).to_contain_text("did not match")
    assert page.locator("#search-results li a").count() == 0
