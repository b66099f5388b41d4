"""Broadcasting and its derivative: a number that was used many times collects from all uses."""

import numpy as np
from jaxtyping import Float

Shape = tuple[int, ...]
Result = Float[np.ndarray | np.float64, "..."]  # NumPy gives a float64 where there are no axes


def check_broadcast(operation: str, left: Shape, right: Shape) -> None:
    """Whether arrays of these two shapes can be combined number by number.

    Source: the NumPy manual, *Broadcasting*. Shapes are laid over each other from the last axis
    on; two sizes fit if they are equal or one of them is 1, and an axis that is missing fits any.

    Args:
        operation: what is about to be done, for the message.
        left: the shape of the left operand.
        right: the shape of the right operand.

    Raises:
        ValueError: the shapes do not fit; the message has both.
    """
    for m, n in zip(reversed(left), reversed(right), strict=False):
        if m != n and 1 not in (m, n):
            raise ValueError(
                f"shapes {left} and {right} do not broadcast for {operation}: from "
                f"the last axis on, sizes are equal or one is 1, but here {m} and {n}"
            )


def sum_to(gradient: Result, shape: Shape) -> Result:
    """The gradient of an operand of this shape, from that of all the copies made of it.

    Broadcasting copies: y_ij = a_j for every i. By the chain rule a copied number has the sum of
    its copies' gradients, ∂L/∂a_j = Σ_i ∂L/∂y_ij: summed over the axes that it was copied along.

    Args:
        gradient: of the shape that the operand was broadcast to.
        shape: the operand's own.

    Raises:
        ValueError: no operand of this shape is broadcast to that of the gradient.
    """
    if gradient.shape == shape:  # nothing was copied
        return gradient
    added = gradient.ndim - len(shape)
    padded = (1,) * added + shape  # broadcasting puts axes of length 1 in front
    sizes = zip(gradient.shape, padded, strict=False)
    if added < 0 or any(n not in (1, m) for m, n in sizes):
        raise ValueError(f"shape {shape} is not broadcast to {gradient.shape}")
    copied = tuple(axis for axis, n in enumerate(padded) if n == 1)
    return gradient.sum(axis=copied).reshape(shape)
