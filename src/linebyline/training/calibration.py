"""Calibration: whether a model that says 80 percent is right in 80 of 100 cases."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Reliability(NamedTuple):
    """The bins of a reliability diagram; a bin without predictions has NaN.

    Attributes:
        edges: where the bins begin and end, from 0 to 1: one more than bins.
        confidence: the mean confidence of the predictions in each bin.
        accuracy: the share of them that is right.
        counts: how many they are.
    """

    edges: Float[Tensor, " edges"]
    confidence: Float[Tensor, " bins"]
    accuracy: Float[Tensor, " bins"]
    counts: Int[Tensor, " bins"]


def reliability(
    probabilities: Float[Tensor, "batch classes"],
    target: Int[Tensor, " batch"],
    *,
    bins: int = 15,
) -> Reliability:
    """Sort predictions by confidence into bins of equal width, and ask how many of each are right.

    Source: Guo, Pleiss, Sun & Weinberger 2017, *On calibration of modern neural networks*, section
    2. The confidence of a prediction is the largest of its probabilities. Bin m holds those in
    ((m-1)/M, m/M].

    Args:
        probabilities: of the classes, not logits; each row sums to 1.
        target: the true classes.
        bins: M.

    Raises:
        ValueError: shapes do not fit, there are no examples, rows are no probabilities, or `bins`
            is below 1.
    """
    _check(probabilities, target, bins)
    best = probabilities.max(dim=1)  # of equal classes the first
    # In double: whether 0.3 lies in the third of ten bins must not hang on a rounded edge.
    confidence = best.values.double()
    right = (best.indices == target).double()
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64, device=target.device)
    bin_of = torch.bucketize(confidence, edges[1:-1])  # edges[m] < confidence <= edges[m + 1]
    counts = torch.bincount(bin_of, minlength=bins)
    mean_confidence, accuracy = (
        torch.zeros_like(edges[1:]).index_add_(0, bin_of, values) / counts  # 0/0 is NaN
        for values in (confidence, right)
    )
    return Reliability(edges, mean_confidence, accuracy, counts)


def expected_calibration_error(
    probabilities: Float[Tensor, "batch classes"],
    target: Int[Tensor, " batch"],
    *,
    bins: int = 15,
) -> Float[Tensor, ""]:
    """How far confidence is from accuracy: in the mean over bins, each weighed by its examples.

    Source: Naeini, Cooper & Hauskrecht 2015, *Obtaining well calibrated probabilities using
    Bayesian binning*, for more than two classes as in Guo et al. 2017, section 2.

    It is biased: a perfectly calibrated model gets more than 0 on finitely many examples, for in
    each bin the share of right answers deviates by chance; more bins, more of that.

    Args:
        probabilities: of the classes, as for `reliability`.
        target: the true classes.
        bins: M.

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: as for `reliability`.
    """
    _, confidence, accuracy, counts = reliability(probabilities, target, bins=bins)
    gaps = (accuracy - confidence).abs().nan_to_num()  # empty bins count for nothing
    return (counts * gaps).sum() / counts.sum()


def _check(probabilities: Tensor, target: Tensor, bins: int) -> None:
    shapes = f"they are {tuple(probabilities.shape)} and {tuple(target.shape)}"
    if probabilities.ndim != 2 or target.shape != probabilities.shape[:1]:
        raise ValueError(
            f"probabilities must be (batch, classes) and target (batch,), but {shapes}"
        )
    if len(target) == 0:
        raise ValueError(f"probabilities must hold at least one example, but {shapes}")
    sums = probabilities.double().sum(1)
    if not ((probabilities >= 0).all() and ((sums - 1).abs() < 1e-3).all()):
        raise ValueError(
            "probabilities must be at least 0 and sum to 1 in each row, but the least is "
            f"{probabilities.min():g} and the sums reach from {sums.min():g} to {sums.max():g}; "
            "logits become probabilities by .softmax(1)"
        )
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
