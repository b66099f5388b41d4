"""Sums, means and maxima over axes, each beside its derivative.

On rules see `elementwise`. The names are NumPy's; the builtin `sum` and `max` are not used here.
"""

import numpy as np

from linebyline.autograd.broadcasting import Result
from linebyline.autograd.elementwise import Array, Unary

Axis = int | tuple[int, ...] | None
"""Which axes are reduced: one, several, or all (None)."""


def sum(a: Array, axis: Axis = None, keepdims: bool = False) -> Unary:
    """The sum, y = Σ_i a_i: ∂y/∂a_i = 1, so each number has the gradient of the sum."""
    y = np.sum(a, axis=axis, keepdims=True)
    return _drop(y, axis, keepdims), lambda g: _spread(g, y, a)


def mean(a: Array, axis: Axis = None, keepdims: bool = False) -> Unary:
    """The mean of n numbers, y = 1/n Σ_i a_i: ∂y/∂a_i = 1/n.

    Raises:
        ValueError: there is nothing to take the mean of.
    """
    _refuse_empty("mean", a)
    y = np.mean(a, axis=axis, keepdims=True)
    n = a.size / y.size
    return _drop(y, axis, keepdims), lambda g: _spread(g / n, y, a)


def max(a: Array, axis: Axis = None, keepdims: bool = False) -> Unary:
    """The maximum, y = max_i a_i: ∂y/∂a_i = 1 for the largest number, 0 for all others.

    Where several are largest there is no derivative; they share the gradient equally, as in
    `torch.amax`.

    Raises:
        ValueError: there is nothing to take the maximum of.
    """
    _refuse_empty("max", a)
    y = np.max(a, axis=axis, keepdims=True)
    largest = a == y
    share = largest / np.sum(largest, axis=axis, keepdims=True)
    return _drop(y, axis, keepdims), lambda g: share * _spread(g, y, a)


def _drop(y: Result, axis: Axis, keepdims: bool) -> Result:
    """Leave out the reduced axes, which have the length 1."""
    return y if keepdims else np.squeeze(y, axis)


def _spread(g: Result, y: Result, a: Array) -> Array:
    """Put them back into the gradient of y, and give all numbers of a the same."""
    return np.broadcast_to(g.reshape(y.shape), a.shape)


def _refuse_empty(operation: str, a: Array) -> None:
    if a.size == 0:
        raise ValueError(f"{operation} needs numbers, but the shape is {a.shape}")
