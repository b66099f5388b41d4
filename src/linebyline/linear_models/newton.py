"""Newton's method for smooth convex functions: each step goes to the bottom of the parabola that
touches the function where it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Touch(NamedTuple):
    """A function's value, gradient and Hessian at one point: what its parabola is made of."""

    value: Float[Tensor, ""]
    gradient: Float[Tensor, " weights"]
    hessian: Float[Tensor, "weights weights"]


def newton_path(
    touch: Callable[[Float[Tensor, " weights"]], Touch],
    start: Float[Tensor, " weights"],
    *,
    moved: Callable[[Float[Tensor, " weights"]], Float[Tensor, ""]],
    max_steps: int,
) -> tuple[Float[Tensor, "steps weights"], bool]:
    """The points that Newton's method visits, and whether it arrived.

    Source: Boyd & Vandenberghe 2004, *Convex Optimization*, algorithm 9.5, with its backtracking
    (alpha = 0.1, beta = 0.5), so that a parabola that fits badly far from the bottom does no harm.
    Deviation: it stops when `moved(step)`, by how much a step changes what the caller looks at, is
    below the root of the type's precision. Near the bottom the number of right digits doubles with
    each step, so a step that is right to half of all digits leaves nothing to do.

    Args:
        touch: the value, gradient and Hessian at a point; the Hessian positive definite.
        start: where to begin; all is computed on its device and in its type.
        moved: the size of a step, in whatever unit the caller cares about.
        max_steps: after how many steps to give up.

    Returns:
        All points, the start first, and True if the last step was small enough. False if
        `max_steps` were not enough, or the Hessian could no longer be inverted.
    """
    eps = torch.finfo(start.dtype).eps
    path, here = [start], touch(start)
    for _ in range(max_steps):
        factor, failed = torch.linalg.cholesky_ex(here.hessian)
        if failed:
            return torch.stack(path), False
        step = -torch.cholesky_solve(here.gradient[:, None], factor)[:, 0]  # -H⁻¹ g
        slope, share = here.gradient @ step, 1.0
        arrived = bool(moved(step) <= eps**0.5)
        there = touch(path[-1] + step)
        highest = here.value + 10 * eps * here.value.abs()  # the value itself is rounded
        while not arrived and there.value > highest + 0.1 * share * slope and share > eps:
            share /= 2
            there = touch(path[-1] + share * step)
        path.append(path[-1] + share * step)
        here = there
        if arrived:
            return torch.stack(path), True
    return torch.stack(path), False
