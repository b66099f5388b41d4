"""The confusion matrix equals scikit-learn's, also where classes are missing, or refuses."""

import pytest
import torch
from sklearn import metrics

from linebyline.training.confusion import confusion_matrix
from linebyline.training.metrics import accuracy


def test_equals_scikit_learn() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(200, 5, generator=generator)
    target = torch.randint(4, (200,), generator=generator)  # class 4 is guessed, and never true
    expected = metrics.confusion_matrix(target.numpy(), scores.argmax(1).numpy(), labels=range(6))
    wide = torch.cat([scores, torch.full((200, 1), -9.0)], 1)
    for prediction in (wide, scores.argmax(1), scores.argmax(1).int()):
        counts = confusion_matrix(prediction, target, classes=6)
        assert torch.equal(counts, torch.from_numpy(expected))
    assert counts.trace() / counts.sum() == accuracy(scores, target)


def test_by_hand_rows_are_the_truth() -> None:
    counts = confusion_matrix(torch.tensor([1, 1, 0]), torch.tensor([0, 0, 0]), classes=2)
    assert counts.tolist() == [[1, 2], [0, 0]]


def test_classes_may_be_bytes() -> None:
    classes = torch.tensor([19, 3], dtype=torch.uint8)
    counts = confusion_matrix(classes, classes, classes=20)
    assert counts.nonzero().tolist() == [[3, 3], [19, 19]]


def test_an_empty_batch_has_no_counts() -> None:
    nothing = torch.zeros(0, dtype=torch.long)
    assert confusion_matrix(nothing, nothing, classes=2).tolist() == [[0, 0], [0, 0]]


def test_refuses_scores_of_another_number_of_classes() -> None:
    with pytest.raises(
        ValueError, match=r"prediction must be \(batch,\) or \(batch, 4\).*\(2, 3\)"
    ):
        confusion_matrix(torch.zeros(2, 3), torch.tensor([0, 1]), classes=4)


def test_refuses_a_single_number(without_shape_checks: None) -> None:
    with pytest.raises(ValueError, match=r"prediction must be \(batch,\) or .* but is \(\)"):
        confusion_matrix(torch.tensor(1), torch.tensor(1), classes=2)


@pytest.mark.parametrize("shape", [(1,), (3, 1), ()])
def test_refuses_a_target_that_does_not_fit(
    shape: tuple[int, ...], without_shape_checks: None
) -> None:
    with pytest.raises(ValueError, match=r"target must be \(3,\), a class for each prediction"):
        confusion_matrix(torch.tensor([1, 0, 1]), torch.ones(shape).long(), classes=2)


@pytest.mark.parametrize("wrong", [-1, 3])
def test_refuses_what_is_no_class(wrong: int) -> None:
    right, off = torch.tensor([0, 1]), torch.tensor([0, wrong])
    with pytest.raises(ValueError, match=f"target must hold classes from 0 to 2, not {wrong}"):
        confusion_matrix(right, off, classes=3)
    with pytest.raises(ValueError, match=f"prediction must hold classes from 0 to 2, not {wrong}"):
        confusion_matrix(off, right, classes=3)


def test_refuses_fractions() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        confusion_matrix(torch.tensor([0.5, 1]), torch.tensor([0, 1]), classes=2)
