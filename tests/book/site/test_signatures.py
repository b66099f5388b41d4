"""Shapes in signatures are legible."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import signatures
from sphinx.ext.napoleon import GoogleDocstring
from torch import nn


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


@pytest.mark.parametrize("what", ["data", "attribute", "property"])
def test_a_values_docstring_is_prose_to_its_first_line(what: str) -> None:
    """Napoleon would make "Text" the type, and the rest its description."""
    lines = ["Text: the one grey, 4:1.", "More: of it."]
    signatures.hide(None, what, "m.INK", None, None, lines)
    written = str(GoogleDocstring(lines, what=what, name="INK")).splitlines()
    signatures.show(None, what, "m.INK", None, None, written)
    assert written[:2] == ["Text: the one grey, 4:1.", "More: of it."]
    assert not any(":type:" in line for line in written)


def test_a_functions_sections_are_read_as_before() -> None:
    lines = ["Does: it."]
    signatures.hide(None, "function", "m.f", None, None, lines)
    assert lines == ["Does: it."]


def test_a_module_without_a_constructor_takes_nothing() -> None:
    nothing: Any = None
    anything = "(*args: Any, **kwargs: Any)"
    for module, shown in ((nn.ReLU, anything), (nn.Identity, anything), (nn.Tanh, "()")):
        written = signatures.rewrite(nothing, "class", "m", module, nothing, anything, None)
        assert written == (shown, None)
