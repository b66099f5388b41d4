"""What a data set is in this book: inputs beside targets, some to train on and some to test on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Examples(NamedTuple):
    """Inputs and targets; example ``i`` is ``inputs[i]`` with ``targets[i]``.

    Classes are int64 of shape (examples,); targets of a regression are float32 of shape
    (examples, outputs).
    """

    inputs: Tensor
    targets: Tensor


class TrainTest(NamedTuple):
    """Examples to learn from, and others, never seen in learning, to judge by."""

    train: Examples
    test: Examples


class TrainValidationTest(NamedTuple):
    """Examples to learn from, others to choose by, and others that have no say in anything."""

    train: Examples
    validation: Examples
    test: Examples


def only_classes(data: TrainTest, classes: Sequence[int]) -> TrainTest:
    """Keep the examples of some classes, in their order; labels stay what they were.

    Classes are chosen *after* the split, so that an example stands on the same side whatever
    classes are kept: what a model of ten digits was trained on is never in a test set of two.

    Raises:
        ValueError: ``classes`` is empty, or names a class that the data do not have.
    """
    known = data.train.targets.unique().tolist()
    if not classes or not set(classes) <= set(known):
        raise ValueError(f"classes is {list(classes)}; it must be one or more of {known}")
    wanted = torch.tensor(list(classes))
    return TrainTest(*(_rows(part, torch.isin(part.targets, wanted)) for part in data))


def _rows(examples: Examples, which: Tensor) -> Examples:
    return Examples(examples.inputs[which], examples.targets[which])
