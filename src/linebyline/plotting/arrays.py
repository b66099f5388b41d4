"""What matplotlib needs of a tensor: a NumPy array on the host, of a known shape, no gradient.

Every function of this group takes tensors from any device, arrays, or plain lists. They enter here,
and a wrong shape is met here, at the door, under the name that the caller gave to the argument.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

Array = Tensor | np.ndarray
"""What a shape may be annotated on: ``Shaped[Array, "points 2"]``."""


def to_numpy(
    values: Array | Sequence[Any] | float, name: str, *shapes: tuple[str | int, ...]
) -> np.ndarray:
    """A NumPy array with the numbers of `values`, after its shape is checked.

    Args:
        values: a tensor (any device, with or without gradient), an array, nested lists, a number.
        name: what the caller calls it; errors begin with it.
        shapes: what its shape may be, one entry an axis: the number that the axis must have, or a
            word for any number but zero.

    Returns:
        Floating-point input becomes float64, so that nothing is rounded before it is drawn; whole
        numbers and bools keep their type, because a class is not a score.

    Raises:
        TypeError: `values` holds something other than real numbers.
        ValueError: the shape is none of `shapes`, or an axis is empty.
    """
    array = _to_array(values, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, but its type is {array.dtype}")
    wanted = " or ".join(f"({', '.join(map(str, shape))})" for shape in shapes)
    if not any(_fits(array.shape, shape) for shape in shapes):
        raise ValueError(f"{name} must have shape {wanted}, but has shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty: its shape is {array.shape}, and should be {wanted}")
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _fits(actual: tuple[int, ...], shape: tuple[str | int, ...]) -> bool:
    return len(actual) == len(shape) and all(
        isinstance(entry, str) or length == entry
        for length, entry in zip(actual, shape, strict=True)
    )


def _to_array(values: Array | Sequence[Any] | float, name: str) -> np.ndarray:
    if isinstance(values, Sequence) and any(isinstance(value, Tensor) for value in values):
        # A list that a loop filled with losses: NumPy would stumble over gradients and devices.
        values = torch.stack([torch.as_tensor(value).detach().cpu() for value in values])
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        # NumPy knows no bfloat16 and no float8; double holds every float that torch has.
        return (values.double() if values.is_floating_point() else values).numpy()
    try:
        return np.asarray(values)
    except ValueError as error:  # NumPy's word for it is "inhomogeneous"
        raise ValueError(f"{name} must be a full array: its rows differ in length") from error
