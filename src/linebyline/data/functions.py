"""Samples of a function of one variable: regression problems that fit on a page."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.data.examples import Examples

Function = Callable[[Float[Tensor, "points 1"]], Float[Tensor, "points 1"]]


def sample_function(
    f: Function,
    *,
    count: int = 100,
    interval: tuple[int | float, int | float] = (-1, 1),
    evenly_spaced: bool = True,
    noise: int | float = 0.0,
    seed: int = 0,
) -> Examples:
    """Points x of an interval with targets t = f(x) + e, e normal: Bishop (2006), eq. 3.7.

    Args:
        f: a function that works elementwise on a tensor, such as ``torch.sin``, or a network.
        count: how many points.
        interval: the lowest and the highest x.
        evenly_spaced: equal steps, ascending, with both ends; otherwise uniform draws from the
            interval, in the order of drawing.
        noise: standard deviation of e, in the units of t.
        seed: of the points and of the noise.

    Returns:
        Inputs and targets, both (count, 1) and float32. The second axis is there because a model's
        output has it: (count, 1) less (count,) would silently broadcast to (count, count).

    Raises:
        ValueError: an argument is out of range, or ``f`` does not give a finite number for each x.
    """
    low, high = interval
    if not low < high:
        raise ValueError(f"interval is {interval}; its first number must be below its second")
    if count < 1:
        raise ValueError(f"count is {count}; it must be at least 1")
    if noise < 0:
        raise ValueError(f"noise is {noise}; it is a standard deviation and must be at least 0")
    generator = torch.Generator().manual_seed(seed)
    if evenly_spaced:
        x = torch.linspace(low, high, count).unsqueeze(1)  # (N, 1)
    else:
        x = low + (high - low) * torch.rand(count, 1, generator=generator)
    with torch.no_grad():  # f may be a network
        t = f(x)
    if t.shape != x.shape:
        raise ValueError(f"f gives shape {tuple(t.shape)} for points of shape {tuple(x.shape)}")
    if not t.isfinite().all():
        raise ValueError(f"f is not finite at x = {x[~t.isfinite()][0].item():g}; move interval")
    return Examples(x, t.float() + noise * torch.randn(x.shape, generator=generator))
