"""Shapes in signatures are legible."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import signatures


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("(x: Float[Tensor, ' features'])", '(x: Float[Tensor, "features"])'),
        (
            "(x: ~jaxtyping.Int[Tensor, '*batch n'], y: int = 3)",
            '(x: Int[Tensor, "*batch n"], y: int = 3)',
        ),
        ("Float[Tensor | ndarray, '']", 'Float[Tensor | ndarray, ""]'),
        ("(name: str = ' a ')", "(name: str = ' a ')"),
        (None, None),
    ],
)
def test_legible(written: str | None, shown: str | None) -> None:
    assert signatures.legible(written) == shown


class Pair(NamedTuple):
    """Two things."""

    first: int
    second: int


def test_fields_of_named_tuples_are_left_out() -> None:
    nothing: Any = None
    assert signatures.skip(nothing, "class", "first", Pair.first, False, nothing)
    assert signatures.skip(nothing, "class", "pair", Pair, False, nothing) is None
