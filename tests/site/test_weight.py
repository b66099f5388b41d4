"""A budget for what goes over the wire, compressed, headers included."""

from __future__ import annotations

from collections.abc import Callable

import serve
from playwright.sync_api import Page

FIRST_VISIT = 700_000  # a chapter, read to its end, by someone who was never here
FURTHER_PAGE = 150_000  # any other page, as it opens


def load(page: Page, server: serve.SiteServer, name: str) -> int:
    """Open a page and wait until all of it is here; bytes sent."""
    before = len(server.sent)
    page.goto(server.url + name, wait_until="load")
    return sum(sent.size for sent in server.sent[before:])


def read(page: Page) -> None:
    """Scroll to the end, as a reader does; what is in a closed menu is never loaded."""
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.body.scrollHeight; y += 600) {
            scrollTo(0, y);
            await new Promise((next) => setTimeout(next, 20));
          }
          await Promise.all([...document.images].filter((image) => image.checkVisibility())
            .map((image) => image.decode().catch(() => null)));
        }"""
    )


def test_the_first_visit(
    fresh: Callable[..., Page], server: serve.SiteServer, chapter: str
) -> None:
    page = fresh()
    before = len(server.sent)
    opened = load(page, server, chapter)
    read(page)
    total = sum(sent.size for sent in server.sent[before:])
    print(f"{chapter}: opens with {opened} bytes, {total} when read to the end")
    assert total <= FIRST_VISIT, sorted(server.sent[before:], key=lambda sent: -sent.size)[:5]


def test_a_further_page(fresh: Callable[..., Page], server: serve.SiteServer, page: str) -> None:
    browser_page = fresh()
    load(browser_page, server, "book/index.html")
    read(browser_page)
    size = load(browser_page, server, page)
    print(f"{page}: {size} bytes")
    assert size <= FURTHER_PAGE


def test_what_was_loaded_once_is_kept(fresh: Callable[..., Page], server: serve.SiteServer) -> None:
    page = fresh()
    load(page, server, "book/index.html")
    before = len(server.sent)
    load(page, server, "book/glossary.html")
    again = [
        sent.path
        for sent in server.sent[before:]
        if sent.path.split("?")[0].endswith((".css", ".js"))
    ]
    assert [path for path in again if "math.css" not in path] == []
