"""The focal loss: binary cross-entropy in which what is known already counts for little."""

import math

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from linebyline.losses.reduction import check_pairs, check_reduction, reduce


def focal_loss(
    logits: Float[Tensor, "*shape"],
    target: Num[Tensor, "*target_shape"],
    *,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """ℓ = -α_t (1 - p_t)^γ log p_t, where p_t is the probability that the model gave to the truth.

    Source: Lin, Goyal, Girshick, He & Dollár 2017, *Focal loss for dense object detection*,
    equation 5; without α equation 4. With p = σ(z), p_t is p for a yes and 1 - p for a no, and α_t
    is α and 1 - α. γ = 0 without α is the binary cross-entropy; with γ = 2 an answer that is 90 %
    right counts a hundredth of what it does there, and one that is 10 % right 81 hundredths.

    Deviation: the paper adds over all anchors of an image and divides by the number that are
    matched with a box; that is left to who has the matches ("sum"). For a number of classes there
    are as many yes-or-no questions, and none of them is true for the background.

    Args:
        logits: z, the logarithm of the odds of a yes.
        target: y, of the same shape: 1 for yes, 0 for no.
        gamma: γ, zero or more: how fast an answer stops to count as it comes right.
        alpha: α, from 0 to 1, the weight of a yes; None weighs yes and no by 1.
        reduction: "mean" over all numbers, "sum", or "none" for one loss each; in nats.

    Raises:
        ValueError: the shapes differ, the logits are of a whole-number type, a target is neither 0
            nor 1, `gamma`, `alpha` or `reduction` is out of its range, or there is nothing to take
            the mean of. Targets are looked at on the CPU only: on a GPU, every step would wait.
    """
    _check_options(gamma, alpha, reduction)
    _check(logits, target, reduction)
    y = target.to(logits.dtype)
    s = logits * (2 * y - 1)  # p_t = σ(s), 1 - p_t = σ(-s)
    losses = -torch.exp(gamma * logsigmoid(-s)) * logsigmoid(s)
    if alpha is not None:
        losses = losses * torch.where(target > 0.5, alpha, 1 - alpha)
    return reduce(losses, reduction)


class FocalLoss(nn.Module):
    """`focal_loss` as a module, and the same written out in `explicit`.

    Args:
        gamma: as for `focal_loss`.
        alpha: as for `focal_loss`.
        reduction: as for `focal_loss`.

    Raises:
        ValueError: as for `focal_loss`; a wrong `gamma`, `alpha` or `reduction` at once.
    """

    def __init__(
        self, *, gamma: float = 2.0, alpha: float | None = 0.25, reduction: str = "mean"
    ) -> None:
        super().__init__()
        _check_options(gamma, alpha, reduction)
        self.gamma = gamma
        self.alpha = alpha
        self.reduction = reduction

    def forward(
        self, logits: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """In logarithms, which no logit makes overflow."""
        return focal_loss(
            logits, target, gamma=self.gamma, alpha=self.alpha, reduction=self.reduction
        )

    def explicit(
        self, logits: Float[Tensor, "*shape"], target: Num[Tensor, "*target_shape"]
    ) -> Float[Tensor, "*reduced"]:
        """The paper's equation, with probabilities: for logits that do not saturate."""
        _check(logits, target, self.reduction)
        p = torch.sigmoid(logits)
        p_t = torch.where(target > 0.5, p, 1 - p)
        alpha_t = torch.ones_like(p)
        if self.alpha is not None:
            alpha_t = torch.where(target > 0.5, self.alpha, 1 - self.alpha).to(p)
        losses = -alpha_t * (1 - p_t) ** self.gamma * torch.log(p_t)
        return reduce(losses, self.reduction)

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"gamma={self.gamma}, alpha={self.alpha}, reduction={self.reduction!r}"


def _check_options(gamma: float, alpha: float | None, reduction: str) -> None:
    if not 0 <= gamma < math.inf:  # so that NaN is refused as well
        raise ValueError(f"gamma must be zero or more, and finite, not {gamma}")
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be from 0 to 1, or None, not {alpha}")
    check_reduction(reduction)


def _check(logits: Tensor, target: Tensor, reduction: str) -> None:
    check_pairs(logits, target, reduction, name="logits")
    if target.device.type != "cpu":  # to look at a number there is to wait for the device
        return
    wrong = target[(target != 0) & (target != 1)]
    if len(wrong) > 0:
        raise ValueError(f"target must be 0 or 1, but one is {wrong[0].item():g}")
