"""Greedy suppression: equal to kornia's, and by hand."""

import pytest
import torch
from kornia.geometry.bbox import nms

from linebyline.vision.non_maximum_suppression import non_maximum_suppression, survivors


def some(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    low = 20 * torch.rand(count, 2, generator=random)
    size = 1 + 15 * torch.rand(count, 2, generator=random)
    return torch.cat([low, low + size], dim=1), torch.rand(count, generator=random)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_equals_kornia(threshold: float, seed: int) -> None:
    boxes, scores = some(60, seed)
    kept = non_maximum_suppression(boxes, scores, threshold=threshold)
    assert torch.equal(kept, nms(boxes, scores, threshold))


def test_by_hand_a_dropped_box_drops_no_other() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])  # neighbours: 6/14
    scores = torch.tensor([0.9, 0.8, 0.7])
    assert non_maximum_suppression(boxes, scores, threshold=0.4).tolist() == [0, 2]
    assert non_maximum_suppression(boxes, scores, threshold=0.43).tolist() == [0, 1, 2]
    assert non_maximum_suppression(boxes, scores.flip(0), threshold=0.4).tolist() == [2, 0]


def test_the_threshold_itself_is_allowed() -> None:
    boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1]])  # exactly one half
    scores = torch.tensor([1.0, 2.0])
    assert non_maximum_suppression(boxes, scores).tolist() == [1, 0]
    assert non_maximum_suppression(boxes, scores, threshold=0.49).tolist() == [1]
    boxes[1, 3] = 1.01  # a little more than one half
    assert non_maximum_suppression(boxes, scores).tolist() == [1]


@pytest.mark.parametrize(("threshold", "kept"), [(0.0, [0, 2]), (1.0, [0, 1, 2])])
def test_both_ends_are_thresholds(threshold: float, kept: list[int]) -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10], [10, 0, 20, 10]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    assert non_maximum_suppression(boxes, scores, threshold=threshold).tolist() == kept


def test_equal_scores_are_taken_in_their_order() -> None:
    boxes, _ = some(1, 0)
    many = boxes.expand(100, 4)  # an unstable sort keeps a handful in their order by chance
    assert non_maximum_suppression(many, torch.ones(100)).tolist() == [0]
    scores = torch.arange(100).remainder(2).float()
    assert non_maximum_suppression(many, scores, threshold=1.0).tolist() == [
        *range(1, 100, 2),
        *range(0, 100, 2),
    ]


def test_classes_leave_each_other_alone() -> None:
    boxes, scores = some(40, 1)
    classes = torch.arange(40) % 3
    kept = non_maximum_suppression(boxes, scores, threshold=0.2, classes=classes)
    expected = []
    for label in range(3):
        (own,) = (classes == label).nonzero(as_tuple=True)
        expected += own[nms(boxes[own], scores[own], 0.2)].tolist()
    assert sorted(kept.tolist()) == sorted(expected)
    assert scores[kept].tolist() == sorted(scores[kept].tolist(), reverse=True)


@pytest.mark.parametrize("threshold", [0.2, 0.7])
def test_many_images_at_once_are_each_by_itself(threshold: float) -> None:
    images = [some(50, seed) for seed in range(6)]
    orders = [scores.argsort(descending=True) for _, scores in images]
    images = [(b[order], s[order]) for (b, s), order in zip(images, orders, strict=True)]
    together = survivors(torch.stack([boxes for boxes, _ in images]), threshold=threshold)
    assert not together.all()
    for stays, (boxes, scores) in zip(together, images, strict=True):
        assert torch.equal(stays.nonzero()[:, 0], nms(boxes, scores, threshold))


def test_no_boxes() -> None:
    assert non_maximum_suppression(torch.zeros(0, 4), torch.zeros(0)).tolist() == []


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_refuses_a_threshold(threshold: float) -> None:
    with pytest.raises(ValueError, match=f"threshold must be from 0 to 1, not {threshold}"):
        non_maximum_suppression(torch.zeros(1, 4), torch.zeros(1), threshold=threshold)
