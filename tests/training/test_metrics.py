"""Accuracy equals scikit-learn's, and refuses what it could only misread."""

import re

import pytest
import torch
from sklearn.metrics import accuracy_score

from linebyline.training.metrics import accuracy


def test_equals_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(200, 5, dtype=torch.float64, generator=generator)
    target = torch.randint(5, (200,), generator=generator)
    classes = scores.argmax(1)
    expected = accuracy_score(target.numpy(), classes.numpy())
    assert 0 < expected < 1
    assert accuracy(scores, target).item() == pytest.approx(expected, abs=1e-7)
    assert accuracy(scores.softmax(1), target).item() == pytest.approx(expected, abs=1e-7)
    assert accuracy(classes, target).item() == pytest.approx(expected, abs=1e-7)


def test_by_hand() -> None:
    scores = torch.tensor([[0.1, 0.9], [2.0, 1.0], [0.0, -1.0], [3.0, 3.0]])
    assert accuracy(scores, torch.tensor([1, 0, 1, 0])).item() == 0.75  # of equal scores the first


@pytest.mark.parametrize("shape", [(4, 1), (3,), (), (4, 2)])
def test_refuses_targets_of_another_shape(shape: tuple[int, ...]) -> None:
    message = re.escape(f"prediction is (4, 2) and target is {shape}")
    with pytest.raises(ValueError, match=message):
        accuracy(torch.zeros(4, 2), torch.zeros(shape, dtype=torch.long))


def test_refuses_scores_of_more_axes() -> None:
    with pytest.raises(ValueError, match=re.escape("prediction is (4, 2, 3)")):
        accuracy(torch.zeros(4, 2, 3), torch.zeros(4, dtype=torch.long))


def test_refuses_a_single_output() -> None:
    """Its argmax is always 0: all of class 0 would count as right, whatever the output is."""
    with pytest.raises(ValueError, match=r"a score for each of two classes or more.*threshold"):
        accuracy(torch.zeros(4, 1), torch.zeros(4, dtype=torch.long))


def test_refuses_classes_that_are_fractions() -> None:
    with pytest.raises(ValueError, match=r"prediction must be whole numbers.*torch\.float32"):
        accuracy(torch.zeros(4), torch.zeros(4, dtype=torch.long))


def test_refuses_an_empty_batch() -> None:
    with pytest.raises(ValueError, match="prediction must hold at least one example"):
        accuracy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long))
