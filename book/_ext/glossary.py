"""The glossary: its entries, and the anchor of each term on its page."""

from __future__ import annotations

from textwrap import dedent

from myst import directive, flat, pieces
from sphinx.util.nodes import (
    _make_id as term_id,
)  # the site's own; a test holds our anchors against its page

PAGE = "glossary"  # below the book's folder


def entries(body: str) -> list[tuple[list[str], str]]:
    """The terms and the definition of each entry of a ``glossary`` directive."""
    found: list[tuple[list[str], list[str]]] = []
    for line in body.split("\n"):
        if line[:1].strip():  # a term; several may share a definition
            if not found or found[-1][1]:
                found.append(([], []))
            found[-1][0].append(line.split(" : ")[0].strip())
        elif found and (line.strip() or found[-1][1]):
            found[-1][1].append(line)
    return [(terms, dedent("\n".join(lines)).strip()) for terms, lines in found]


def anchors(text: str) -> dict[str, str]:
    """Each term's anchor on a page with ``glossary`` directives, by the term in lower case."""
    found = (directive(piece) for piece in pieces(text) if piece.kind == "directive")
    terms = (
        term
        for each in found
        if each.name == "glossary"
        for names, _ in entries(each.body)
        for term in names
    )
    return {flat(term).lower(): term_id(f"term-{flat(term)}") for term in terms}
