"""Stacking: the weights of an average, learned from errors on examples that no member has seen."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def stacking_weights(errors: Float[Tensor, "examples members"]) -> Float[Tensor, " members"]:
    """The weights, adding up to 1, whose average has the least mean squared error.

    Source: Breiman 1996, *Stacked regressions*, after Wolpert 1992, *Stacked generalization*. With
    the matrix C of the mean products of two members' errors the average with weights w has the mean
    squared error w C w, which is least at w proportional to C⁻¹ 1. Deviation: Breiman asks for
    weights of at least 0 and lets their sum be free; here a weight may be negative, which says
    that a member's errors help to correct another's.

    Args:
        errors: of each member on each example, from members that were fitted without it.

    Raises:
        ValueError: there are fewer examples than members, or two members err alike to the last
            digit, so that the weights are not determined.
    """
    examples, members = errors.shape
    if examples < members:
        raise ValueError(f"errors has {examples} examples, fewer than the {members} members")
    c = errors.T @ errors / examples
    if torch.linalg.matrix_rank(c, hermitian=True) < members:
        raise ValueError("errors has members that err alike: leave one of them out")
    w = torch.linalg.solve(c, torch.ones_like(c[0]))
    return w / w.sum()
