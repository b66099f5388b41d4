"""The milestones of some years, ``{milestones} 1943-1969``, from the package's table.

Each entry names the chapter that builds it: by a link once ``_toc.yml`` has a page of that name,
and as a later chapter until then. The site shows a definition list; ``plain_directives.py`` writes
the same entries out for notebooks.
"""

from __future__ import annotations

import re
from pathlib import Path

from contents import toc_order
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from linebyline.data import milestones
from linebyline.data.milestones import COUNTED, Milestone, between

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
TABLE = Path(milestones.__file__).with_suffix(".toml")


def period(argument: str) -> tuple[int, int]:
    """First and last year of a directive's argument.

    Raises:
        ValueError: it is not of the form ``1943-1969``.
    """
    match = re.fullmatch(r"(\d{4})-(\d{4})", argument.strip())
    if not match:
        raise ValueError(f"{argument!r} is no period; write two years, as in 1943-1969")
    return int(match[1]), int(match[2])


def page(stem: str, toc: Path) -> str | None:
    """The page of ``_toc.yml`` that is the chapter of this name, without suffix, or None.

    Raises:
        ValueError: two chapters share the name.
    """
    listed = [Path(name).with_suffix("") for name in (toc_order(toc) if toc.exists() else ())]
    found = [path for path in listed if path.name == stem and path.parent.name != "api"]
    if len(found) > 1:
        raise ValueError(f"_toc.yml has {len(found)} chapters named {stem}: {found[0]}, {found[1]}")
    return found[0].as_posix() if found else None


def entries(argument: str, toc: Path) -> list[tuple[str, str]]:
    """Heading and text of each milestone of a period, as MyST.

    Raises:
        ValueError: the argument is no period, or the table has nothing there.
    """
    return [
        (f"[{_date(each)}]{{.date}} {each.name}", _text(each, toc))
        for each in between(*period(argument))
    ]


def _date(milestone: Milestone) -> str:
    year, _, month = milestone.date.partition("-")
    return f"{MONTHS[int(month) - 1]} {year}" if month else year


def _text(milestone: Milestone, toc: Path) -> str:
    dated = f"{{cite:t}}`{milestone.reference}`, dated by the {milestone.dated_by}"
    facts = [f"{dated}, before {milestone.venue}" if milestone.venue else dated]
    if milestone.parameters:
        facts.append(_cited(f"{_number(milestone.parameters)} parameters", milestone, "parameters"))
    if milestone.operations:
        power = f"{_power(milestone.operations)} operations to train"
        facts.append(_cited(power, milestone, "operations"))
    if milestone.chapter:
        built = page(milestone.chapter, toc)
        facts.append(f"built in {{doc}}`/{built}`" if built else "built in a later chapter")
    sentences = ". ".join(fact[0].upper() + fact[1:] for fact in facts)
    return f"*{milestone.problem}*\n\n{milestone.idea}\n\n{sentences}."


def _cited(words: str, milestone: Milestone, size: str) -> str:
    """A size with its publication if not the milestone's own, or as counted by the book."""
    source = getattr(milestone, f"{size}_from")
    if source == COUNTED:
        return f"{words}, counted here"
    return words if source == milestone.reference else f"{words} {{cite:p}}`{source}`"


def _number(count: float) -> str:
    """A number as it is read: 60,000, 340 million, 1.56 billion."""
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:,.0f}"


def _power(count: float) -> str:
    """A number as a power of ten: 4.7 · 10¹⁷, or 10¹⁹."""
    mantissa, exponent = f"{count:.2e}".split("e")
    digits = str(int(exponent)).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    factor = mantissa.rstrip("0").rstrip(".")
    return f"10{digits}" if factor == "1" else f"{factor} · 10{digits}"


class MilestonesDirective(SphinxDirective):
    """``{milestones} 1943-1969``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The entries as a definition list."""
        toc = Path(self.env.srcdir, "_toc.yml")
        for file in (toc, TABLE):
            self.env.note_dependency(str(file))
        try:
            found = entries(self.arguments[0], toc)
        except ValueError as error:
            raise self.error(str(error)) from None
        shown = nodes.definition_list(classes=["milestones"])
        for heading, text in found:
            words, messages = self.parse_inline(heading)
            item = nodes.definition_list_item("", nodes.term("", "", *words, *messages))
            item += nodes.definition("", *self.parse_text_to_nodes(text))
            shown += item
        return [shown]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("milestones", MilestonesDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
