"""A chapter's Markdown cells as plain Markdown, which every viewer of notebooks shows.

Whatever MyST adds to Markdown is written out: library code in place of ``literalinclude``, numbers
and links in place of references, quotations in place of admonitions. Plain Markdown passes
unchanged. Numbers and names are the site's. What cannot be written out is refused with a
``PlainError`` that names the chapter, the line and the remedy.

Links lead to places of the same notebook, or to the site. A notebook that is opened alone, as on
Colab, has no files beside it, so pictures and files are fetched from the repository.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterable, Sequence

from bibliography import Reference, references
from labels import Target, labels
from myst import PlainError, leftovers
from nbformat import NotebookNode
from plain_context import Context
from plain_page import Page
from plain_places import mark

__all__ = [
    "Context",
    "PlainError",
    "Reference",
    "Target",
    "caption",
    "glued",
    "labels",
    "leftovers",
    "references",
    "render",
]


def render(cells: Sequence[str], context: Context) -> list[str]:
    """The chapter's Markdown cells, in order, as plain Markdown.

    They are rendered together, and twice: the first time tells what is cited and linked to.

    Raises:
        PlainError: something that no notebook can show, or that refers to nothing.
    """
    scout = Page(context)
    scout.chapter(cells)
    return Page(context, scout).chapter(cells)


def caption(text: str, name: str | None, context: Context) -> str:
    """The caption below a figure that a code cell draws, for a Markdown cell of its own.

    Raises:
        PlainError: as ``render``.
    """
    page = Page(context)
    if not name:
        return page.blocks(text)
    target = page.target(name, f"name: {name}")
    return f"{mark(target.anchor)}**{target.numbered}.** {page.blocks(text)}"


def glued(cells: Iterable[NotebookNode]) -> dict[str, object]:
    """The values that executed code cells glued, by name."""
    values: dict[str, object] = {}
    for output in (output for cell in cells for output in cell.get("outputs", ())):
        scrap = output.get("metadata", {}).get("scrapbook")
        text = scrap and output["data"].get(f"{scrap.get('mime_prefix', '')}text/plain")
        if not text:
            continue
        try:
            values[scrap["name"]] = literal_eval(text)
        except (SyntaxError, ValueError):
            values[scrap["name"]] = text
    return values
