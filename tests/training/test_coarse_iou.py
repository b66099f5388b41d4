"""The best coarse answer against all coarse answers."""

from itertools import product

import pytest
import torch
from sklearn.metrics import jaccard_score

from linebyline.training.coarse_iou import best_coarse_iou


def test_it_is_the_best_of_all_answers():
    for seed in range(5):
        g = torch.Generator().manual_seed(seed)
        target = (torch.rand(1, 6, 6, generator=g) < torch.rand(1, 6, 6, generator=g)).long()
        best = [0.0, 0.0]
        for choice in product((0, 1), repeat=9):
            answer = torch.tensor(choice).view(3, 3).repeat_interleave(2, 0).repeat_interleave(2, 1)
            values = jaccard_score(
                target.flatten(), answer.flatten(), average=None, labels=[0, 1], zero_division=0
            )
            best = [max(pair) for pair in zip(best, values, strict=True)]
        found = best_coarse_iou(target, classes=2, cell=2)
        assert found.tolist() == pytest.approx(best, abs=1e-6)


def test_by_hand():
    target = torch.zeros(1, 2, 4, dtype=torch.long)
    target[0, :, :2] = 1  # a full square
    target[0, 0, 2] = 1  # and a quarter of the other
    # One square: 4 / 5. Both: 5 / 8.
    assert best_coarse_iou(target, classes=2, cell=2)[1].item() == pytest.approx(4 / 5)
    assert best_coarse_iou(target, classes=2, cell=1).tolist() == [1, 1]


def test_a_square_of_less_than_half_may_be_claimed():
    target = torch.zeros(1, 3, 3, dtype=torch.long)
    target[0, 0] = 1  # a third of the only square
    assert best_coarse_iou(target, classes=2, cell=3)[1].item() == pytest.approx(1 / 3)


def test_a_class_that_is_not_there_has_none():
    found = best_coarse_iou(torch.zeros(1, 4, 4, dtype=torch.long), classes=2, cell=2)
    assert found[0] == 1
    assert found[1].isnan()


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    target = torch.zeros(1, 4, 6, dtype=torch.long)
    with pytest.raises(ValueError, match=r"^target must be \(images, height, width\)"):
        best_coarse_iou(target[0], classes=2, cell=2)
    for cell in (0, 3, 4):
        with pytest.raises(ValueError, match=rf"^cell must divide \(4, 6\), but is {cell}"):
            best_coarse_iou(target, classes=2, cell=cell)
