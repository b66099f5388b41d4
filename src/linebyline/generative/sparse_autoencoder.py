"""Sparse codes: few units may speak at a time."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def rate_penalty(code: Float[Tensor, "batch width"], rate: float) -> Float[Tensor, ""]:
    """Σ_j KL(ρ ‖ ρ̂_j): each unit's mean over the batch, ρ̂_j, shall be ρ.

    Source: Nair & Hinton 2009, *3D object recognition with deep belief nets*, who pull
    a unit's mean to a target by cross-entropy, which differs from this divergence by a constant.
    ρ̂_j counts as the probability of a coin, and so does ρ: for each unit
    ρ log(ρ/ρ̂) + (1-ρ) log((1-ρ)/(1-ρ̂)), in nats. Deviation: the mean is that of one batch, and
    not one that decays over many, so that batches should be large.

    It fixes a *mean*. A unit that answers ρ to every input has no penalty either.

    Args:
        code: outputs of sigmoids, from 0 to 1.
        rate: ρ, between 0 and 1.

    Raises:
        ValueError: `rate` is not strictly between 0 and 1, the batch is empty, or a mean is
            below 0 or above 1, as the code of other units than sigmoids would have it.
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1, and neither of them, not {rate}")
    _check_batch(code)
    means = code.mean(dim=0)  # ρ̂_j
    if means.detach().amin() < 0 or means.detach().amax() > 1:
        raise ValueError("code must lie between 0 and 1: end the encoder with a sigmoid")
    tiny = torch.finfo(code.dtype).tiny
    # A unit that is never on has ρ̂ = 0 after rounding: its penalty stays finite, and its gradient.
    on, off = means.clamp_min(tiny), (1 - means).clamp_min(torch.finfo(code.dtype).eps)
    constant = rate * math.log(rate) + (1 - rate) * math.log(1 - rate)
    return (constant - rate * on.log() - (1 - rate) * off.log()).sum()


def code_penalty(code: Float[Tensor, "batch width"]) -> Float[Tensor, ""]:
    """Σ_j abs(h_j), the mean over the batch: the L1 norm of a code.

    Source: Olshausen & Field 1996, *Emergence of simple-cell receptive field properties by
    learning a sparse code for natural images*, where abs(h) is one of three measures of cost. They
    hold the length of the decoder's columns; without that, or tied weights, a code can shrink
    and its decoder grow, and the penalty forbids nothing.

    Raises:
        ValueError: the batch is empty.
    """
    _check_batch(code)
    return code.abs().sum(dim=1).mean()


def speaking(code: Float[Tensor, "batch width"], threshold: float) -> Float[Tensor, " batch"]:
    """How many units of each code are above the threshold.

    Raises:
        ValueError: the batch is empty.
    """
    _check_batch(code)
    return (code > threshold).sum(dim=1).to(code)


def _check_batch(code: Tensor) -> None:
    if code.ndim != 2 or len(code) == 0:
        raise ValueError(
            f"code must be a batch of codes, (batch, width), but its shape is {tuple(code.shape)}"
        )
