"""The gates against Python's own operators."""

from __future__ import annotations

import operator

import pytest
import torch

from linebyline.data.gates import TRUTH_TABLES, gate

OPERATORS = {
    "and": operator.and_,
    "or": operator.or_,
    "nand": lambda a, b: not (a and b),
    "nor": lambda a, b: not (a or b),
    "xor": operator.xor,
    "xnor": operator.eq,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_equals_the_operator(name):
    inputs, targets = gate(name)
    assert inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert targets.tolist() == [int(OPERATORS[name](bool(a), bool(b))) for a, b in inputs.tolist()]
    assert (inputs.dtype, targets.dtype) == (torch.float32, torch.int64)


def test_every_gate_is_tested():
    assert TRUTH_TABLES.keys() == OPERATORS.keys()


def test_values_change_the_inputs_only():
    inputs, targets = gate("and", values=(-1, 1.5))
    assert inputs.tolist() == [[-1, -1], [-1, 1.5], [1.5, -1], [1.5, 1.5]]
    assert inputs.dtype == torch.float32
    assert targets.tolist() == [0, 0, 0, 1]


def test_refuses():
    with pytest.raises(
        ValueError, match="name is 'not'; it must be one of and, or, nand, nor, xor, xnor"
    ):
        gate("not")
    with pytest.raises(ValueError, match=r"values is \(1, 1.0\)"):
        gate("and", values=(1, 1.0))
