"""Samples of a function of one variable: regression problems that fit on a page."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.data.examples import Examples

Function = Callable[[Float[Tensor, "points 1"]], Float[Tensor, "points 1"]]


def sawtooth(x: Float[Tensor, "*shape"], folds: int) -> Float[Tensor, "*shape"]:
    """A tent, composed with itself: 2^(folds - 1) equal teeth on [0, 1], each from 0 up to 1 and
    down again.

    Source: Telgarsky 2015, "Representation Benefits of Deep Feedforward Networks", section 2. The
    tent is T(x) = 2x up to 1/2 and 2 - 2x from there on. It folds [0, 1] in the middle and
    stretches the halves over the whole, so each composition doubles the teeth. Deviation: outside
    of [0, 1], where his T is 0, the teeth go on with the period 2^(1 - folds).

    Args:
        x: points, of a floating-point type; multiplying them by 2^folds loses no digit.
        folds: how often T is applied, at least once; there are 2^folds linear pieces on [0, 1].

    Raises:
        ValueError: ``folds`` is below 1.
    """
    if folds < 1:
        raise ValueError(f"folds is {folds}; it must be at least 1")
    return 1 - ((2**folds * x).remainder(2) - 1).abs()


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
