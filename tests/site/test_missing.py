"""An address that leads nowhere gets a page that works, however deep it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import serve
from playwright.sync_api import Page, expect


@pytest.mark.parametrize("address", ["nowhere.html", "book/perceptrons/no/such/page", "a/b/c/d/"])
def test_the_404_page_works_at_any_depth(
    fresh: Callable[..., Page], server: serve.SiteServer, address: str
) -> None:
    page = fresh()
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    answer = page.goto(server.url + address)
    assert answer is not None
    assert answer.status == 404
    assert failed == [server.url + address]
    expect(page.locator("h1")).to_have_text("No such page")
    family = page.evaluate("getComputedStyle(document.querySelector('h1')).fontFamily")
    assert "system-ui" in family, "the style sheet did not arrive"
    page.get_by_role("link", name="The book's first page").click()
    expect(page.locator("h1")).to_contain_text("Line by Line")


def test_the_root_leads_to_the_book(fresh: Callable[..., Page], server: serve.SiteServer) -> None:
    page = fresh()
    page.goto(server.url)
    page.wait_for_url("**/book/index.html")
    expect(page.locator("h1")).to_contain_text("Line by Line")
