"""What an average of models can be worth: how much of their spread it takes away."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Spread(NamedTuple):
    """Of one member: its variance, and the correlation of two members' answers."""

    variance: float
    correlation: float


def spread(one: Float[Tensor, "draws points"], other: Float[Tensor, "draws points"]) -> Spread:
    """Variance of a member and correlation of two, over draws of all that chance decides.

    Source: Hastie, Tibshirani and Friedman 2009, section 15.4. At each point variance and
    covariance are taken over the draws, then both are averaged over the points. Dividing the
    averages weighs each point by its variance, as the average over points of a squared error does.

    Args:
        one: answers of one member, each row from another draw of the training set and of whatever
            else the member draws.
        other: answers of another member that learned from the same training sets.

    Raises:
        ValueError: the shapes differ, there are fewer than two draws, or the answers never vary.
    """
    if one.shape != other.shape or len(one) < 2:
        raise ValueError(
            "one and other must have one shape, with two draws or more, not "
            f"{tuple(one.shape)} and {tuple(other.shape)}"
        )
    a, b = one - one.mean(0), other - other.mean(0)
    variance = ((a * a + b * b) / 2).sum() / a[1:].numel()
    if variance == 0:
        raise ValueError("the answers never vary: there is no correlation")
    covariance = (a * b).sum() / a[1:].numel()
    return Spread(variance.item(), (covariance / variance).item())


def variance_of_average(
    variance: float, correlation: float, members: Float[Tensor, " sizes"]
) -> Float[Tensor, " sizes"]:
    """ρ σ² + (1 - ρ) σ² / B, for averages of B members that are alike.

    Source: Hastie, Tibshirani and Friedman 2009, equation 15.1.

    Args:
        variance: σ² of each member.
        correlation: ρ of every two.
        members: B, as many sizes as you like.
    """
    return torch.as_tensor(variance * (correlation + (1 - correlation) / members))
