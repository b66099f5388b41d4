"""The Kullback-Leibler divergence: what it costs to take one distribution for another."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.reduction import check_floating, check_reduction, reduce


def kl_divergence(
    *,
    target_log_probs: Float[Tensor, "*batch classes"],
    prediction_log_probs: Float[Tensor, "*batch classes"],
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """KL(p ‖ q) = Σ_k p_k (log p_k - log q_k), with p the target and q the prediction.

    Source: Kullback & Leibler 1951, *On information and sufficiency*; with sums and with
    0 log 0 = 0: Cover & Thomas 2006, *Elements of Information Theory*, section 2.3. It is zero if
    p = q, else positive, infinite if q rules out what p allows, and not symmetric: which is the
    target matters, so both are passed by name.

    With respect to log q the gradient is -p. Through q = softmax(z) it is q - p with respect to z,
    the same as the cross-entropy's, from which the divergence differs by the entropy of p.

    Against `torch.nn.functional.kl_div(input, target)`: that one takes q first, as a logarithm, and
    p second, as probabilities unless `log_target=True`, so that what is computed is KL(target ‖
    input); nothing tells you if you pass them the other way round, or a logarithm too few. Its
    "none" gives the terms, where here it is one divergence for each distribution. Its default
    "mean" divides by the number of terms and is smaller by the factor K; for inputs of shape
    (batch, classes), "mean" here is its "batchmean". And it gives NaN where log p is -∞.

    Args:
        target_log_probs: log p, the distribution that the terms are weighed by: the teacher's in
            distillation, the data's in training. -∞, for a class that never occurs, is allowed.
        prediction_log_probs: log q, of the same shape. Of logits both are made by
            `logits.log_softmax(-1)`, of probabilities by `.log()`.
        reduction: "mean" over the distributions, "sum", or "none" for one divergence each; in nats.

    Raises:
        ValueError: the shapes differ, there is no axis of classes, a type is of whole numbers, the
            probabilities of a distribution do not add up to 1 (as those of logits and
            probabilities would not), `reduction` is none of the three, or there is nothing to take
            the mean of. Numbers are looked at on the CPU only: on a GPU, every step would wait.
    """
    _check(target_log_probs, prediction_log_probs, reduction)
    log_p, log_q = _without_absent(target_log_probs, prediction_log_probs)
    terms = functional.kl_div(log_q, log_p, reduction="none", log_target=True)
    return reduce(terms.sum(dim=-1), reduction)


class KLDivergence(nn.Module):
    """`kl_divergence` as a module, and the same written out in `explicit`.

    Args:
        reduction: as for `kl_divergence`.

    Raises:
        ValueError: as for `kl_divergence`; an unknown reduction at once.
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        check_reduction(reduction)
        self.reduction = reduction

    def forward(
        self,
        *,
        target_log_probs: Float[Tensor, "*batch classes"],
        prediction_log_probs: Float[Tensor, "*batch classes"],
    ) -> Float[Tensor, "*reduced"]:
        """The fused kernel for the terms, and their sum."""
        return kl_divergence(
            target_log_probs=target_log_probs,
            prediction_log_probs=prediction_log_probs,
            reduction=self.reduction,
        )

    def explicit(
        self,
        *,
        target_log_probs: Float[Tensor, "*batch classes"],
        prediction_log_probs: Float[Tensor, "*batch classes"],
    ) -> Float[Tensor, "*reduced"]:
        """The formula, sign by sign."""
        _check(target_log_probs, prediction_log_probs, self.reduction)
        log_p, log_q = _without_absent(target_log_probs, prediction_log_probs)
        terms = log_p.exp() * (log_p - log_q)  # p_k (log p_k - log q_k)
        return reduce(terms.sum(dim=-1), self.reduction)  # Σ_k, then over the batch

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        return f"reduction={self.reduction!r}"


def _without_absent(log_p: Tensor, log_q: Tensor) -> tuple[Tensor, Tensor]:
    """Where p = 0, both logarithms become 0, so that the term is 1 · (0 - 0): 0 log 0 = 0.

    To replace the term when it has been computed would be too late: the gradient of what was
    replaced is 0 · ∞.
    """
    absent = log_p.detach().exp() == 0
    return log_p.masked_fill(absent, 0), log_q.masked_fill(absent, 0)


def _check(target_log_probs: Tensor, prediction_log_probs: Tensor, reduction: str) -> None:
    check_reduction(reduction)
    if target_log_probs.shape != prediction_log_probs.shape or target_log_probs.ndim == 0:
        raise ValueError(
            "target_log_probs and prediction_log_probs must have the same shape, (..., classes), "
            f"but target_log_probs is {tuple(target_log_probs.shape)} and prediction_log_probs is "
            f"{tuple(prediction_log_probs.shape)}"
        )
    check_floating("target_log_probs", target_log_probs)
    check_floating("prediction_log_probs", prediction_log_probs)
    if reduction == "mean" and target_log_probs.numel() == 0:
        raise ValueError(
            f"target_log_probs is empty, of shape {tuple(target_log_probs.shape)}: "
            "there is nothing to take the mean of"
        )
    _check_normalized("target_log_probs", target_log_probs)
    _check_normalized("prediction_log_probs", prediction_log_probs)


def _check_normalized(name: str, log_probs: Tensor) -> None:
    if log_probs.device.type != "cpu":  # to look at a number there is to wait for the device
        return
    total = log_probs.detach().exp().sum(dim=-1)
    # Rounding moves the sum by thousandths at most in single precision, by more in half.
    tolerance = max(1e-3, 16 * torch.finfo(log_probs.dtype).eps)
    wrong = total[(total - 1).abs() > tolerance]  # not NaN: a run that diverged is no wrong call
    if len(wrong) > 0:
        raise ValueError(
            f"{name} must be logarithms of probabilities that add up to 1 along the last axis, but "
            f"those of one distribution add up to {wrong[0]:g}; of logits make them with "
            "logits.log_softmax(-1), of probabilities with probabilities.log()"
        )
