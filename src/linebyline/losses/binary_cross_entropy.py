"""Binary cross-entropy: how improbable the model thought the truth of a yes or a no."""

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.reduction import check_pairs, check_reduction, reduce


def binary_cross_entropy(
    logits: Float[Tensor, "*shape"],
    target: Num[Tensor, "*target_shape"],
    *,
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """L = -1/n Σ_i [y_i log p_i + (1 - y_i) log(1 - p_i)], where p_i = σ(z_i).

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, section 4.3.2, equation 4.90.
    Deviation: the mean, where he has the sum. It takes the logits z and not the probabilities,
    because a sigmoid that has saturated to 0 or 1 has no logarithm left to take: Goodfellow, Bengio
    & Courville 2016, *Deep Learning*, section 6.2.2.2.

    The gradient is 1/n (p - y), however the sigmoid saturates. The loss equals torch's
    `binary_cross_entropy_with_logits`, which takes targets outside [0, 1] without a word. To weigh
    the examples, multiply what `reduction="none"` gives.

    Args:
        logits: z, the logarithm of the odds of a yes; any number, in nats.
        target: y, of the same shape: 1 for yes, 0 for no, or a probability between them. Whole
            numbers are read in the logits' precision.
        reduction: "mean" over all numbers, "sum", or "none" for one loss each; in nats.

    Raises:
        ValueError: the shapes differ, the logits are of a whole-number type, a target is outside
            [0, 1] or NaN, `reduction` is none of the three, or there is nothing to take the mean
            of. Targets are looked at on the CPU only: on a GPU, every step would wait for it.
    """
    _check(logits, target, reduction)
    target = target.to(logits.dtype)
    return functional.binary_cross_entropy_with_logits(logits, target, reduction=reduction)


class BinaryCrossEntropy(nn.Module):
    """`binary_cross_entropy` as a module, and the same written out in `explicit`.

    Args:
        reduction: as for `binary_cross_entropy`.

    Raises:
        ValueError: as for `binary_cross_entropy`; an unknown reduction at once.
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        check_reduction(reduction)
        self.reduction = reduction

    def forward(
        self, logits: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """One call of the fused kernel."""
        return binary_cross_entropy(logits, target, reduction=self.reduction)

    def explicit(
        self, logits: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """The formula, with both logarithms taken before they can overflow."""
        _check(logits, target, self.reduction)
        z, y = logits, target.to(logits.dtype)
        log_p = -_log_one_plus_exp(-z)  # log σ(z) = -log(1 + exp(-z))
        log_not_p = -_log_one_plus_exp(z)  # log(1 - σ(z)) = log σ(-z)
        return reduce(-(y * log_p + (1 - y) * log_not_p), self.reduction)

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"reduction={self.reduction!r}"


def _log_one_plus_exp(z: Tensor) -> Tensor:
    """log(1 + exp(z)) = m + log(exp(-m) + exp(z - m)), for any m; with the larger of 0 and z,
    no exponent is positive. As the sum is the same for every m, m is no variable to differentiate.
    """
    m = z.detach().clamp(min=0)
    return m + torch.log(torch.exp(-m) + torch.exp(z - m))


def _check(logits: Tensor, target: Tensor, reduction: str) -> None:
    check_pairs(logits, target, reduction, name="logits")
    if target.device.type != "cpu":  # to look at a number there is to wait for the device
        return
    inside = (target >= 0) & (target <= 1)  # False for NaN too
    if not inside.all():
        wrong = target[~inside][0].item()
        message = f"target must be from 0 to 1, but one is {wrong:g}"
        if wrong == -1:
            message += "; from -1 and +1 make them by (target + 1) / 2"
        raise ValueError(message)
