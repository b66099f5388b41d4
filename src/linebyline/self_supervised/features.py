"""Features: rows of numbers, one for each input, with or without a label beside it."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

Features = Float[Tensor, "examples features"]


def encoded(encoder: Callable[[Tensor], Tensor], inputs: Tensor) -> Features:
    """What an encoder gives for a batch of inputs.

    Raises:
        ValueError: it gives no row of features for each input.
    """
    h = encoder(inputs)
    if h.ndim != 2 or len(h) != len(inputs):
        raise ValueError(
            f"encoder must give (examples, features), {len(inputs)} rows here, but its answer is "
            f"of shape {tuple(h.shape)}"
        )
    return h


@torch.no_grad()
def frozen_features(
    encoder: Callable[[Tensor], Tensor],
    inputs: Shaped[Tensor, "examples ..."],
    *,
    batch_size: int = 256,
) -> Features:
    """What an encoder gives for many inputs, a batch at a time and without a gradient.

    The encoder is used as it is: put a module into evaluation mode first, or its dropout and its
    batch statistics will be in the features.

    Args:
        encoder: from a batch of inputs to rows of features; a module, or a method such as
            `SimCLR.features`.
        inputs: all of them.
        batch_size: how many at a time.

    Raises:
        ValueError: `batch_size` is below 1, there is no input, or as `encoded`.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    if len(inputs) == 0:
        raise ValueError("inputs must hold at least one example")
    return torch.cat([encoded(encoder, batch) for batch in inputs.split(batch_size)])


def check_labelled(features: Features, labels: Int[Tensor, " examples"]) -> int:
    """Refuse what is no row of features for each label.

    Returns:
        How many classes there are, the largest label and 0 to those below it.

    Raises:
        ValueError: features and labels differ in number, or are none; or a label is below 0.
    """
    if features.ndim != 2 or labels.shape != features.shape[:1] or 0 in features.shape:
        raise ValueError(
            "features must have a row for each of the labels, but features is "
            f"{tuple(features.shape)} and labels is {tuple(labels.shape)}"
        )
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0:
        raise ValueError(f"labels must be classes from 0 on, but one is {lowest}")
    return highest + 1
