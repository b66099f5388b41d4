"""Operations that move numbers without changing them: their pulls move the gradients back.

On rules see `elementwise`.
"""

import copy
from typing import Any

import numpy as np

from linebyline.autograd.broadcasting import Result
from linebyline.autograd.elementwise import Array, Unary


def reshape(a: Array, shape: tuple[int, ...]) -> Unary:
    """The same numbers in another shape; its pull gives the gradients the old one.

    Args:
        a: any array.
        shape: one entry may be -1, and is worked out.

    Raises:
        ValueError: the shape has room for more or fewer numbers.
    """
    try:
        y = a.reshape(shape)
    except ValueError:
        raise ValueError(
            f"shape {a.shape} has {a.size} numbers, which do not fill shape {shape}"
        ) from None
    return y, lambda g: g.reshape(a.shape)


def transpose(a: Array, axes: tuple[int, ...] = ()) -> Unary:
    """The axes in another order; its pull puts them back.

    Args:
        a: any array.
        axes: which axis of `a` stands first, second and so on; none turns the order round.

    Raises:
        ValueError: `axes` does not name every axis once.
    """
    order = [axis + a.ndim if axis < 0 else axis for axis in axes]
    if not axes:
        order = list(reversed(range(a.ndim)))
    if sorted(order) != list(range(a.ndim)):
        raise ValueError(f"axes must name each of the {a.ndim} axes once, not {axes}")
    back = [order.index(axis) for axis in range(a.ndim)]  # undoes the order
    return a.transpose(order), lambda g: g.transpose(back)


def index(a: Array, where: Any) -> Unary:
    """A part, y = a[where], for whatever NumPy takes there: numbers, slices, arrays, masks.

    A number of `a` has the sum of the gradients of all places that it was taken to, for an array
    of indices may name it several times; what was not taken has 0.
    """
    where = copy.deepcopy(where)  # the caller may fill an array of indices anew

    def pull(g: Result) -> Array:
        gradient = np.zeros(a.shape)
        np.add.at(gradient, where, g)  # gradient[where] += g would add only once
        return gradient

    return a[where], pull
