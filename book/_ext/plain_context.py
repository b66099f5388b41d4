"""What a chapter's prose may refer to: labels, bibliography, glossary, and its own values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from address import site_url
from bibliography import Reference, references
from contents import chapter_numbers, toc_order
from glossary import PAGE, anchors
from labels import Target, labels


@dataclass(frozen=True)
class Context:
    """One chapter's surroundings."""

    chapter: Path  # the chapter's .md
    book: Path  # the book's folder; its parent is the repository's root
    site: str  # the site's address, with a slash at its end
    repository: str  # the repository's address
    labels: Mapping[str, Target]  # of the whole book (``labels.labels``)
    references: Mapping[str, Reference]  # by key
    glossary: Mapping[str, str]  # anchors on the glossary's page, by term in lower case
    values: Mapping[str, object]  # what the chapter's cells glued, by name
    branch: str = "main"
    macros: Mapping[str, str] = field(default_factory=dict)  # the book's own TeX commands

    def __post_init__(self) -> None:
        if not self.chapter.is_relative_to(self.book):
            raise ValueError(f"chapter is {self.chapter}; it must lie in {self.book}")
        if not self.site.endswith("/"):
            raise ValueError(f"site is {self.site!r}; it must end with a slash")

    @classmethod
    def of(
        cls, chapter: Path, book: Path, settings: Mapping[str, Any], values: Mapping[str, object]
    ) -> Context:
        """The context of a chapter on disk.

        Args:
            chapter: the chapter's .md.
            book: the book's folder, beside ``_toc.yml``.
            settings: ``_config.yml``.
            values: what the chapter's cells glued.

        Raises:
            ValueError: the chapter lies outside the book.
            PlainError: two places of the book have one label.
        """
        root = book.parent
        toc = root / "_toc.yml"
        pages = {
            path.relative_to(root).as_posix(): path.read_text("utf8")
            for path in sorted(book.rglob("*.md"))
        }
        order = [name for name in (toc_order(toc) if toc.exists() else ()) if name in pages]
        numbers = chapter_numbers(toc) if toc.exists() else {}
        bibs = [root / name for name in settings.get("bibtex_bibfiles", ())]
        sphinx = settings.get("sphinx", {}).get("config", {})
        repository = settings["repository"]
        url = repository["url"].rstrip("/")
        return cls(
            chapter=chapter,
            book=book,
            site=(settings.get("html", {}).get("baseurl") or site_url(url)).rstrip("/") + "/",
            repository=url,
            labels=_labels(
                tuple((name, pages[name]) for name in dict.fromkeys([*order, *pages])),
                tuple(numbers.items()),
                sphinx.get("math_numfig", True),
            ),
            references={
                key: entry
                for bib in bibs
                for key, entry in _references(bib, bib.read_text("utf8")).items()
            },
            glossary=anchors(pages.get(f"{book.name}/{PAGE}.md", "")),
            values=values,
            branch=repository.get("branch", "main"),
            macros=sphinx.get("katex_macros", {}),
        )


@cache  # by content: every chapter of a run needs them
def _labels(
    texts: tuple[tuple[str, str], ...],
    numbers: tuple[tuple[str, str], ...],
    equations_by_chapter: bool,
) -> dict[str, Target]:
    return labels(dict(texts), dict(numbers), equations_by_chapter=equations_by_chapter)


@cache
def _references(bib: Path, text: str) -> dict[str, Reference]:
    return references(bib)
