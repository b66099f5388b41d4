"""The mean squared error: the distance to the target, squared, on average."""

from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.reduction import check_pairs, check_reduction, reduce


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
        ValueError: the shapes differ, the prediction is of a whole-number type, `reduction` is none
            of the three, or there is nothing to take the mean of.
    """
    check_pairs(prediction, target, reduction)
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
        check_reduction(reduction)
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
        check_pairs(prediction, target, self.reduction)
        error = prediction - target.to(prediction.dtype)  # ŷ_i - y_i
        return reduce(error**2, self.reduction)  # 1/n Σ_i (ŷ_i - y_i)²

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"reduction={self.reduction!r}"
