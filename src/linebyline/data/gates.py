"""Truth tables of the two-input logic gates: the smallest classification problems there are."""

from __future__ import annotations

import torch

from linebyline.data.examples import Examples

# Outputs for the inputs (false, false), (false, true), (true, false), (true, true).
TRUTH_TABLES = {
    "and": (0, 0, 0, 1),
    "or": (0, 1, 1, 1),
    "nand": (1, 1, 1, 0),
    "nor": (1, 0, 0, 0),
    "xor": (0, 1, 1, 0),
    "xnor": (1, 0, 0, 1),
}


def gate(name: str, *, values: tuple[int | float, int | float] = (0, 1)) -> Examples:
    """The truth table of a gate: what McCulloch and Pitts (1943) showed threshold units to compute.

    Args:
        name: ``"and"``, ``"or"``, ``"nand"``, ``"nor"``, ``"xor"`` or ``"xnor"``.
        values: the numbers that stand for false and true **in the inputs**, such as ``(-1, 1)``.

    Returns:
        Inputs (4, 2), float32, in the order of counting in binary; targets (4,), int64, always 0
        for false and 1 for true.

    Raises:
        ValueError: there is no gate of this name, or the two values are the same number.
    """
    if name not in TRUTH_TABLES:
        raise ValueError(f"name is {name!r}; it must be one of {', '.join(TRUTH_TABLES)}")
    false, true = values
    if false == true:
        raise ValueError(f"values is {values}; false and true must be two different numbers")
    inputs = [(first, second) for first in (false, true) for second in (false, true)]
    return Examples(torch.tensor(inputs, dtype=torch.float32), torch.tensor(TRUTH_TABLES[name]))
