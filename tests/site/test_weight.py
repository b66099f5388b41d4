"""A budget for what goes over the wire, compressed, headers included."""

from __future__ import annotations

from collections.abc import Callable

import serve
from playwright.sync_api import Page

FIRST_VISIT = 700_000  # a chapter, read to its end, by someone who was never here
FURTHER_PAGE = 150_000  # any other page, as it opens
SEARCH = 250_000  # the page that brings the index of the whole book, which grows with it


def load(page: Page, server: serve.SiteServer, name: str) -> int:
    """Open a page and wait until all of it is here; bytes sent."""
    before = len(server.sent)
    page.goto(server.url + name, wait_until="load")
    return sum(sent.size for sent in server.sent[before:])


def read(page: Page) -> None:
    """Go to the end, as a reader does, and wait for every picture on the way; what is in a closed
    menu is never loaded. A lazy picture out of view can be waited for in vain, so each is brought
    into view, and none is given more than ten seconds.
    """
    page.evaluate(
        """async () => {
          const late = (image) => new Promise((_, refuse) =>
            setTimeout(() => refuse(new Error(`${image.src} did not come`)), 10000));
          for (const image of document.images) {
            if (!image.checkVisibility()) continue;
            image.scrollIntoView();
            await Promise.race([image.decode().catch(() => null), late(image)]);
          }
          scrollTo(0, document.body.scrollHeight);
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
    assert size <= (SEARCH if page == "search.html" else FURTHER_PAGE)


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
