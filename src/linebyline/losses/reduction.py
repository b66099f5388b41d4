"""The reduction: how the losses of many numbers or examples become one."""

from typing import Literal, get_args

from jaxtyping import Float
from torch import Tensor

Reduction = Literal["mean", "sum", "none"]


def reduce(losses: Float[Tensor, "*shape"], reduction: str) -> Float[Tensor, "*reduced"]:
    """L = 1/n Σ_i ℓ_i for "mean", Σ_i ℓ_i for "sum", all the ℓ_i for "none".

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 8.1.3: the mean over a
    batch estimates the mean over all the data without bias, whatever the size of the batch. A sum
    grows with the batch, and the learning rate would have to shrink with it.

    Args:
        losses: ℓ, one for each number or each example, as the loss says.
        reduction: "mean", "sum" or "none".

    Raises:
        ValueError: `reduction` is none of the three, or there is nothing to take the mean of.
    """
    check_reduction(reduction)
    if reduction == "none":
        return losses
    total = losses.sum()  # Σ_i ℓ_i
    if reduction == "sum":
        return total
    _check_not_empty("losses", losses)
    return total / losses.numel()  # 1/n Σ_i ℓ_i


def check_reduction(reduction: str) -> None:
    """Refuse a reduction that is none of the three; the message names them."""
    if reduction not in get_args(Reduction):
        known = ", ".join(map(repr, get_args(Reduction)))
        raise ValueError(f"reduction must be one of {known}, not {reduction!r}")


def check_floating(name: str, tensor: Tensor) -> None:
    """Refuse whole numbers where the loss is to be differentiated."""
    if not tensor.is_floating_point():
        raise ValueError(
            f"{name} must be of a floating-point type, not {tensor.dtype}; take {name}.float()"
        )


def check_pairs(
    prediction: Tensor, target: Tensor, reduction: str, *, name: str = "prediction"
) -> None:
    """Refuse what a loss that compares number with number cannot take.

    Shapes that differ are refused because they would be broadcast: (N, 1) against (N,) makes all N²
    pairs, and the model learns to answer the mean of all targets, with a loss that falls all the
    same.

    Args:
        prediction: what the model said.
        target: what is right, of the same shape.
        reduction: how the losses are to become one.
        name: what the loss calls its `prediction`.

    Raises:
        ValueError: the shapes differ, the prediction is of a whole-number type, `reduction` is none
            of the three, or there is nothing to take the mean of.
    """
    if prediction.shape != target.shape:
        shape = tuple(prediction.shape)
        message = (
            f"{name} and target must have the same shape, "
            f"but {name} is {shape} and target is {tuple(target.shape)}"
        )
        if prediction.numel() == target.numel():  # a column against a row, most often
            message += f"; target.reshape({shape}) lays them side by side"
        raise ValueError(message)
    check_floating(name, prediction)
    check_reduction(reduction)
    if reduction == "mean":
        _check_not_empty(name, prediction)


def _check_not_empty(name: str, tensor: Tensor) -> None:
    if tensor.numel() == 0:
        raise ValueError(
            f"{name} is empty, of shape {tuple(tensor.shape)}: there is nothing to take the mean of"
        )
