"""Gaussians on a circle: data in the plane whose modes can be counted."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def ring_centres(modes: int = 8, *, radius: float = 2.0) -> Float[Tensor, "modes 2"]:
    """The means of the Gaussians, evenly spread on a circle; the first lies on the right.

    Source: Metz et al. 2017, *Unrolled Generative Adversarial Networks*, section 3.1: eight
    Gaussians on a circle of radius 2.

    Args:
        modes: how many.
        radius: of the circle.

    Raises:
        ValueError: `modes` is below 1, or `radius` not above 0.
    """
    if modes < 1:
        raise ValueError(f"modes must be at least 1, not {modes}")
    if radius <= 0:
        raise ValueError(f"radius must be above 0, not {radius}")
    angles = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    return (radius * torch.stack([angles.cos(), angles.sin()], dim=1)).float()


def gaussian_ring(
    count: int = 4096,
    *,
    modes: int = 8,
    radius: float = 2.0,
    spread: float = 0.02,
    seed: int = 0,
) -> Float[Tensor, "count 2"]:
    """Points of a mixture of equally likely Gaussians on a circle.

    Source: Metz et al. 2017, section 3.1, with their radius and their standard deviation as
    defaults. Deviation: a fixed set of points, in which each Gaussian has the same number of
    them, give or take one; theirs are drawn anew at each step.

    Args:
        count: points in all.
        modes: how many Gaussians.
        radius: of the circle on which their means lie.
        spread: standard deviation of each coordinate around its mean.
        seed: of the noise and of the order.

    Raises:
        ValueError: `count` is below `modes`, `spread` is not above 0, or an argument is out of
            range as for `ring_centres`.
    """
    centres = ring_centres(modes, radius=radius)
    if count < modes:
        raise ValueError(f"count must be at least {modes}, one for each mode, not {count}")
    if spread <= 0:
        raise ValueError(f"spread must be above 0, not {spread}")
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(count, generator=draw)
    points = centres[order % modes]
    return points + spread * torch.randn(count, 2, generator=draw)
