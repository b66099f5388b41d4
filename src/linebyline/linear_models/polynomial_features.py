"""Polynomial features: new columns that are products of the old ones."""

from __future__ import annotations

from itertools import chain, combinations_with_replacement

import torch
from jaxtyping import Float
from torch import Tensor


def polynomial_columns(
    x: Float[Tensor, "examples features"], degree: int
) -> Float[Tensor, "examples columns"]:
    """All products of one to ``degree`` inputs, those of one first: x₁, x₂, x₁², x₁x₂, x₂², ...

    Source: Gergonne 1815, *Application de la méthode des moindres quarrés à l'interpolation des
    suites*, for powers of one input. A model that is linear in these columns is a polynomial in
    the inputs. There is no column of ones; the model's bias stands for it.

    Args:
        x: inputs, one example a row: (examples, features).
        degree: the most inputs in one product, at least 1.

    Returns:
        (examples, columns); from d inputs come (d + degree)! / (d! degree!) - 1 columns.

    Raises:
        ValueError: ``degree`` is below 1, or x is no table.
    """
    if x.ndim != 2 or x.shape[1] == 0:
        raise ValueError(f"x must be (examples, features), not {tuple(x.shape)}; x[:, None] may do")
    if degree < 1:
        raise ValueError(f"degree is {degree}; it must be at least 1")
    inputs = range(x.shape[1])
    products = chain.from_iterable(
        combinations_with_replacement(inputs, size) for size in range(1, degree + 1)
    )
    return torch.stack([x[:, list(chosen)].prod(dim=1) for chosen in products], dim=1)
