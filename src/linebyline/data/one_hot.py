"""One-hot coding: a class as a vector of its own, as far from one other class as from any."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def one_hot(labels: Int[Tensor, "*batch"], classes: int) -> Float[Tensor, "*batch classes"]:
    """y_k = 1 where k is the label, else 0.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, chapter 15: one of n bits is hot.
    A label's number is a name, and says no more than a name. As a number, 3 lies between 2 and 4;
    here any two classes are √2 apart. Unlike `torch.nn.functional.one_hot` the answer is in
    floating point, ready to be averaged, mixed and compared with probabilities.

    Args:
        labels: whole numbers from 0 to classes - 1.
        classes: how many there are: not to be guessed from a batch, which may lack the last one.

    Raises:
        ValueError: `classes` is below 1, or a label out of range.
    """
    if classes < 1:
        raise ValueError(f"classes must be at least 1, not {classes}")
    if labels.numel() and not (labels.min() >= 0 and labels.max() < classes):
        low, high = labels.min().item(), labels.max().item()
        raise ValueError(
            f"labels must be from 0 to {classes - 1} for {classes} classes, but are from {low} to "
            f"{high}"
        )
    names = torch.arange(classes, device=labels.device)  # 0, 1, ..., K - 1
    return (labels[..., None] == names).to(torch.get_default_dtype())
