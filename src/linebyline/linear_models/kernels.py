"""Kernels: the dot product of two inputs after a map, computed without the map."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Kernel = Callable[[Tensor, Tensor], Tensor]
"""Takes inputs (rows, features) and (columns, features), gives their kernel (rows, columns)."""


def linear(
    x: Float[Tensor, "rows features"], z: Float[Tensor, "columns features"]
) -> Float[Tensor, "rows columns"]:
    """The dot product itself, ``x · z``: the map changes nothing.

    Raises:
        ValueError: the inputs are not two matrices of equally many features.
    """
    _check(x, z)
    return x @ z.T


def polynomial(degree: int = 2, *, offset: int | float = 1.0) -> Kernel:
    """The kernel ``(x · z + offset)^degree``: all products of up to ``degree`` features.

    Source: Boser, Guyon and Vapnik (1992), section 2.1, who have the offset 1.

    Args:
        degree: how many features a product may have, at least 1.
        offset: what is added, at least 0; with 0 only the products of exactly ``degree`` remain.

    Raises:
        ValueError: ``degree`` is below 1, or ``offset`` is negative (the kernel would then be no
            dot product of anything).
    """
    if degree < 1:
        raise ValueError(f"degree is {degree}; it must be at least 1")
    if not 0 <= offset < float("inf"):
        raise ValueError(f"offset is {offset}; it must be finite and at least 0")

    def kernel(
        x: Float[Tensor, "rows features"], z: Float[Tensor, "columns features"]
    ) -> Float[Tensor, "rows columns"]:
        return (linear(x, z) + offset) ** degree

    return kernel


def rbf(width: int | float = 1.0) -> Kernel:
    """The Gaussian kernel ``exp(-‖x - z‖² / (2 width²))``: near inputs are alike, far ones are not.

    Source: Boser, Guyon and Vapnik (1992), section 2.1. scikit-learn's ``gamma`` is
    ``1 / (2 width²)``. The distance is taken from differences, not from products, so that the
    kernel of an input with itself is exactly 1.

    Args:
        width: the distance over which it falls to 0.61, in the unit of the inputs.

    Raises:
        ValueError: ``width`` is not positive.
    """
    if not 0 < width < float("inf"):
        raise ValueError(f"width is {width}; it must be positive and finite")

    def kernel(
        x: Float[Tensor, "rows features"], z: Float[Tensor, "columns features"]
    ) -> Float[Tensor, "rows columns"]:
        _check(x, z)
        far = torch.cdist(x, z, compute_mode="donot_use_mm_for_euclid_dist")
        return torch.exp(-(far**2) / (2 * width**2))

    return kernel


def quadratic_features(
    x: Float[Tensor, "rows features"],
) -> Float[Tensor, "rows quadratic_features"]:
    """The map behind ``polynomial(2)``, written out: their dot product is ``(x · z + 1)²``.

    The features are 1; the old ones times √2; their squares; the products of two times √2:
    (d + 1)(d + 2) / 2 of them for d old ones.

    Raises:
        ValueError: ``x`` is not a matrix of inputs by features.
    """
    _check(x, x)
    i, j = torch.triu_indices(x.shape[1], x.shape[1], offset=1, device=x.device)
    pairs = x[:, i] * x[:, j]
    return torch.cat([torch.ones_like(x[:, :1]), 2**0.5 * x, x**2, 2**0.5 * pairs], dim=1)


def _check(x: Tensor, z: Tensor) -> None:
    if x.ndim != 2 or z.ndim != 2 or x.shape[1] != z.shape[1]:
        raise ValueError(
            f"x and z must be matrices of equally many features; they are {tuple(x.shape)} "
            f"and {tuple(z.shape)}"
        )
