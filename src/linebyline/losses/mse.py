"""The mean squared error: the distance to the target, squared, on average."""

from typing import Literal, get_args

from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional

Reduction = Literal["mean", "sum", "none"]


def mean_squared_error(
    prediction: Float[Tensor, "*shape"],
    target: Num[Tensor, "*target_shape"],
    *,
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """L = 1/n Σ_i (ŷ_i - y_i)², the average over all n numbers.

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, section 1.1. Deviation: his
    equation 1.2 is ½ Σ; here there is no ½, as in torch, so that the gradient is 2/n (ŷ - y).

    Shapes that differ are refused, where `torch.nn.functional.mse_loss` only warns: (N, 1) against
    (N,) would be broadcast to all N² pairs, and the model would learn to answer the mean of all
    targets, with a loss that falls all the same.

    Args:
        prediction: ŷ, in the target's unit.
        target: y, of the same shape; whole numbers (labels 0 and 1, say) are read in the
            prediction's precision.
        reduction: "mean" over all numbers, "sum", or "none" for one squared error each; in the
            square of the target's unit.

    Raises:
        ValueError: the shapes differ, `reduction` is none of the three, or there is nothing to
            take the mean of.
    """
    _check(prediction, target, reduction)
    return functional.mse_loss(prediction, target.to(prediction.dtype), reduction=reduction)


class MeanSquaredError(nn.Module):
    """`mean_squared_error` as a module, and the same written out in `explicit`.

    Args:
        reduction: as for `mean_squared_error`.

    Raises:
        ValueError: as for `mean_squared_error`; an unknown reduction at once.
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        _check_reduction(reduction)
        self.reduction = reduction

    def forward(
        self, prediction: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """One call of the fused kernel."""
        return mean_squared_error(prediction, target, reduction=self.reduction)

    def explicit(
        self, prediction: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """The formula, sign by sign."""
        _check(prediction, target, self.reduction)
        error = prediction - target.to(prediction.dtype)  # ŷ_i - y_i
        squared = error**2
        if self.reduction == "none":
            return squared
        total = squared.sum()  # Σ_i
        return total if self.reduction == "sum" else total / squared.numel()  # 1/n Σ_i

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"reduction={self.reduction!r}"


def _check(prediction: Tensor, target: Tensor, reduction: str) -> None:
    if prediction.shape != target.shape:
        shape = tuple(prediction.shape)
        message = (
            "prediction and target must have the same shape, "
            f"but prediction is {shape} and target is {tuple(target.shape)}"
        )
        if prediction.numel() == target.numel():  # a column against a row, most often
            message += f"; target.reshape({shape}) lays them side by side"
        raise ValueError(message)
    _check_reduction(reduction)
    if reduction == "mean" and prediction.numel() == 0:
        raise ValueError(
            f"prediction is empty, of shape {tuple(prediction.shape)}: "
            "there is nothing to take the mean of"
        )


def _check_reduction(reduction: str) -> None:
    if reduction not in get_args(Reduction):
        known = ", ".join(map(repr, get_args(Reduction)))
        raise ValueError(f"reduction must be one of {known}, not {reduction!r}")
