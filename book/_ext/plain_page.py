"""One chapter on its way to plain Markdown: walks its blocks, and counts what is numbered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from textwrap import dedent

from labels import Target, numbered_kind
from mdit_py_plugins.anchors.index import slugify
from myst import Directive, Piece, directive, flat, pieces
from plain_context import Context
from plain_directives import DIRECTIVES, definition_list
from plain_math import display, needs_rewriting
from plain_places import mark
from plain_spans import Spans, note_anchor


class Page(Spans):
    """A chapter while it is rendered."""

    def __init__(self, context: Context, before: Page | None = None) -> None:
        super().__init__(context, before)
        self.definitions: dict[str, str] = {}  # footnotes' texts by label
        self.gates: list[Directive] = []  # exercise-start and solution-start without their end
        self.counts: Counter[str] = Counter()  # of numbered blocks, by kind
        self.level = 1  # of the last heading

    def chapter(self, cells: Sequence[str]) -> list[str]:
        """All Markdown cells; footnotes come at the end of the last."""
        result = [self.cell(cell) for cell in cells]
        for target in self.context.labels.values():  # captions of code cells cite, too
            if target.page == self.address and target.kind == "figure":
                self.spans(target.title)
        if self.gates:
            gate = self.gates[-1]
            end = gate.name.replace("start", "end")
            raise self.error(gate.line, "it has no end", f"add {{{end}}} where it ends")
        for label in self.notes:
            if label not in self.definitions:
                raise self.error(f"[^{label}]", "no such footnote", f"write it: [^{label}]: ...")
        notes = [
            f"{mark(note_anchor(label))}<sup>{number}</sup> {self.definitions[label]}"
            for label, number in self.notes.items()
        ]
        if notes:
            result[-1] = "\n\n".join([result[-1], "---", *notes]).lstrip("\n")
        return result

    def cell(self, text: str) -> str:
        """One cell, without the blank lines around what was left out."""
        new = self.blocks(text)
        return new if new == text else new.strip("\n")

    def blocks(self, text: str) -> str:
        """Any number of blocks; what needs no change is copied to the letter."""
        lines, at = text.split("\n"), 0
        out: list[str] = []
        for piece in pieces(text):
            out += lines[at : piece.start]
            at, new, rest = piece.stop, self.block(piece), piece.continuation
            blank_above = not out or not out[-1].strip(" >")
            text_below = bool("".join(lines[at : at + 1]).strip(" >"))
            if new is None:
                out += piece.lines
            elif not new and piece.prefix.strip(" >"):
                out.append(piece.prefix.rstrip())
            elif not new:  # one blank line is enough where something was left out
                at += blank_above and at < len(lines) and not text_below
            else:
                # Text may stay close to what is around it; what became another block may not.
                apart = piece.kind not in ("inline", "heading")
                first, *others = new.split("\n")
                out += [rest.rstrip()] * (apart and not blank_above and piece.prefix == rest)
                out.append(piece.prefix + first)
                out += [rest + line if line else rest.rstrip() for line in others]
                out += [rest.rstrip()] * (apart and text_below)
        return "\n".join(out + lines[at:])

    def block(self, piece: Piece) -> str | None:
        """One block; ``None`` leaves it as it is."""
        handle = _HANDLERS.get(piece.kind)
        return handle(self, piece) if handle else None

    def numbered(self, kind: str, line: str) -> Target:
        """The chapter's next block of a kind."""
        self.counts[kind] += 1
        return self.nth(kind, self.counts[kind], line)

    def captioned(self, found: Directive, caption: str) -> str:
        """A caption with the name and number of what it belongs to."""
        kind = numbered_kind(found)
        name = f"**{self.numbered(kind, found.line).numbered}.** " if kind else ""
        return name + self.blocks(caption).strip()

    def quote(self, title: str, body: str) -> str:
        """A quotation, the one frame that every viewer draws, below a title (rendered already)."""
        self.quoted += 1
        parts = [f"**{title}**" if title else "", self.blocks(body).strip("\n")]
        self.quoted -= 1
        return "\n".join(
            f"> {line}".rstrip() for line in "\n\n".join(filter(None, parts)).split("\n")
        )

    def inline(self, piece: Piece) -> str:
        """A paragraph, or a row of a table."""
        return self.spans("\n".join(piece.lines))

    def heading(self, piece: Piece) -> str:
        """A heading."""
        self.level = piece.level
        slug = slugify(flat(piece.token.content))
        place = self.context.labels.get(f"{self.path}#{slug}")
        return self.anchored(place.anchor if place else "", self.inline(piece))

    def directive(self, piece: Piece) -> str:
        """A directive, with a mark to jump to if something does."""
        found = directive(piece)
        if found.name not in DIRECTIVES:
            remedy = f"use one of {', '.join(DIRECTIVES)}"
            raise self.error(found.line, f"unknown directive {found.name!r}", remedy)
        if not found.closed:
            remedy = "end it with a line of as many marks as it begins with"
            raise self.error(found.line, "it is not closed", remedy)
        text = DIRECTIVES[found.name](self, found)
        if not (text and found.label):
            return text
        return self.anchored(self.target(found.label, found.line).anchor, text)

    def formula(self, piece: Piece) -> str | None:
        """A displayed formula; it carries a number if it has a label or is an AMS environment."""
        token, line = piece.token, piece.lines[0]
        one_line = bool(self.quoted) or ">" in piece.prefix
        tex, number, anchor = self.tex(token.content, line), "", ""
        if piece.kind == "math_block":
            if tex == token.content and not one_line and not needs_rewriting(tex):
                return None
        elif token.meta.get("numbered") != "*":
            number = self.numbered("equation", line).number
            anchor = self.target(token.info, line).anchor if token.info else ""
        return self.anchored(anchor, display(tex, number, one_line=one_line))

    def label(self, piece: Piece) -> str:
        """``(label)=``."""
        return self.anchored(self.target(piece.token.content, piece.lines[0]).anchor, "")

    def footnote(self, piece: Piece) -> str:
        """The text of a footnote, which is kept for the end."""
        rest = [line.removeprefix(piece.continuation) for line in piece.lines[1:]]
        first = re.sub(r"^.*?\[\^[^\]]+\]:\s*", "", piece.lines[0])
        text = "\n".join([first, dedent("\n".join(rest))]).rstrip()
        self.definitions[piece.token.meta["label"]] = self.blocks(text)
        return ""

    def bare_colons(self, piece: Piece) -> str:
        """``:::`` without a name, which the site shows as code."""
        raise self.error(
            piece.lines[0], "colons that name no directive", "name one, as in :::{note}"
        )


def _nothing(page: Page, piece: Piece) -> str:
    return ""


_HANDLERS: dict[str, Callable[[Page, Piece], str | None]] = {
    "inline": Page.inline,
    "heading": Page.heading,
    "directive": Page.directive,
    "colon_fence": Page.bare_colons,
    "math_block": Page.formula,
    "math_block_label": Page.formula,
    "amsmath": Page.formula,
    "myst_target": Page.label,
    "footnote_reference_open": Page.footnote,
    "dl_open": definition_list,
    "myst_line_comment": _nothing,
    "myst_block_break": _nothing,
}
