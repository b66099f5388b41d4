"""The mean absolute error: the distance to the target, on average."""

from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.reduction import check_pairs, check_reduction, reduce


def mean_absolute_error(
    prediction: Float[Tensor, "*shape"],
    target: Num[Tensor, "*target_shape"],
    *,
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """L = 1/n Σ_i abs(ŷ_i - y_i), the average over all n numbers.

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, section 1.5.5, equation 1.91
    with q = 1. Its least is at the median of the targets, as that of the squared error is at their
    mean, so that a few wild targets hardly move it.

    The gradient is 1/n sign(ŷ - y): as large for a small error as for a large one, and 0, as in
    torch, where the error is 0 and the function has a kink.

    Shapes that differ are refused, where `torch.nn.functional.l1_loss` only warns and broadcasts.

    Args:
        prediction: ŷ, in the target's unit.
        target: y, of the same shape; whole numbers are read in the prediction's precision.
        reduction: "mean" over all numbers, "sum", or "none" for one absolute error each; in the
            target's unit.

    Raises:
        ValueError: the shapes differ, the prediction is of a whole-number type, `reduction` is none
            of the three, or there is nothing to take the mean of.
    """
    check_pairs(prediction, target, reduction)
    return functional.l1_loss(prediction, target.to(prediction.dtype), reduction=reduction)


class MeanAbsoluteError(nn.Module):
    """`mean_absolute_error` as a module, and the same written out in `explicit`.

    Args:
        reduction: as for `mean_absolute_error`.

    Raises:
        ValueError: as for `mean_absolute_error`; an unknown reduction at once.
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        check_reduction(reduction)
        self.reduction = reduction

    def forward(
        self, prediction: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """One call of the fused kernel."""
        return mean_absolute_error(prediction, target, reduction=self.reduction)

    def explicit(
        self, prediction: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """The formula, sign by sign."""
        check_pairs(prediction, target, self.reduction)
        error = prediction - target.to(prediction.dtype)  # ŷ_i - y_i
        return reduce(error.abs(), self.reduction)  # 1/n Σ_i |ŷ_i - y_i|

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"reduction={self.reduction!r}"
