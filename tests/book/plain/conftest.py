"""A small book for the tests of what notebooks show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from plain import Context, Reference, labels, render

MODULE = '''"""A module."""


def double(x):
    """Twice."""
    return 2 * x


class Unit:
    """A unit."""

    def fire(self):
        return True
'''
REFERENCES = {
    "a1999": Reference("A and B", "A and B", "1999", "A and B. *Title*. 1999.", "https://doi/1"),
    "c2020": Reference("C *et al.*", "C, D, and E", "2020", "C and others. 2020.", ""),
}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The folder of a book with one picture, beside a module of code."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "unit.py").write_text(MODULE, "utf8")
    (tmp_path / "book" / "part").mkdir(parents=True)
    (tmp_path / "book" / "part" / "line.png").write_bytes(b"png")
    return tmp_path / "book"


@pytest.fixture
def shown(book: Path) -> Callable[..., str]:
    """What the notebook of ``book/part/chapter.md`` shows: it is chapter 2, ``other.md`` is 3."""

    def show(
        *cells: str,
        source: str = "",
        others: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
        macros: Mapping[str, str] | None = None,
    ) -> str:
        pages = {"book/part/chapter.md": source or "\n\n".join(cells), **(others or {})}
        context = Context(
            chapter=book / "part" / "chapter.md",
            book=book,
            site="https://site/",
            repository="https://repo",
            labels=labels(pages, {"book/part/chapter.md": "2", "book/part/other.md": "3"}),
            references=REFERENCES,
            glossary={"learning rate": "term-learning-rate"},
            values=values or {},
            macros=macros or {},
        )
        return "\n<cell>\n".join(render(cells, context))

    return show
