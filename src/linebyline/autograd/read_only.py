"""Arrays that cannot be written into, so that what was computed from them stays true."""

from typing import Any

import numpy as np
from jaxtyping import Float


def read_only(data: Any) -> Float[np.ndarray, "..."]:
    """A copy in float64 that NumPy refuses to write into.

    A backward pass calls for arrays of the forward pass: the gradient of a in a · b is g · b, so b
    must still be what it was. PyTorch counts the writes into each array and complains when it
    finds that one has changed (*Autograd mechanics*, "In-place correctness checks"). Here no
    array of a graph can be written into at all, unless someone lifts the flag by hand, and because
    it is a copy nobody holds it under another name.

    Args:
        data: an array of real numbers, nested lists, or a number.

    Raises:
        TypeError: it holds something else.
        ValueError: it is no full array: its rows differ in length.
    """
    try:
        array = np.asarray(data)
    except ValueError:  # NumPy's word for it is "inhomogeneous"
        raise ValueError("data must be a full array, its rows of one length") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"tensors and constants are real numbers, not {type(data).__name__} "
            f"with entries of type {array.dtype}"
        )
    array = array.astype(np.float64)  # always a copy
    array.flags.writeable = False
    return array
