"""The ROC curve, and the area under it: how well a score puts one class above the other."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor


class RocCurve(NamedTuple):
    """A point for each threshold, from "no" to everything to "yes" to everything.

    Attributes:
        false_positive_rate: the share of class 0 that scores at least the threshold.
        true_positive_rate: the same share of class 1.
        threshold: from infinity downwards, through all different scores.
    """

    false_positive_rate: Float[Tensor, " points"]
    true_positive_rate: Float[Tensor, " points"]
    threshold: Float[Tensor, " points"]


def roc_curve(score: Float[Tensor, " batch"], target: Int[Tensor, " batch"]) -> RocCurve:
    """Let the threshold fall from above the largest score, and count who is above it.

    Source: Fawcett 2006, *An introduction to ROC analysis*, algorithm 1: examples of equal score
    pass the threshold together, so that their order does not matter.

    Args:
        score: any number for each example, larger for class 1: log-odds and probabilities give the
            same curve, because only their order counts.
        target: the true classes, 0 and 1.

    Raises:
        ValueError: shapes do not fit, a score is NaN, or `target` is not 0 and 1, both present.
    """
    _check(score, target)
    order = score.argsort(descending=True)
    sorted_score, positive = score[order], target[order].double()
    last = torch.ones_like(sorted_score, dtype=torch.bool)  # of a run of equal scores
    last[:-1] = sorted_score[:-1] != sorted_score[1:]
    hits, alarms = positive.cumsum(0)[last], (1 - positive).cumsum(0)[last]
    zero, infinity = hits.new_zeros(1), score.new_full((1,), torch.inf)
    return RocCurve(
        torch.cat([zero, alarms / alarms[-1]]),
        torch.cat([zero, hits / hits[-1]]),
        torch.cat([infinity, sorted_score[last]]),
    )


def area_under_roc(score: Float[Tensor, " batch"], target: Int[Tensor, " batch"]) -> float:
    """The area under the ROC curve, by the trapezoidal rule: from 0 to 1, one half for guessing.

    Source: Fawcett 2006, algorithm 2. It is the chance that an example of class 1 scores above one
    of class 0, a tie counting one half: Hanley & McNeil 1982, section "The meaning of the area".

    Args:
        score: as for `roc_curve`.
        target: the true classes, 0 and 1.

    Raises:
        ValueError: as for `roc_curve`.
    """
    curve = roc_curve(score, target)
    return torch.trapezoid(curve.true_positive_rate, curve.false_positive_rate).item()


def area_standard_error(
    area: float,
    positives: int,
    negatives: int,
    *,
    both_above: float | None = None,
    both_below: float | None = None,
) -> float:
    """How far an area from so many examples is off: the standard deviation over other samples.

    Source: Hanley & McNeil 1982, equation 1. It needs two chances that the area does not tell. If
    they are not given, Q1 = A/(2 - A) and Q2 = 2A²/(1 + A) stand in, as there: these hold for
    scores that are exponentially distributed.

    Args:
        area: A.
        positives: how many examples of class 1.
        negatives: how many of class 0.
        both_above: Q1, the chance that two of class 1 both score above one of class 0.
        both_below: Q2, the chance that two of class 0 both score below one of class 1.

    Raises:
        ValueError: `area` is not from 0 to 1, or a class is empty.
    """
    if not 0 <= area <= 1:
        raise ValueError(f"area is {area}; it must be from 0 to 1")
    if min(positives, negatives) < 1:
        raise ValueError(
            f"positives and negatives must be at least 1, but are {positives} and {negatives}"
        )
    q1 = area / (2 - area) if both_above is None else both_above
    q2 = 2 * area**2 / (1 + area) if both_below is None else both_below
    total = area * (1 - area)
    total += (positives - 1) * (q1 - area**2) + (negatives - 1) * (q2 - area**2)
    return (total / (positives * negatives)) ** 0.5


def _check(score: Num[Tensor, "..."], target: Num[Tensor, "..."]) -> None:
    if score.ndim != 1 or target.shape != score.shape:
        raise ValueError(
            f"score and target must be (batch,), but are {tuple(score.shape)} and "
            f"{tuple(target.shape)}"
        )
    if score.isnan().any():
        raise ValueError("score holds NaN, which is neither above nor below a threshold")
    if target.unique().tolist() != [0, 1]:
        raise ValueError(f"target must be 0 and 1, both present, not {target.unique().tolist()}")
