"""A claim sets what a paper says beside what was measured, and fails when the verdict is not the
expected one.

The condition is a *string* over the measured names (``"mistakes <= bound"``), not a finished truth
value, so that a page can show what was asked, a test can see that something was asked, and the
margin by which it holds can be computed.
"""

from __future__ import annotations

import ast
import html
import json
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from IPython.display import display
from torch import Tensor

MIME = "application/vnd.linebyline.claim+json"
GLUE_PREFIX = (
    "application/papermill.record/"  # where myst-nb looks for the values that prose quotes
)

_ARITHMETIC = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {"min": min, "max": max, "abs": abs}
_COMPARISONS = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}


class ClaimError(AssertionError):
    """The verdict of a claim is not the expected one."""


@dataclass(frozen=True)
class Claim:
    """A checked claim, as it is stored in a notebook."""

    id: str
    source: str
    statement: str
    setup: str
    measured: dict[str, float]
    holds: str
    verdict: bool
    expected: bool

    @property
    def margin(self) -> float:
        """Smallest slack of its comparisons: the difference over the greater magnitude.

        0.1 says that a figure could move by a tenth before the verdict turns. It is negative when
        the condition fails and infinite for an equality that holds. It is derived, not stored: a
        difference of close figures is noisier than they are.
        """
        return _judge(self.holds, self.measured)[1]

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one that the chapter announces."""
        return self.verdict == self.expected

    @property
    def verdict_text(self) -> str:
        """The verdict in words."""
        return "holds" if self.verdict else "does not hold at this scale"


def claim(
    id: str,
    *,
    source: str,
    statement: str,
    setup: str,
    measured: Mapping[str, float | Tensor],
    holds: str,
    expected: bool = True,
) -> None:
    """Check a claim against what was measured, show it as a table, and store it for *What
    reproduces*.

    Args:
        id: short name, unique in the book; measured values are published to the prose as
        ``id.name``.
        source: whose claim it is, with year and place ("Novikoff 1962, theorem").
        statement: what the source says, in one sentence.
        setup: what was run here: data, model, how many runs.
        measured: names and numbers; everything that ``holds`` mentions, and what the reader
        should see besides.
        holds: comparisons over the names of ``measured``, joined by ``and``: ``"0 < mistakes <=
            bound"``. Arithmetic, ``min``, ``max`` and ``abs`` are allowed.
        expected: ``False`` announces an honest "does not hold at this scale".

    Raises:
        ValueError: ``holds`` compares nothing that was measured, or uses what is not allowed; a
        measured value is not a number.
        ClaimError: the verdict is not ``expected``.
    """
    numbers = {name: _number(name, value) for name, value in measured.items()}
    verdict, _ = _judge(holds, numbers)
    result = Claim(id, source, statement, setup, numbers, holds, verdict, expected)
    plain, page = _as_text(result), _as_html(result)
    display(
        {MIME: json.loads(json.dumps(asdict(result))), "text/html": page, "text/plain": plain},
        raw=True,
    )
    for name, number in numbers.items():
        publish(f"{id}.{name}", number)
    if not result.as_expected:
        raise ClaimError(
            f"claim {id!r}: expected {expected}, but {holds!r} is {verdict} for {numbers}"
        )


def publish(name: str, value: float | str) -> None:
    """Give a value to the chapter's prose, which shows it by ``{glue:text}`name``` (shows nothing
    by itself).
    """
    data = {GLUE_PREFIX + "text/plain": repr(value)}
    display(data, raw=True, metadata={"scrapbook": {"name": name, "mime_prefix": GLUE_PREFIX}})


def _number(name: str, value: float | Tensor) -> float | int:
    number: object = value
    if isinstance(value, np.generic) or (isinstance(value, Tensor) and value.numel() == 1):
        number = value.item()
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(
            f"measured[{name!r}] is {value!r}, but a claim measures numbers; "
            "take .item() or float() of it"
        )
    if not math.isfinite(number):
        raise ValueError(f"measured[{name!r}] is {number}: what was to be measured has failed")
    return number


def _judge(holds: str, measured: Mapping[str, float]) -> tuple[bool, float]:
    """Truth of the condition, and its smallest margin."""
    try:
        tree = ast.parse(holds, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"holds={holds!r} is no expression: {error.msg}") from None
    parts = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    verdicts, margins = [], []
    for part in parts:
        if not isinstance(part, ast.Compare):
            raise ValueError(
                f"holds={holds!r} must be comparisons joined by 'and', such as 'mistakes <= bound'"
            )
        if not any(isinstance(node, ast.Name) and node.id in measured for node in ast.walk(part)):
            raise ValueError(
                f"holds={holds!r} has a comparison that mentions nothing measured; "
                f"measured are {sorted(measured)}"
            )
        values = [_value(side, measured, holds) for side in (part.left, *part.comparators)]
        for sign, left, right in zip(part.ops, values, values[1:], strict=False):
            if type(sign) not in _COMPARISONS:
                raise ValueError(
                    f"holds={holds!r} may compare with <, <=, >, >= and ==, not with "
                    f"{type(sign).__name__}"
                )
            verdicts.append(bool(_COMPARISONS[type(sign)](left, right)))
            margins.append(_margin(sign, left, right))
    return all(verdicts), min(margins)


def _margin(sign: ast.cmpop, left: float, right: float) -> float:
    if isinstance(sign, ast.Eq):
        return math.inf if left == right else -math.inf
    if isinstance(sign, ast.Gt | ast.GtE):
        left, right = right, left
    return (right - left) / (max(abs(left), abs(right)) or 1.0)


def _value(node: ast.expr, measured: Mapping[str, float], holds: str) -> float:
    """Arithmetic over measured names; anything else is refused."""
    match node:
        case ast.Constant(value=int() | float()):
            return node.value  # type: ignore[return-value]
        case ast.Name(id=name) if name in measured:
            return measured[name]
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, measured, holds)
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            return _ARITHMETIC[type(node.op)](
                _value(node.left, measured, holds), _value(node.right, measured, holds)
            )
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_value(argument, measured, holds) for argument in node.args))
    raise ValueError(
        f"holds={holds!r}: {ast.unparse(node)!r} is neither a number, nor measured "
        f"({sorted(measured)}), nor arithmetic"
    )


def _shown(number: float) -> str:
    """Four digits; a decimal stays one even if it is whole, so that it is compared as one."""
    text = str(number) if isinstance(number, int) else f"{number:.4g}"
    return text if isinstance(number, int) or set(text) & set(".e") else f"{text}.0"


def _rows(result: Claim) -> list[tuple[str, str]]:
    measured = ", ".join(f"{k} = {_shown(v)}" for k, v in result.measured.items()).replace("_", " ")
    expected = "" if result.expected else " (as announced)"
    return [
        ("Source", result.source),
        ("It says", result.statement),
        ("We ran", result.setup),
        ("We measured", measured),
        ("Asked", result.holds),
        ("Verdict", result.verdict_text + expected),
    ]


def _as_text(result: Claim) -> str:
    # Figures stand in the JSON, where a comparison has its tolerance; a rounded figure could flip a
    # digit between machines.
    return f"Claim {result.id}: {result.holds}: {result.verdict_text}"


def _as_html(result: Claim) -> str:
    kind = "holds" if result.verdict else "fails"
    rows = "".join(
        f'<tr class="{head.split()[-1].lower()}"><th scope="row">{head}</th>'
        f"<td>{html.escape(text)}</td></tr>"
        for head, text in _rows(result)
    )
    return (
        f'<table class="claim claim-{kind}"><caption>Claim <code>{html.escape(result.id)}</code>'
        f"</caption><tbody>{rows}</tbody></table>"
    )
