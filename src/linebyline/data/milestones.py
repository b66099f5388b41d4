"""The milestones of neural networks: what was asked, what was found, and whose date is meant.

The table is the file ``milestones.toml`` beside this one. Every entry cites its reference by the
key that it has in the book's bibliography, and every size the reference of its number, or says that
the book counted it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

KINDS = ("neurons", "vision", "sequences", "generative", "acting", "critics")
DATED_BY = ("journal", "conference", "book", "thesis", "report", "preprint")
COUNTED = "counted"  # instead of a reference: by the book, from sizes in the milestone's own
DATE = re.compile(r"[12]\d{3}(-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Milestone:
    """One entry of the table.

    ``date`` is a year, or a year and a month where the month is known (``2014-06``), and
    ``dated_by`` says of what: of the first preprint if there was one, else of what was printed.

    Raises:
        ValueError: a field is empty or not of its form; the message names entry and field.
    """

    id: str
    date: str
    name: str
    kind: str  # one of KINDS
    problem: str
    idea: str  # two sentences
    dated_by: str  # one of DATED_BY
    reference: str  # a key of the bibliography
    short: str = ""  # the name that a figure has room for, if it is another
    venue: str = ""  # where a preprint was published in form, and when
    chapter: str = ""  # the stem of the chapter that builds it, written or not
    parameters: float | None = None
    parameters_from: str = ""  # the reference of this number, or COUNTED
    operations: float | None = None  # additions and multiplications of one training
    operations_from: str = ""

    def __post_init__(self) -> None:
        words = {
            "date": (DATE.fullmatch(self.date), "a year such as 1943, or 2014-06 with its month"),
            "kind": (self.kind in KINDS, f"one of {', '.join(KINDS)}"),
            "dated_by": (self.dated_by in DATED_BY, f"one of {', '.join(DATED_BY)}"),
            "idea": (_sentences(self.idea) == 2, "two sentences"),
            "problem": (_sentences(self.problem) == 1, "one sentence"),
        }
        for field, (fits, allowed) in words.items():
            if not fits:
                raise ValueError(
                    f"{self.id}: {field} is {getattr(self, field)!r}; it must be {allowed}"
                )
        for size in ("parameters", "operations"):
            number, source = getattr(self, size), getattr(self, f"{size}_from")
            if (number is None) != (not source) or (number is not None and number <= 0):
                raise ValueError(
                    f"{self.id}: {size} is {number} from {source!r}; give a positive number and "
                    "its reference, or neither"
                )

    @property
    def label(self) -> str:
        """Year and short name, for figures."""
        return f"{self.date[:4]}  {self.short or self.name}"

    @property
    def year(self) -> float:
        """The date on an axis: the middle of its month, or of its year."""
        year, _, month = self.date.partition("-")
        return int(year) + ((int(month) - 0.5) / 12 if month else 0.5)


class Winter(NamedTuple):
    """Years in which neural networks were out of favour, and who says so."""

    name: str
    first: int
    last: int
    reference: str


def read(text: str) -> tuple[tuple[Milestone, ...], tuple[Winter, ...]]:
    """The milestones and the winters of a table in TOML.

    Raises:
        ValueError: an entry lacks a field or has an unknown one, breaks the order of the dates, or
            has the id of another; the message names it.
    """
    table = tomllib.loads(text)
    milestones = [_entry(Milestone, entry) for entry in table.get("milestone", ())]
    for before, after in pairwise(milestones):
        if after.year < before.year:
            raise ValueError(f"{after.id}: date is {after.date}, before that of {before.id}")
    names = [milestone.id for milestone in milestones]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"id {name!r} stands {names.count(name)} times; it must be unique")
    winters = [_entry(Winter, entry) for entry in table.get("winter", ())]
    return tuple(milestones), tuple(winters)


def _sentences(text: str) -> int:
    """How many there are, or 0 if one has no end; the point in 15.3 is none."""
    found = re.split(r"(?<=[.?!])\s+", text)
    return len(found) if all(sentence.endswith((".", "?", "!")) for sentence in found) else 0


def _entry(kind: type[Any], entry: Mapping[str, Any]) -> Any:
    if kind is Winter:
        known, needed = set(Winter._fields), set(Winter._fields)
    else:
        known = {field.name for field in fields(kind)}
        needed = {field.name for field in fields(kind) if field.default is MISSING}
    name = entry.get("id") or entry.get("name") or "an entry without a name"
    if unknown := sorted(entry.keys() - known):
        raise ValueError(
            f"{name}: {unknown[0]} is no field; the fields are {', '.join(sorted(known))}"
        )
    if missing := sorted(needed - entry.keys()):
        raise ValueError(f"{name}: {missing[0]} is missing")
    return kind(**entry)


MILESTONES, WINTERS = read(Path(__file__).with_suffix(".toml").read_text("utf8"))
"""The table, in the order of the dates, and the two winters."""


def between(first: int, last: int) -> tuple[Milestone, ...]:
    """The milestones of the years from ``first`` to ``last``, both included.

    Raises:
        ValueError: there is none.
    """
    found = tuple(each for each in MILESTONES if first <= int(each.date[:4]) <= last)
    if not found:
        raise ValueError(f"first is {first} and last {last}: the table has no milestone there")
    return found
