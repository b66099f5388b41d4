"""The text within a chapter's blocks: roles, links, formulas and footnote marks."""

from __future__ import annotations

import re
from collections.abc import Callable

from bibliography import Reference
from docutils.nodes import make_id
from labels import Target
from myst import ATTRIBUTE_LINE, SPAN
from plain_context import Context
from plain_math import expand
from plain_places import Places
from plain_roles import ROLES, Role


class Spans(Places):
    """Renders text with its line breaks; code is copied to the letter.

    Args:
        context: what the chapter may refer to.
        before: the same chapter, rendered once already: tells what it links to, cites and notes.
    """

    def __init__(self, context: Context, before: Spans | None = None) -> None:
        super().__init__(context, before.linked if before else ())
        self.before = before
        self.cited: dict[str, Reference] = {}
        self.notes: dict[str, str] = {}  # footnotes' numbers by label, in the order of their marks
        self.quoted = 0  # how many quotations deep

    def spans(self, text: str) -> str:
        """The text of one block."""
        text = ATTRIBUTE_LINE.sub("", text)

        def one(match: re.Match[str]) -> str:
            line = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
            handle = _HANDLERS.get(match.lastgroup or "")
            return handle(self, match, line) if handle else match[0]

        return SPAN.sub(one, text)

    def tex(self, source: str, line: str) -> str:
        """A formula with the book's commands written out, and without a quotation's marks in it."""
        source = re.sub(r"\n[ \t]*>[ \t>]*", " ", source)
        try:
            return expand(source.replace("\n", " ") if self.quoted else source, self.context.macros)
        except ValueError as error:
            raise self.error(line, str(error), "mend the formula") from None

    def role(self, match: re.Match[str], line: str) -> str:
        """A role."""
        role = Role(match["name"], match["content"].replace("\n", " "), line)
        if role.name not in ROLES:
            remedy = f"use one of {', '.join(ROLES)}"
            raise self.error(line, f"unknown role {role.name!r}", remedy)
        return ROLES[role.name](self, role)

    def math(self, match: re.Match[str], line: str) -> str:
        """A formula in a line."""
        return f"{match['dollars']}{self.tex(match['tex'], line)}{match['dollars']}"

    def image(self, match: re.Match[str], line: str) -> str:
        """A picture."""
        source = self.file(match["source"], line, "raw")
        return f"![{match['alt']}]({source}{match['image_title'] or ''})"

    def link_without_text(self, match: re.Match[str], line: str) -> str:
        """``[](#label)``, which shows the title of what it leads to."""
        place = self.place(match["empty_address"], line)
        if isinstance(place, str) or not place.words:
            raise self.error(line, "a link without a text", "write one between the brackets")
        return self.link(self.spans(place.words), place)

    def link_end(self, match: re.Match[str], line: str) -> str:
        """The end of ``[text](address)``."""
        place = self.place(match["address"], line)
        to = self.href(place) if isinstance(place, Target) else place
        return f"]({f'<{to}>' if ' ' in to else to}{match['link_title'] or ''})"

    def note(self, match: re.Match[str], line: str) -> str:
        """The mark of a footnote, numbered as docutils does it: numerals keep their number."""
        label = match["note"]
        if label not in self.notes:
            taken = {*(self.before or self).notes, *self.notes.values()}
            free = next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)
            self.notes[label] = label if label.isdigit() else free
        return f"<sup>[{self.notes[label]}](#{note_anchor(label)})</sup>"

    def html(self, match: re.Match[str], line: str) -> str:
        """A tag, or an address in angle brackets."""
        if ":" in match[0].partition(" ")[0]:
            self.place(match[0], line)
        return match[0]

    def refuse(self, match: re.Match[str], line: str) -> str:
        """What is no plain Markdown, nor any MyST that the site would understand."""
        if match.lastgroup == "unopened":
            remedy = "fence it with colons: behind backticks, a title may have none"
            raise self.error(line, f"{match[0]} opens no directive", remedy)
        if match.lastgroup == "unclosed":
            remedy = "close it with as many backticks, in the same paragraph"
            raise self.error(line, f"the role {match[0]} has no end", remedy)
        raise self.error(line, f"{match[0]} is a substitution", "write the text, or glue it")


def note_anchor(label: str) -> str:
    """The anchor of a footnote."""
    return make_id(f"footnote-{label}")


_HANDLERS: dict[str, Callable[[Spans, re.Match[str], str], str]] = {
    "role": Spans.role,
    "unopened": Spans.refuse,
    "unclosed": Spans.refuse,
    "substitution": Spans.refuse,
    "code": lambda page, match, line: match["verbatim"],
    "math": Spans.math,
    "html": Spans.html,
    "image": Spans.image,
    "footnote": Spans.note,
    "empty": Spans.link_without_text,
    "spanned": lambda page, match, line: page.spans(match["inner"]),
    "link": Spans.link_end,
}
