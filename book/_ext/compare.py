"""How a cell's fresh output is compared with the stored one: decimals within a tolerance, all other
text to the letter.

nbval compares texts with ``==``. `Tolerant` is a ``str`` whose ``==`` is this comparison, so nbval
needs no other change.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

RTOL, ATOL = 1e-3, 1e-6
WIDEST = {
    "rtol": 0.1,
    "atol": 0.03,
}  # how far a cell that trains may widen them, by a tag such as rtol-0.05
SETUP_TAG = "nbval-skip"  # allowed on the generated set-up cell alone

# A decimal has a point or an exponent; an integer is text and must agree to the letter. Spaces
# before a number belong to it, because arrays are padded by the width of their longest member, sign
# included.
DECIMAL = re.compile(
    r"[ \t]*(?<![\w.])[-+]?(?:\d+\.\d+(?:[eE][-+]?\d+)?|\d+\.?[eE][-+]?\d+|inf\b|nan\b)"
)
MASKS = [
    (re.compile(r"⏱ [\d.]+ s"), "⏱ N s"),
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0xADDRESS"),
    (re.compile(r"/tmp/ipykernel_\d+/\d+\.py"), "/tmp/ipykernel"),
]


@dataclass(frozen=True)
class Tolerance:
    """Two decimals agree when |a - b| <= max(rtol * max(|a|, |b|), atol)."""

    rtol: float = RTOL
    atol: float = ATOL

    @classmethod
    def from_tags(cls, tags: Iterable[str]) -> Tolerance:
        """Read ``rtol-x`` and ``atol-x`` tags; raise ValueError for a width that the book does not
        allow, or a forbidden tag.
        """
        widths = {}
        for tag in tags:
            kind, _, width = tag.partition("-")
            if kind == "nbval":
                raise ValueError(
                    f"tag {tag!r} is not allowed: every cell is run and its output compared"
                )
            if kind in WIDEST:
                if not re.fullmatch(r"0?\.\d+", width) or not 0 < float(width) <= WIDEST[kind]:
                    raise ValueError(
                        f"tag {tag!r} must be {kind}-x with 0 < x <= {WIDEST[kind]}; "
                        "round the result or make it a claim"
                    )
                widths[kind] = float(width)
        return cls(**widths)

    def agree(self, left: str, right: str) -> bool:
        """Whether two texts say the same within the tolerance."""
        left, right = mask(left), mask(right)
        if left == right:
            return True
        if DECIMAL.split(left) != DECIMAL.split(right):
            return False
        pairs = zip(DECIMAL.findall(left), DECIMAL.findall(right), strict=True)
        return all(self._close(float(a), float(b)) for a, b in pairs)

    def _close(self, a: float, b: float) -> bool:
        return (math.isnan(a) and math.isnan(b)) or math.isclose(
            a, b, rel_tol=self.rtol, abs_tol=self.atol
        )


class Tolerant(str):
    """A text that equals another one within a tolerance."""

    tolerance: Tolerance

    def __new__(cls, text: str, tolerance: Tolerance) -> Tolerant:
        """Attach the tolerance to the text."""
        self = super().__new__(cls, text)
        self.tolerance = tolerance
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.tolerance.agree(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def mask(text: str) -> str:
    """Replace what differs from run to run and means nothing: durations, addresses."""
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


def tolerant(output: object, tolerance: Tolerance) -> object:
    """An output as nbval should compare it: text directly, JSON by its text in a fixed order."""
    if isinstance(output, dict | list):
        output = json.dumps(output, sort_keys=True, indent=1, ensure_ascii=False)
    return Tolerant(output, tolerance) if isinstance(output, str) else output
