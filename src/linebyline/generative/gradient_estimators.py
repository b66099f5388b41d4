"""Two gradients of an expectation under a Gaussian: from the dice, and through the throw."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

Function = Callable[[Float[Tensor, "throws width"]], Float[Tensor, " throws"]]
Row = Float[Tensor, " width"]
Throws = Float[Tensor, "throws width"]


class GaussianGradients(NamedTuple):
    """One gradient a throw, with respect to the mean and to the standard deviation.

    Both have the shape (throws, width). The estimate is their mean over the throws, and their
    variance over the throws says what one throw is worth.
    """

    mean: Tensor
    std: Tensor


def score_gradients(
    f: Function, mean: Row, std: Row, noise: Throws, *, baseline: float | Tensor = 0.0
) -> GaussianGradients:
    """∇ E[f(z)] from values of f alone, for z = μ + σ ε: the parameter stands in the dice.

    Source: Williams 1992, "Simple statistical gradient-following algorithms for connectionist
    reinforcement learning", section 3 (REINFORCE). Each throw gives (f(z) - b) ∇ log q(z), where
    ∂ log q / ∂μ = ε / σ and ∂ log q / ∂σ = (ε² - 1) / σ. A baseline b that does not depend on the
    throw leaves the expectation as it is, for the mean of the score is 0.

    Args:
        f: rows (throws, width) to one value each, (throws,). It may have jumps; no slope is asked.
        mean: μ, (width,).
        std: σ, (width,), above 0: the Gaussian is diagonal.
        noise: ε, standard normal, (throws, width).
        baseline: b, one number, or one for each coordinate, (width,).

    Raises:
        ValueError: shapes do not fit, `std` is not above 0, or `f` does not give one value a throw.
    """
    _check(mean, std, noise)
    with torch.no_grad():
        values = _values(f, mean + std * noise)
        gain = values[:, None] - baseline  # (throws, 1 or width)
        return GaussianGradients(gain * noise / std, gain * (noise.square() - 1) / std)


def path_gradients(f: Function, mean: Row, std: Row, noise: Throws) -> GaussianGradients:
    """∇ E[f(μ + σ ε)] along the path: the parameter stands in what is done with the throw.

    Source: Kingma & Welling 2014, "Auto-encoding variational Bayes", section 2.4; Rezende, Mohamed
    & Wierstra 2014. Each throw gives ∇f(z) for the mean, and ∇f(z) ε for the standard deviation.

    It is the gradient of the expectation only if f has no jumps. Where f is flat between jumps its
    slope is 0 at almost every throw, and so is what is returned, whatever the expectation does.

    Args:
        f: rows (throws, width) to one value each, (throws,), written in differentiable operations;
            each value depends on its own row only.
        mean: μ, (width,).
        std: σ, (width,), above 0.
        noise: ε, standard normal, (throws, width).

    Raises:
        ValueError: as for :func:`score_gradients`.
    """
    _check(mean, std, noise)
    with torch.enable_grad():
        z = (mean + std * noise).detach().requires_grad_()
        values = _values(f, z)
        if not values.requires_grad:  # a comparison such as z > 0 has no slope at all
            return GaussianGradients(torch.zeros_like(z), torch.zeros_like(z))
        (slope,) = torch.autograd.grad(values.sum(), z)
    return GaussianGradients(slope, slope * noise)


def best_baseline(f: Function, mean: Row, std: Row, noise: Throws) -> Row:
    """The constants with which the mean's score gradient has the least variance, one a coordinate.

    The variance of (f - b) s is least where its derivative in b, 2 b E[s²] - 2 E[f s²], is 0:
    b* = E[f s²] / E[s²], here with s = ε / σ and means over the throws. Of the usual choice, E[f],
    it differs by the covariance of f and s². Take other throws than those that b* is then used
    with: a baseline that has seen the throw is no constant, and shifts the mean a little.

    Raises:
        ValueError: as for :func:`score_gradients`.
    """
    _check(mean, std, noise)
    with torch.no_grad():
        weight = (noise / std).square()
        values = _values(f, mean + std * noise)
        return (values[:, None] * weight).mean(0) / weight.mean(0)


def _check(mean: Tensor, std: Tensor, noise: Tensor) -> None:
    if mean.ndim != 1 or std.shape != mean.shape:
        raise ValueError(
            f"mean and std are {tuple(mean.shape)} and {tuple(std.shape)}; "
            "they must be two rows of one width"
        )
    if not (std > 0).all():
        raise ValueError(f"std has {std.min():g}; it must be above 0 everywhere")
    if noise.ndim != 2 or noise.shape[1:] != mean.shape or not len(noise):
        raise ValueError(
            f"noise is {tuple(noise.shape)}; it must be (throws, {len(mean)}), one throw at least"
        )


def _values(f: Function, z: Tensor) -> Tensor:
    values = f(z)
    if values.shape != z.shape[:1]:
        raise ValueError(
            f"f gives {tuple(values.shape)}; it must give one value a throw, ({len(z)},)"
        )
    return values
