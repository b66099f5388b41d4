"""Huber's loss: squared for small errors, absolute for large ones."""

import math

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.reduction import check_pairs, check_reduction, reduce


def huber_loss(
    prediction: Float[Tensor, "*shape"],
    target: Num[Tensor, "*target_shape"],
    *,
    delta: float = 1.0,
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """L = 1/n Σ_i ρ(ŷ_i - y_i), where ρ(e) = ½e² if abs(e) ≤ δ, else δ (abs(e) - ½δ).

    Source: Huber 1964, *Robust estimation of a location parameter*, who writes k for δ, and
    sums. Both pieces have the value ½δ² and the slope ±δ where they meet.

    The gradient is 1/n times the error, clipped to [-δ, δ]: near the target it fades, as the
    squared error's does, and no single wild target pulls harder than δ. As δ shrinks, L/δ tends to
    the mean absolute error; once δ is past the largest error, L is half the mean squared error.
    L/δ is what torch calls `smooth_l1_loss(beta=δ)` (Girshick 2015, *Fast R-CNN*, equation 3, for
    δ = 1, where the two are one).

    Shapes that differ are refused, where `torch.nn.functional.huber_loss` only warns and
    broadcasts.

    Args:
        prediction: ŷ, in the target's unit.
        target: y, of the same shape; whole numbers are read in the prediction's precision.
        delta: δ, the error from which on the loss grows linearly, in the target's unit; above 0.
        reduction: "mean" over all numbers, "sum", or "none" for one loss each; in the square of
            the target's unit.

    Raises:
        ValueError: the shapes differ, the prediction is of a whole-number type, `delta` is not
            positive and finite, `reduction` is none of the three, or there is nothing to take the
            mean of.
    """
    _check_delta(delta)
    check_pairs(prediction, target, reduction)
    target = target.to(prediction.dtype)
    return functional.huber_loss(prediction, target, delta=delta, reduction=reduction)


class HuberLoss(nn.Module):
    """`huber_loss` as a module, and the same written out in `explicit`.

    Args:
        delta: as for `huber_loss`.
        reduction: as for `huber_loss`.

    Raises:
        ValueError: as for `huber_loss`; a wrong `delta` or `reduction` at once.
    """

    def __init__(self, *, delta: float = 1.0, reduction: str = "mean") -> None:
        super().__init__()
        _check_delta(delta)
        check_reduction(reduction)
        self.delta = delta
        self.reduction = reduction

    def forward(
        self, prediction: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """One call of the fused kernel."""
        return huber_loss(prediction, target, delta=self.delta, reduction=self.reduction)

    def explicit(
        self, prediction: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """The formula, piece by piece."""
        check_pairs(prediction, target, self.reduction)
        delta = self.delta
        error = prediction - target.to(prediction.dtype)  # e_i = ŷ_i - y_i
        squared = error**2 / 2  # ½e²
        linear = delta * (error.abs() - delta / 2)  # δ(|e| - ½δ)
        losses = torch.where(error.abs() <= delta, squared, linear)  # ρ(e_i)
        return reduce(losses, self.reduction)

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"delta={self.delta}, reduction={self.reduction!r}"


def _check_delta(delta: float) -> None:
    if not 0 < delta < math.inf:  # so that NaN is refused as well
        raise ValueError(f"delta must be positive and finite, not {delta}")
