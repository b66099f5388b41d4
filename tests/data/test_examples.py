"""Keeping some classes of a data set."""

from __future__ import annotations

import pytest
import torch

from linebyline.data.examples import Examples, TrainTest, only_classes

DATA = TrainTest(
    train=Examples(torch.tensor([10, 11, 12, 13, 14]), torch.tensor([4, 2, 9, 2, 4])),
    test=Examples(torch.tensor([20, 21, 22]), torch.tensor([9, 4, 2])),
)


def test_keeps_order_labels_and_sides():
    kept = only_classes(DATA, [9, 2])
    assert isinstance(kept, TrainTest)
    assert kept.train.inputs.tolist() == [11, 12, 13]
    assert kept.train.targets.tolist() == [2, 9, 2]
    assert kept.test.inputs.tolist() == [20, 22]
    assert kept.test.targets.tolist() == [9, 2]


def test_one_class_or_one_named_twice():
    assert only_classes(DATA, [4, 4]).train.inputs.tolist() == [10, 14]
    assert only_classes(DATA, range(2, 4)[:1]).test.inputs.tolist() == [22]


@pytest.mark.parametrize("classes", [[], [2, 3], [-1]])
def test_refuses_classes_that_are_not_there(classes):
    with pytest.raises(
        ValueError, match=r"classes is \[.*\]; it must be one or more of \[2, 4, 9\]"
    ):
        only_classes(DATA, classes)
