"""The list holds the answers that are sure enough, each with its box, and says none twice."""

import pytest
import torch
from kornia.geometry.bbox import nms
from torch import Tensor
from vision.conftest import generator

from linebyline.vision.detections import Detections, list_detections


def answers(each: int) -> tuple[Tensor, Tensor]:
    """Twelve answers about three classes, with so many boxes for each, near one another."""
    low = 6 * torch.rand(12, each, 2, generator=generator(1))
    size = 4 + 4 * torch.rand(12, each, 2, generator=generator(2))
    boxes = torch.cat([low, low + size], dim=-1)
    return boxes, torch.rand(12, 3, generator=generator(3)).softmax(1)


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("across", [False, True])
def test_what_is_kept_is_what_an_independent_suppression_keeps(each: int, across: bool) -> None:
    boxes, chances = answers(each)
    found = list_detections(boxes, chances, least=0.3, overlap=0.4, across_classes=across)
    rows = [(n, k) for n in range(12) for k in range(3) if chances[n, k] >= 0.3]
    expected = []
    for group in [(0, 1, 2)] if across else [(0,), (1,), (2,)]:
        own = [(n, k) for n, k in rows if k in group]
        box = torch.stack([boxes[n, k if each == 3 else 0] for n, k in own])
        score = torch.stack([chances[n, k] for n, k in own])
        expected += [own[place] for place in nms(box, score, 0.4).tolist()]
    expected.sort(key=lambda row: -chances[row])
    assert 3 < len(expected) < len(rows)
    assert found.classes.tolist() == [k for _, k in expected]
    assert found.scores.tolist() == [chances[row].item() for row in expected]
    for box, (n, k) in zip(found.boxes, expected, strict=True):
        assert box.equal(boxes[n, k if each == 3 else 0])


def test_without_suppression_all_are_there_in_their_order() -> None:
    boxes, chances = answers(3)
    found = list_detections(boxes, chances, least=0.3, overlap=None)
    rows = (chances >= 0.3).nonzero()
    assert found.classes.equal(rows[:, 1])
    assert found.boxes.equal(boxes[rows[:, 0], rows[:, 1]])
    assert found.scores.equal(chances[rows[:, 0], rows[:, 1]])


def test_usual_thresholds() -> None:
    boxes = torch.tensor([[[0.0, 0, 4, 4]], [[0, 0, 4, 2]], [[0, 0, 4, 1.9]], [[8, 8, 9, 9]]])
    chances = torch.tensor([[0.9, 0], [0.8, 0.05], [0.7, 0.04], [0.6, 0]])
    found = list_detections(boxes[:2], chances[:2])
    assert found.classes.tolist() == [0, 0, 1]  # an overlap of one half is not above it
    found = list_detections(boxes[1:], chances[1:])
    assert found.scores.tolist() == pytest.approx([0.8, 0.6, 0.05])  # 0.95 is above


def test_nothing_is_a_list_too() -> None:
    boxes, chances = answers(1)
    for overlap in (0.5, None):
        found = list_detections(boxes, chances, least=1.0, overlap=overlap)
        assert isinstance(found, Detections)
        assert [tuple(part.shape) for part in found] == [(0, 4), (0,), (0,)]


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name() -> None:
    boxes, chances = answers(2)
    with pytest.raises(ValueError, match=r"^boxes must be 1 or 3 for each answer, not 2"):
        list_detections(boxes, chances)
    with pytest.raises(ValueError, match=r"^threshold must be from 0 to 1, not 1\.5"):
        list_detections(boxes[:, :1], chances, overlap=1.5)
