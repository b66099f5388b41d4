"""Every place of the book that text can refer to, with the number and address the site gives it.

The numbers follow Sphinx as Jupyter Book sets it up: figures, tables, listings, exercises and
theorems carry the chapter's number (Fig. 2.1), equations count by themselves on each page. Pages
that the table of contents does not number share their counts, in reading order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docutils.nodes import make_id
from mdit_py_plugins.anchors.index import slugify
from myst import Directive, Piece, PlainError, directive, flat, pieces

PROOFS = (
    *(
        "algorithm",
        "assumption",
        "axiom",
        "conjecture",
        "corollary",
        "criterion",
        "definition",
        "example",
        "lemma",
    ),
    *("notation", "observation", "property", "proposition", "remark", "theorem"),
)
VERBATIM = {
    "math",
    "code-block",
    "code",
    "sourcecode",
    "literalinclude",
    "code-cell",
    "glossary",
    "bibliography",
}
_LISTINGS = ("code-block", "code", "sourcecode", "literalinclude")
_NAMES = {
    "figure": "Fig.",
    "table": "Table",
    "listing": "Listing",
    "section": "Section",
    "page": "Section",
}


@dataclass(frozen=True)
class Target:
    """One place: its page (``book/part/chapter.html``) and anchor, and what the site calls it."""

    page: str
    title: str  # or the caption, as it is written
    kind: str  # section, page, figure, table, listing, equation, exercise, solution, prf:..., block
    number: str = ""
    anchor: str = ""

    @property
    def address(self) -> str:
        """Below the site's address."""
        return f"{self.page}#{self.anchor}" if self.anchor else self.page

    @property
    def numbered(self) -> str:
        """As ``numref`` writes it: Fig. 2.1, Exercise 2.1, Theorem 2.1; an equation as (1)."""
        if self.kind == "equation":
            return f"({self.number})"
        name = _NAMES.get(self.kind, self.kind.removeprefix("prf:").capitalize())
        if self.kind == "solution":
            name = "Solution to Exercise"
        return f"{name} {self.number}".strip()

    @property
    def words(self) -> str:
        """As ``ref`` writes it: a title or caption where there is one, else the numbered name."""
        titled = self.kind in _NAMES or self.kind == "block"
        return flat(self.title) if titled else self.numbered


def numbered_kind(found: Directive) -> str | None:
    """What a directive counts as, if it carries a number."""
    name = found.name.removesuffix("-start")
    if {"nonumber", "hidden"} & found.options.keys():
        return None
    if name == "exercise" or (name.startswith("prf:") and name[4:] in PROOFS):
        return name
    if name == "figure" and found.body.strip():
        return "figure"
    if name in ("list-table", "table") and found.argument:
        return "table"
    if name in _LISTINGS and found.options.get("caption"):
        return "listing"
    return "equation" if name == "math" and found.label else None


def ordinal(page: str, kind: str, count: int) -> str:
    """The key of the page's n-th numbered block of a kind, labelled or not."""
    return f"{page}::{kind}-{count}"


def code_figure(options: Mapping[str, Any]) -> dict[str, str]:
    """Name and caption that a code cell gives its figure, if any."""
    figure = (options.get("mystnb") or {}).get("figure") or {}
    return {key: str(figure[key]).strip() for key in ("name", "caption") if figure.get(key)}


def labels(
    text_of_chapter_by_path: Mapping[str, str],
    numbers: Mapping[str, str] | None = None,
    *,
    equations_by_chapter: bool = False,
) -> dict[str, Target]:
    """All targets of the book, by label in lower case.

    Also by a page's path (``book/part/chapter.md``), a heading's (``book/part/chapter.md#slug``)
    and a numbered block's place (``ordinal``), so that what has no label can be found too.

    Args:
        text_of_chapter_by_path: the pages, by path from the root, in the order of the contents.
        numbers: the chapters' numbers by path (``chapter_numbers``); without, none has any.
        equations_by_chapter: number them (2.1), as Sphinx's ``math_numfig`` does, instead of (1).

    Raises:
        PlainError: two places have one label, or a solution is to an exercise that does not exist.
    """
    collector = _Collector(numbers or {}, equations_by_chapter)
    for path, text in text_of_chapter_by_path.items():
        collector.page(path, text)
    for label, (path, line, exercise) in collector.solutions.items():
        solved = collector.targets.get(exercise)
        if solved is None or solved.kind != "exercise":
            raise PlainError(path, line, f"no exercise {exercise!r}", "give an exercise's label")
        collector.targets[label] = replace(collector.targets[label], number=solved.number)
    return collector.targets


class _Collector:
    def __init__(self, numbers: Mapping[str, str], equations_by_chapter: bool) -> None:
        self.numbers = numbers
        self.equations_by_chapter = equations_by_chapter
        self.targets: dict[str, Target] = {}
        self.solutions: dict[str, tuple[str, str, str]] = {}
        # The site's counts, by kind and chapter number; and the page's own, by kind.
        self.counts: Counter[tuple[str, str]] = Counter()
        self.ordinals: Counter[str] = Counter()

    def page(self, path: str, text: str) -> None:
        self.path, self.address = path, str(Path(path).with_suffix(".html").as_posix())
        self.number = self.numbers.get(path, "")
        self.sections = [0] * 7
        self.pending: list[tuple[str, str]] = []
        self.ordinals.clear()
        self.targets[path] = Target(self.address, Path(path).stem, "page", self.number)
        self.walk(text)
        self.settle("block", "")

    def add(self, label: str, line: str, target: Target) -> None:
        if label.lower() in self.targets:
            other = self.targets[label.lower()].page
            raise PlainError(
                self.path, line, f"label {label!r} is taken, on {other}", "choose another"
            )
        self.targets[label.lower()] = target

    def settle(self, kind: str, title: str, number: str = "") -> None:
        """Give the labels that were waiting, ``(label)=``, the block that follows them."""
        for label, line in self.pending:
            self.add(label, line, Target(self.address, title, kind, number, make_id(label)))
        self.pending = []

    def count(self, kind: str) -> str:
        """The number of the next block of a kind."""
        if kind == "equation" and not self.equations_by_chapter:
            self.counts[kind, self.path] += 1
            return str(self.counts[kind, self.path])
        chapter = self.number.split(".")[0]
        self.counts[kind, chapter] += 1
        return f"{chapter}.{self.counts[kind, chapter]}".lstrip(".")

    def numbered(self, kind: str, label: str, line: str, title: str, anchor: str) -> None:
        self.ordinals[kind] += 1
        target = Target(self.address, title, kind, self.count(kind), anchor)
        self.targets[ordinal(self.path, kind, self.ordinals[kind])] = target
        self.settle(kind, title, target.number)
        if label:
            self.add(label, line, target)

    def walk(self, text: str, depth: int = 0) -> None:
        for piece in pieces(text):
            if piece.kind == "myst_target":
                self.pending.append((piece.token.content, piece.lines[0]))
            elif piece.kind == "heading" and not depth:
                self.heading(piece)
            elif piece.kind == "math_block_label":
                label = piece.token.info
                self.numbered("equation", label, piece.lines[0], "", _anchor(label, "equation"))
            elif piece.kind == "amsmath" and piece.token.meta["numbered"] != "*":
                self.numbered("equation", "", piece.lines[0], "", "")
            elif piece.kind == "directive":
                self.directive(directive(piece), depth)
            elif piece.kind not in ("myst_line_comment", "footnote_reference_open"):
                self.settle("block", "")

    def heading(self, piece: Piece) -> None:
        level, title = piece.level, piece.token.content
        self.sections[level:] = [self.sections[level] + 1, *[0] * (6 - level)]
        below = [str(count) for count in self.sections[2 : level + 1]]
        number = ".".join([self.number, *below]) if self.number else ""
        if level == 1:
            self.targets[self.path] = Target(self.address, title, "page", number)
        anchor = make_id(flat(title))
        self.targets.setdefault(
            f"{self.path}#{slugify(flat(title))}",
            Target(self.address, title, "section", number, anchor),
        )
        self.settle("section", title, number)

    def directive(self, found: Directive, depth: int) -> None:
        if "hidden" in found.options:  # the site leaves it out; contents may be hidden, too
            return
        if found.name == "code-cell":
            if "caption" in (figure := code_figure(found.options)):
                self.numbered_code_figure(figure, found.line)
        elif kind := numbered_kind(found):
            caption = found.body.split("\n\n")[0] if kind == "figure" else found.argument
            title = str(found.options.get("caption", caption))
            self.numbered(kind, found.label, found.line, title, _anchor(found.label, kind))
        else:
            kind = found.name.removesuffix("-start")
            kind = kind if _keeps_labels(kind) else "block"
            self.settle(kind, "")
            if found.label:
                target = Target(self.address, "", kind, "", _anchor(found.label, kind))
                self.add(found.label, found.line, target)
            if found.label and kind == "solution":
                exercise = found.argument.lower()
                self.solutions[found.label.lower()] = (self.path, found.line, exercise)
        if found.name not in VERBATIM:
            self.walk(found.body, depth + 1)

    def numbered_code_figure(self, figure: dict[str, str], line: str) -> None:
        """As a figure, but with a place of its own: notebooks' prose does not contain it."""
        anchor, title = make_id(figure.get("name", "")), figure["caption"].split("\n\n")[0]
        target = Target(self.address, title, "figure", self.count("figure"), anchor)
        self.ordinals["code-figure"] += 1
        self.targets[ordinal(self.path, "code-figure", self.ordinals["code-figure"])] = target
        self.settle("figure", title, target.number)
        if name := figure.get("name"):
            self.add(name, line, target)


def _keeps_labels(kind: str) -> bool:
    """Whether the site makes a label an anchor as it is written: sphinx-exercise and -proof do."""
    return kind in ("exercise", "solution") or kind.startswith("prf:")


def _anchor(label: str, kind: str) -> str:
    if _keeps_labels(kind):
        return label
    return make_id(f"equation-{label}" if kind == "equation" else label)
