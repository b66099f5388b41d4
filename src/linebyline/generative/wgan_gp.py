"""Gradient penalty: a critic is fined wherever the slope of its prices is not what it should be."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

PLACES = ("between", "real", "made")


def slopes(
    critic: Callable[[Tensor], Tensor], x: Float[Tensor, "batch ..."]
) -> Float[Tensor, " batch"]:
    """‖∇f(x)‖, the steepest rise of the price at each of these points.

    Differentiable in the critic's parameters, so that a fine on slopes can be learned from: the
    gradient of a gradient. One backward pass serves all points, since the sum of the prices has,
    at point i, the gradient of price i alone. That is true only of a critic that prices each point
    by itself; batch normalization does not (Gulrajani et al. 2017, section 4).

    Args:
        critic: from points (batch, ...) to one price each.
        x: the points. They are detached: a fine does not teach the generator.

    Raises:
        ValueError: the critic's answer is not one price for each point.
    """
    x = x.detach().requires_grad_()
    prices = critic(x)
    if prices.numel() != len(x):
        raise ValueError(
            f"critic must answer with one price for each of {len(x)} points, "
            f"not shape {tuple(prices.shape)}"
        )
    (gradient,) = torch.autograd.grad(prices.sum(), x, create_graph=True)
    return gradient.flatten(1).norm(dim=1)


def interpolates(
    real: Float[Tensor, "batch ..."],
    made: Float[Tensor, "batch ..."],
    *,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "batch ..."]:
    """ε x + (1 - ε) G(z): a random place on the straight way from each sample to one example.

    Source: Gulrajani, Ahmed, Arjovsky, Dumoulin & Courville 2017, algorithm 1, line 6, with one
    ε ~ U[0, 1] for each pair, and not for each number of it. Pairs are as they come: nobody knows
    the best plan.

    Args:
        real: examples.
        made: as many samples.
        generator: draws ε, on the CPU; torch's global generator if None.

    Raises:
        ValueError: the shapes differ.
    """
    if real.shape != made.shape:
        raise ValueError(
            f"real and made must have one shape, not {tuple(real.shape)} and {tuple(made.shape)}"
        )
    shape = (len(real), *(1 for _ in real.shape[1:]))
    share = torch.rand(shape, generator=generator, dtype=real.dtype).to(real.device)
    return share * real + (1 - share) * made


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Float[Tensor, "batch ..."],
    made: Float[Tensor, "batch ..."],
    *,
    weight: float = 10.0,
    target: float = 1.0,
    one_sided: bool = False,
    place: str = "between",
    generator: torch.Generator | None = None,
) -> Float[Tensor, ""]:
    """λ E (‖∇f(x̂)‖ - 1)²: the fine for slopes other than 1, to be added to the critic's loss.

    Source: Gulrajani et al. 2017, *Improved Training of Wasserstein GANs*, equation 3, with λ = 10.
    Named alternatives: `one_sided` fines only what is steeper (theirs, section 4; preferred by
    Petzka, Fischer & Lukovnikov 2018). `place` "real" fines at the data alone, a shortcut that is
    met in code and holds no slope elsewhere; "made" at the samples alone. `target` 0 at the place
    "real" is R1, of which Mescheder, Geiger & Nowozin 2018 take half (equation 9): it is for the
    losses of a plain GAN.

    Args:
        critic: from points to one price each, each by itself.
        real: examples.
        made: as many samples.
        weight: λ, not negative.
        target: the slope that costs nothing.
        one_sided: fine only slopes above the target.
        place: "between", "real" or "made".
        generator: draws the places between; torch's global generator if None.

    Raises:
        ValueError: `weight` or `target` is negative, there is no such place, or the shapes differ.
    """
    for name, value in (("weight", weight), ("target", target)):
        if not value >= 0:
            raise ValueError(f"{name} must not be negative, not {value}")
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(map(repr, PLACES))}, not {place!r}")
    between = interpolates(real, made, generator=generator)
    excess = slopes(critic, {"between": between, "real": real, "made": made}[place]) - target
    if one_sided:
        excess = excess.clamp(min=0)
    return weight * excess.square().mean()
