"""Problems in the plane that no straight line solves: interleaving moons, intertwined spirals."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.data.examples import Examples

# Lang and Witbrock's spirals run from radius 6.5 in to 0.5, so that the arms never meet.
INNER_RADIUS = 0.5 / 6.5


def two_moons(count: int = 200, *, noise: int | float = 0.1, seed: int = 0) -> Examples:
    """Two half circles of radius 1, each with an end inside the other: scikit-learn's make_moons.

    Class 0 is the upper half of the circle around (0, 0), class 1 the lower half of the circle
    around (1, 0.5).

    Args:
        count: points in all; if it is odd, class 1 has one more.
        noise: standard deviation of the normal noise on each coordinate.
        seed: of the noise and of the order.

    Returns:
        Inputs (count, 2), float32; targets (count,), int64; shuffled.

    Raises:
        ValueError: ``count`` is below 2, or ``noise`` below 0.
    """
    if count < 2:
        raise ValueError(f"count is {count}; two moons need at least 2 points")
    upper = torch.linspace(0, math.pi, count // 2, dtype=torch.float64)
    lower = torch.linspace(0, math.pi, count - count // 2, dtype=torch.float64)
    moons = [
        torch.stack([upper.cos(), upper.sin()], dim=1),
        torch.stack([1 - lower.cos(), 0.5 - lower.sin()], dim=1),
    ]
    return _scattered(moons, noise, seed)


def spirals(
    count: int = 200,
    *,
    arms: int = 2,
    turns: int | float = 1.5,
    noise: int | float = 0.0,
    seed: int = 0,
) -> Examples:
    """Intertwined spirals, one class each: Lang and Witbrock, "Learning to Tell Two Spirals Apart".

    Theirs (1988) are two arms of three turns with 97 points each: ``spirals(194, turns=3)``. As
    there, an arm winds clockwise from the top, and its radius shrinks evenly with the angle.
    Deviations: scaled to the unit disc; any number of arms and turns, arm k turned by k / arms.

    Args:
        count: points in all; the arms share them, and differ by one at most.
        arms: number of spirals, and of classes.
        turns: how often each goes around the centre; more are harder to tell apart.
        noise: standard deviation of the normal noise on each coordinate. Along a ray, neighbouring
            arms lie 0.92 / (turns x arms) apart.
        seed: of the noise and of the order.

    Returns:
        Inputs (count, 2), float32; targets (count,), int64; shuffled.

    Raises:
        ValueError: ``arms`` is below 1, ``count`` below ``arms``, ``turns`` not above 0, or
            ``noise`` below 0.
    """
    if not 1 <= arms <= count:
        raise ValueError(f"arms is {arms} and count is {count}; it must be 1 <= arms <= count")
    if turns <= 0:
        raise ValueError(f"turns is {turns}; it must be above 0")
    points = []
    for arm in range(arms):
        way = torch.linspace(0, 1, (count + arm) // arms, dtype=torch.float64)  # rim to centre
        radius = 1 - (1 - INNER_RADIUS) * way
        angle = 2 * math.pi * (turns * way + arm / arms)
        points.append(torch.stack([radius * angle.sin(), radius * angle.cos()], dim=1))
    return _scattered(points, noise, seed)


def _scattered(classes: list[Float[Tensor, "_ 2"]], noise: int | float, seed: int) -> Examples:
    """Label points by their class, add noise, shuffle: no part of the set may be of one class."""
    if noise < 0:
        raise ValueError(f"noise is {noise}; it is a standard deviation and must be at least 0")
    generator = torch.Generator().manual_seed(seed)
    points = torch.cat(classes)
    points = points + noise * torch.randn(points.shape, dtype=points.dtype, generator=generator)
    labels = torch.cat([torch.full((len(part),), label) for label, part in enumerate(classes)])
    order = torch.randperm(len(points), generator=generator)
    return Examples(points[order].float(), labels[order])
