"""What NT-Xent does to each view: a pull to its partner, and a push from every wrong answer."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from linebyline.losses.nt_xent import (
    Square,
    Views,
    answer_logits,
    check_temperature,
    partners,
)


class Forces(NamedTuple):
    """Of all 2N questions: how strongly the asking view is pulled, and pushed by each other view.

    In units of 1/τ; a question's pushes sum to its pull.
    """

    pull: Float[Tensor, " views"]
    """1 - p_ij, of view i towards its partner j."""

    push: Square
    """p_ik, of view i (row) away from view k (column); 0 for itself and for its partner."""


def wrong_answers(pairs: int) -> Bool[Tensor, "views views"]:
    """True where view k (column) is a wrong answer to the question of view i (row)."""
    wrong = ~torch.eye(2 * pairs, dtype=torch.bool)
    wrong[torch.arange(2 * pairs), partners(pairs)] = False
    return wrong


def chances(first: Views, second: Views, *, temperature: float = 0.5) -> Square:
    """p_ik = exp(s_ik / τ) / Σ_{m≠i} exp(s_im / τ): how much view i takes view k for its partner.

    Source: Chen, Kornblith, Norouzi & Hinton 2020, *A simple framework for contrastive learning of
    visual representations*, equation 1, whose loss is the mean of -log p_ij(i).

    Args:
        first: N projections, of one view of each image.
        second: of the other views, in the same order.
        temperature: τ.

    Raises:
        ValueError: as for `nt_xent`.
    """
    return answer_logits(first, second, temperature=temperature).softmax(1)


def forces(first: Views, second: Views, *, temperature: float = 0.5) -> Forces:
    """Pull and pushes of every view.

    Source: the derivative of Chen et al. 2020, equation 1, by the cosines: with y_ij = 1 for the
    partner and 0 else, dℓ_i / ds_ik = (p_ik - y_ik) / τ. So the pull is 1 - p_ij = Σ_{k≠j} p_ik:
    Wang & Liu 2021, *Understanding the behaviour of contrastive loss*, section 3.

    Args:
        first: N projections, of one view of each image.
        second: of the other views, in the same order.
        temperature: τ.

    Raises:
        ValueError: as `chances`.
    """
    p = chances(first, second, temperature=temperature)
    push = p.masked_fill(~wrong_answers(len(first)).to(p.device), 0.0)
    return Forces(push.sum(1), push)


def gradient(
    first: Views, second: Views, *, temperature: float = 0.5
) -> Float[Tensor, "views features"]:
    """The derivative of `nt_xent` by the projections, first and second, written out: (2N, d).

    With ẑ = z / ‖z‖ and F_ik the push, less the pull where k is the partner, the mean loss has

        dL / dẑ = (F + Fᵀ) ẑ / (2Nτ),

    a view being asked once and an answer often; and as no length counts, only what is at right
    angles to ẑ moves z: dL / dz = (I - ẑẑᵀ) dL/dẑ / ‖z‖.

    Args:
        first: N projections, of one view of each image.
        second: of the other views, in the same order.
        temperature: τ.

    Raises:
        ValueError: as `chances`.
    """
    z = torch.cat([first, second])
    pull, f = forces(first, second, temperature=temperature)
    f[torch.arange(len(z)), partners(len(first))] = -pull
    unit = functional.normalize(z, dim=1)
    d_unit = (f + f.T) @ unit / (len(z) * temperature)
    along = (d_unit * unit).sum(1, keepdim=True)
    return (d_unit - along * unit) / z.norm(dim=1, keepdim=True)


def heard(push: Float[Tensor, "questions views"]) -> Float[Tensor, " questions"]:
    """How many wrong answers push, for each question: exp H(q), q being the shares of the push.

    It is n where n push alike and no other does. Where the cosines of n wrong answers are normally
    distributed with spread σ, it is about n exp(-σ² / 2τ²).

    Raises:
        ValueError: a push is below 0, or a question has none.
    """
    total = push.sum(1, keepdim=True)
    if (push < 0).any() or (total == 0).any():
        raise ValueError("push must hold no number below 0, and one above 0 in each row")
    q = push / total
    return torch.exp(-torch.xlogy(q, q).sum(1))


def least_loss(pairs: int, temperature: float) -> float:
    """What NT-Xent cannot fall below with N pairs, in however many dimensions.

    The 2N directions' sum has a square of at least 0, so that the mean cosine of the wrong answers
    is at least -(1 + s)/(2N - 2), s being that of the partners, at most 1; and the loss is convex
    in the cosines: ℓ ≥ log(1 + (2N - 2) exp(-(1 + 1/(N - 1)) / τ)). It is reached by N directions
    with the same angle between any two, for which N - 1 dimensions are needed.

    Raises:
        ValueError: `pairs` is below 2; `temperature` is not above 0 and finite.
    """
    if pairs < 2:
        raise ValueError(f"pairs must be at least 2, not {pairs}")
    check_temperature(temperature)
    return math.log1p((2 * pairs - 2) * math.exp(-(1 + 1 / (pairs - 1)) / temperature))
