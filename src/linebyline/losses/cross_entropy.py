"""Softmax cross-entropy: how improbable the model thought the true class."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.losses.reduction import check_floating, check_reduction

NO_CLASS = -100  # what torch ignores when nothing is said; no class has this number


def cross_entropy(
    logits: Float[Tensor, "batch classes *places"],
    target: Int[Tensor, " batch *places"],
    *,
    class_weights: Float[Tensor, " classes"] | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Float[Tensor, "*reduced"]:
    """ℓ = -Σ_k w_k t_k log p_k, where p = softmax(z) and t_k = (1 - ε)[k = y] + ε/K.

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, section 4.3.4, equation 4.108,
    where t is 1 at the true class y and 0 elsewhere, and w is 1. Then ℓ = -log p_y, and its
    gradient is p - t. The smoothed t is that of Szegedy, Vanhoucke, Ioffe, Shlens & Wojna 2016,
    *Rethinking the Inception architecture for computer vision*, section 7, with their u uniform.

    It takes the logits z and not the probabilities, so that the logarithm and the exponential in
    the softmax can meet before one of them overflows. It equals `torch.nn.functional.cross_entropy`
    with class numbers as targets, and like that one it has the classes on axis 1. Deviations: a
    batch axis is required, nothing is ignored unless `ignore_index` says so (torch passes over
    -100), and targets of a floating-point type are refused: for a distribution over the classes
    there is `kl_divergence`, whose gradient is the same.

    "mean" is Σℓ / Σw_y over the targets that are not ignored: the mean if there are no weights,
    else an average in which a target counts as much as its class weighs.

    Args:
        logits: z, of shape (batch, classes, ...): any numbers, in nats.
        target: y, of shape (batch, ...): whole numbers from 0 to classes - 1, or `ignore_index`.
        class_weights: w, zero or more; None weighs all alike.
        label_smoothing: ε, from 0 to 1: the share of the target that is spread over all classes.
        ignore_index: the number of the targets that do not count, padding for instance.
        reduction: "mean", "sum", or "none" for one loss each (0 where ignored); in nats.

    Raises:
        ValueError: shapes or types do not fit, a target is no class, `class_weights` are not one
            for each class, negative or not finite, `label_smoothing` is outside [0, 1],
            `reduction` is none of the three, or no target counts in a mean. Targets and weights
            are looked at on the CPU only: on a GPU, every step would wait for it.
    """
    _check_options(class_weights, label_smoothing, reduction)
    _check(logits, target, class_weights, ignore_index, reduction)
    return functional.cross_entropy(
        logits,
        target.long(),
        weight=None if class_weights is None else class_weights.to(logits.dtype),
        ignore_index=NO_CLASS if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def log_softmax_explicit(
    logits: Float[Tensor, "batch classes *places"],
) -> Float[Tensor, "batch classes *places"]:
    """The log-softmax over axis 1, log p_k = z_k - log Σ_j exp(z_j), for logits of any size.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 6.2.2.3. To subtract the
    same m from every z changes no p. With the largest z for m, no exponent is positive, and one is
    0: the sum lies between 1 and K and can neither overflow nor vanish.
    """
    m = logits.detach().amax(dim=1, keepdim=True)  # any m will do, so it is no variable
    z = logits - m
    return z - z.exp().sum(dim=1, keepdim=True).log()


class CrossEntropy(nn.Module):
    """`cross_entropy` as a module, and the same written out in `explicit`.

    Args:
        class_weights: as for `cross_entropy`; kept as a buffer, so `.to(device)` moves them too.
        label_smoothing: as for `cross_entropy`.
        ignore_index: as for `cross_entropy`.
        reduction: as for `cross_entropy`.

    Raises:
        ValueError: as for `cross_entropy`; what is wrong without any input, at once.
    """

    class_weights: Tensor | None

    def __init__(
        self,
        *,
        class_weights: Float[Tensor, " classes"] | None = None,
        label_smoothing: float = 0.0,
        ignore_index: int | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        _check_options(class_weights, label_smoothing, reduction)
        self.register_buffer("class_weights", class_weights)
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(
        self,
        logits: Float[Tensor, "batch classes *places"],
        target: Int[Tensor, " batch *places"],
    ) -> Float[Tensor, "*reduced"]:
        """One call of the fused kernel."""
        return cross_entropy(
            logits,
            target,
            class_weights=self.class_weights,
            label_smoothing=self.label_smoothing,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )

    def explicit(
        self,
        logits: Float[Tensor, "batch classes *places"],
        target: Int[Tensor, " batch *places"],
    ) -> Float[Tensor, "*reduced"]:
        """The formula, term by term."""
        _check(logits, target, self.class_weights, self.ignore_index, self.reduction)
        classes, epsilon = logits.shape[1], self.label_smoothing
        w = logits.new_ones(classes)
        if self.class_weights is not None:
            w = self.class_weights.to(w)
        ignored = _ignored(target, self.ignore_index)
        y = target.long().masked_fill(ignored, 0)  # some class, so that there is one to look up
        log_p = log_softmax_explicit(logits)  # (N, K, ...)
        w_y = w[y].masked_fill(ignored, 0)  # (N, ...)
        losses = -w_y * log_p.gather(1, y.unsqueeze(1)).squeeze(1)  # -w_y log p_y
        if epsilon > 0:
            spread = -(log_p.movedim(1, -1) @ w) / classes  # -1/K Σ_k w_k log p_k
            losses = (1 - epsilon) * losses + epsilon * spread
        losses = losses.masked_fill(ignored, 0)
        if self.reduction == "none":
            return losses
        total = losses.sum()
        return total if self.reduction == "sum" else total / w_y.sum()

    def extra_repr(self) -> str:
        """What `print(loss)` shows between the brackets."""
        weights = None if self.class_weights is None else self.class_weights.tolist()
        return (
            f"class_weights={weights}, label_smoothing={self.label_smoothing}, "
            f"ignore_index={self.ignore_index}, reduction={self.reduction!r}"
        )


def _ignored(target: Tensor, ignore_index: int | None) -> Tensor:
    if ignore_index is None:
        return torch.zeros_like(target, dtype=torch.bool)
    return target.long() == ignore_index  # a short type would wrap the number round


def _check_options(class_weights: Tensor | None, label_smoothing: float, reduction: str) -> None:
    check_reduction(reduction)
    if not 0 <= label_smoothing <= 1:  # so that NaN is refused as well
        raise ValueError(f"label_smoothing must be from 0 to 1, not {label_smoothing}")
    if class_weights is None:
        return
    if class_weights.ndim != 1:
        raise ValueError(
            f"class_weights must have one axis, the classes, not {tuple(class_weights.shape)}"
        )
    if class_weights.device.type == "cpu":
        wrong = class_weights[~(class_weights.isfinite() & (class_weights >= 0))]
        if len(wrong) > 0:
            raise ValueError(f"class_weights must be finite, zero or more, but one is {wrong[0]:g}")


def _check(
    logits: Tensor,
    target: Tensor,
    class_weights: Tensor | None,
    ignore_index: int | None,
    reduction: str,
) -> None:
    check_floating("logits", logits)
    shapes = f"logits is {tuple(logits.shape)} and target is {tuple(target.shape)}"
    if logits.ndim < 2 or logits.shape[1] == 0:
        raise ValueError(f"logits must be (batch, classes, ...), but {shapes}")
    classes = logits.shape[1]
    if target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        message = f"target must be the classes' numbers, of a whole-number type, not {target.dtype}"
        if target.shape == logits.shape:
            message += "; for distributions over the classes there is kl_divergence"
        else:
            message += "; if it holds classes, take target.long()"
        raise ValueError(message)
    if target.shape != logits.shape[:1] + logits.shape[2:]:
        message = f"target must have logits' shape without axis 1, the classes, but {shapes}"
        if target.shape == logits.shape:
            message += "; of one-hot rows make classes with target.argmax(1)"
        elif target.shape == logits.shape[:-1]:
            message += "; logits.movedim(-1, 1) brings the classes from the last axis to axis 1"
        raise ValueError(message)
    if class_weights is not None and len(class_weights) != classes:
        raise ValueError(
            f"class_weights must be one for each of the {classes} classes, not {len(class_weights)}"
        )
    if target.device.type == "cpu":  # to look at a number elsewhere is to wait for the device
        _check_classes(target, classes, class_weights, ignore_index, reduction)


def _check_classes(
    target: Tensor,
    classes: int,
    class_weights: Tensor | None,
    ignore_index: int | None,
    reduction: str,
) -> None:
    counted = target[~_ignored(target, ignore_index)].long()
    wrong = counted[(counted < 0) | (counted >= classes)]
    if len(wrong) > 0:
        message = f"target must be from 0 to {classes - 1}, for {classes} classes, but one is "
        message += f"{wrong[0]}"
        if wrong[0] < 0:
            message += f"; ignore_index={wrong[0]} would pass over it"
        raise ValueError(message)
    if reduction != "mean":
        return
    if len(counted) == 0:
        which = "" if ignore_index is None else f" other than ignore_index={ignore_index}"
        raise ValueError(
            f"target, of shape {tuple(target.shape)}, holds no class{which}: "
            "there is nothing to take the mean of"
        )
    if class_weights is not None and class_weights[counted].sum() == 0:
        raise ValueError(
            "class_weights are 0 for every class in target: there is nothing to take the mean of"
        )
