"""Splitting examples: some to train on, others to choose by, others to test on."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from linebyline.data.examples import Examples, TrainTest, TrainValidationTest


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
    return TrainTest(*_in_two(examples, test_size, "test", torch.Generator().manual_seed(seed)))


def split_in_three(
    examples: Examples,
    *,
    validation_size: int | float = 0.2,
    test_size: int | float = 0.2,
    seed: int = 0,
) -> TrainValidationTest:
    """Shuffle, and set two parts aside, one to choose by and one to test on.

    The three sets of Bishop 2006, *Pattern Recognition and Machine Learning*, section 1.3. First
    `split` sets the test set aside, then what is left is split again. So the test set depends on
    ``test_size`` and ``seed`` alone: it is ``split(examples, test_size=..., seed=...).test``,
    whatever ``validation_size``, and no example wanders from it into the training set of a later
    run. Classes keep their shares, in the test set and again in what is left.

    Args:
        examples: what to split.
        validation_size: a whole number of examples, or a fraction of all of them.
        test_size: the same, for the test set.
        seed: the same seed gives the same three parts.

    Raises:
        ValueError: inputs and targets differ in number; a size leaves one part without examples,
            or without examples of some class.
    """
    generator = torch.Generator().manual_seed(seed)
    rest, test = _in_two(examples, test_size, "test", generator)
    size = _count(validation_size, len(examples.targets))  # of all, not of the rest
    train, validation = _in_two(rest, size, "validation", generator, given=validation_size)
    return TrainValidationTest(train, validation, test)


def _count(size: int | float, total: int) -> int:
    return round(size * total) if isinstance(size, float) else size


def _in_two(
    examples: Examples,
    wanted: int | float,
    part: str,
    generator: torch.Generator,
    *,
    given: int | float | None = None,
) -> tuple[Examples, Examples]:
    """What is left, and the part; messages say ``given``, if that is what the caller was given."""
    inputs, targets = examples
    total = len(targets)
    if len(inputs) != total:
        raise ValueError(f"examples has {len(inputs)} inputs but {total} targets")
    size = _count(wanted, total)
    if not 0 < size < total:
        given = wanted if given is None else given
        raise ValueError(
            f"{part}_size is {given}, which would put {size} of {total} examples in the {part} "
            f"set; it must be from 1 to {total - 1}, or a fraction that leaves some on both sides"
        )
    order = torch.randperm(total, generator=generator)
    if is_class(targets):
        aside = _stratified(targets[order], size, part)
    else:
        aside = torch.arange(total) < size
    # Shuffled once more: of each class the first were taken, so what is left begins out of balance.
    sides = (order[~aside], order[aside])
    left, chosen = (side[torch.randperm(len(side), generator=generator)] for side in sides)
    return Examples(inputs[left], targets[left]), Examples(inputs[chosen], targets[chosen])


def is_class(targets: Tensor) -> bool:
    """Whether targets are classes, whole numbers of shape (examples,), which can be stratified."""
    return targets.ndim == 1 and not targets.is_floating_point()


def _stratified(
    labels: Int[Tensor, " examples"], size: int, part: str
) -> Bool[Tensor, " examples"]:
    """Mark ``size`` shuffled examples for the part: of each class the first ones."""
    classes, counts = labels.unique(return_counts=True)
    # In whole numbers, where equal remainders are equal; ties go to the smaller label.
    shares, remainders = counts * size // len(labels), counts * size % len(labels)
    leftover = size - int(shares.sum())
    shares[remainders.argsort(descending=True, stable=True)[:leftover]] += 1
    marked = torch.zeros_like(labels, dtype=torch.bool)
    for label, count, share in zip(*(t.tolist() for t in (classes, counts, shares)), strict=True):
        if share in (0, count):
            raise ValueError(
                f"{part}_size would put {share} of the {count} examples of class {label} in the "
                f"{part} set; choose a {part}_size that leaves some on both sides"
            )
        marked[(labels == label).nonzero().squeeze(1)[:share]] = True
    return marked
