"""What matplotlib needs of a tensor: a NumPy array on the host, of a known shape, without its gradient.

Every function of this group takes tensors from any device, arrays, or plain lists. They enter here, and a wrong shape
is met here, at the door, under the name that the caller gave to the argument.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

Array = Tensor | np.ndarray
"""What a shape may be annotated on: ``Shaped[Array, "points 2"]``."""


def to_numpy(values: Array | Sequence[Any], name: str, shape: Sequence[str | int]) -> np.ndarray:
    """A NumPy array with the numbers of `values`, after its shape is checked.

    Args:
        values: a tensor (any device, with or without gradient), an array, or nested lists.
        name: what the caller calls it; errors begin with it.
        shape: one entry an axis: a number that the axis must have, or a word for an axis of any length but zero.

    Returns:
        Floating-point input becomes float64, so that nothing is rounded before it is drawn; whole numbers and bools keep
        their type, because a class is not a score.

    Raises:
        TypeError: `values` holds something other than real numbers.
        ValueError: the shape is not `shape`, or an axis is empty.
    """
    array = _to_array(values, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, but its type is {array.dtype}")
    wanted = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    if array.ndim != len(shape):
        raise ValueError(f"{name} must have shape {wanted}, but has shape {array.shape}")
    for length, entry in zip(array.shape, shape, strict=True):
        if isinstance(entry, int) and length != entry:
            raise ValueError(f"{name} must have shape {wanted}, but has shape {array.shape}")
        if length == 0:
            raise ValueError(f"{name} is empty: it has shape {array.shape}, where {wanted} is asked for")
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _to_array(values: Array | Sequence[Any], name: str) -> np.ndarray:
    if isinstance(values, Sequence) and any(isinstance(value, Tensor) for value in values):
        # A list that a loop filled with losses: NumPy would stumble over the gradients and over the device.
        values = torch.stack([torch.as_tensor(value).detach().cpu() for value in values])
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        # NumPy knows no bfloat16 and no float8; double holds every float that torch has.
        values = values.double() if values.is_floating_point() else values
        return values.numpy()
    try:
        return np.asarray(values)
    except ValueError as error:  # NumPy's word for it is "inhomogeneous"
        raise ValueError(f"{name} must be a full array: its rows differ in length") from error
