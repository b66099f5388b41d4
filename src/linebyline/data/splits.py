"""Splitting examples into some to train on and others to test on."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from linebyline.data.examples import Examples, TrainTest


def split(examples: Examples, *, test_size: int | float = 0.25, seed: int = 0) -> TrainTest:
    """Shuffle, and set a part aside to test on; every example goes to exactly one side.

    Whole-number targets of shape (examples,) are classes, and the split is stratified with
    proportional allocation (Cochran, *Sampling Techniques*, 1977, chapter 5): each class has its
    share of the test set to within one example, and the examples left over by rounding down go to
    the largest remainders. Other targets are split without regard to their values.

    Args:
        examples: what to split.
        test_size: a whole number of examples, or a fraction of all of them between 0 and 1.
        seed: the same seed gives the same split.

    Raises:
        ValueError: inputs and targets differ in number; ``test_size`` leaves one side without
            examples, or without examples of some class.
    """
    inputs, targets = examples
    total = len(targets)
    if len(inputs) != total:
        raise ValueError(f"examples has {len(inputs)} inputs but {total} targets")
    size = round(test_size * total) if isinstance(test_size, float) else test_size
    if not 0 < size < total:
        raise ValueError(
            f"test_size is {test_size}, which would put {size} of {total} examples in the test "
            f"set; it must be from 1 to {total - 1}, or a fraction that leaves some on both sides"
        )
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(total, generator=generator)
    if targets.is_floating_point() or targets.ndim != 1:
        in_test = torch.arange(total) < size
    else:
        in_test = _stratified(targets[order], size)
    # Shuffled once more: of each class the first were taken, so what is left begins out of balance.
    sides = (order[~in_test], order[in_test])
    train, test = (side[torch.randperm(len(side), generator=generator)] for side in sides)
    return TrainTest(Examples(inputs[train], targets[train]), Examples(inputs[test], targets[test]))


def _stratified(labels: Int[Tensor, " examples"], size: int) -> Bool[Tensor, " examples"]:
    """Mark ``size`` shuffled examples for the test set: of each class the first ones."""
    classes, counts = labels.unique(return_counts=True)
    # In whole numbers, where equal remainders are equal; ties go to the smaller label.
    shares, remainders = counts * size // len(labels), counts * size % len(labels)
    leftover = size - int(shares.sum())
    shares[remainders.argsort(descending=True, stable=True)[:leftover]] += 1
    marked = torch.zeros_like(labels, dtype=torch.bool)
    for label, count, share in zip(*(t.tolist() for t in (classes, counts, shares)), strict=True):
        if share in (0, count):
            raise ValueError(
                f"test_size would put {share} of the {count} examples of class {label} in the "
                "test set; choose a test_size that leaves some on both sides"
            )
        marked[(labels == label).nonzero().squeeze(1)[:share]] = True
    return marked
