"""The text is set to be read: lines of a readable length on a wide screen."""

from __future__ import annotations

from collections.abc import Callable

import serve
from playwright.sync_api import Page

LINE_LENGTHS = """() => {
  const paragraphs = [...document.querySelectorAll("article > section > section > p")];
  return paragraphs.filter((paragraph) => !paragraph.querySelector(".katex")).map((paragraph) => {
    const range = document.createRange();
    range.selectNodeContents(paragraph);
    const boxes = [...range.getClientRects()];
    const lines = new Set(boxes.map((box) => Math.round(box.bottom / 12))).size;
    return lines < 3 ? 0 : paragraph.textContent.length / (lines - 0.5);
  }).filter(Boolean);
}"""


def test_lines_are_of_a_length_to_read(
    fresh: Callable[..., Page], server: serve.SiteServer, chapter: str
) -> None:
    opened = fresh(viewport={"width": 1600, "height": 1000})
    opened.goto(server.url + chapter)
    lengths = sorted(opened.evaluate(LINE_LENGTHS))
    assert len(lengths) >= 3
    middle = lengths[len(lengths) // 2]
    assert 55 <= middle <= 85, f"{middle:.0f} characters a line"
