"""Each kind of error by hand, and counts that add up."""

import pytest
import torch
from vision.conftest import generator

from linebyline.data.scenes import NOTHING
from linebyline.vision.average_precision import find
from linebyline.vision.detection_errors import detection_errors
from linebyline.vision.detections import Detections

TRUTH = torch.tensor([[[0.0, 0, 10, 10], [20, 20, 30, 30], [0, 0, 0, 0]]])
LABELS = torch.tensor([[3, 5, NOTHING]])


def said(*rows: tuple[float, float, float, float, float, int]) -> list[Detections]:
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 6)
    return [Detections(table[:, :4].float(), table[:, 4].float(), table[:, 5].long())]


RIGHT = (0, 0, 10, 10, 0.9, 3)


@pytest.mark.parametrize(
    ("detections", "kind"),
    [
        ((0, 0, 10, 6, 0.8, 3), "twice"),
        ((0, 0, 10, 4, 0.8, 3), "place"),
        ((0, 0, 10, 6, 0.8, 5), "class_"),
        ((0, 0, 10, 4, 0.8, 5), "nothing"),
        ((40, 40, 50, 50, 0.8, 3), "nothing"),
        ((9, 9, 19, 19, 0.8, 3), "nothing"),
        ((20, 20, 30, 30, 0.8, 5), "right"),
        ((20, 20, 30, 30, 0.8, 3), "class_"),
    ],
)
def test_each_kind_by_hand(detections, kind: str) -> None:
    found = detection_errors(said(detections, RIGHT), TRUTH, LABELS)._asdict()
    expected = dict.fromkeys(found, 0) | {"right": 1}
    expected[kind] += 1
    expected["missed"] = 2 - expected["right"]
    assert found == expected


def test_the_surest_is_the_first() -> None:
    worse = (0, 0, 10, 6, 0.95, 3)
    assert detection_errors(said(RIGHT, worse), TRUTH, LABELS).twice == 1
    alone = detection_errors(said(RIGHT, worse), TRUTH, LABELS, least=0.92)
    assert (alone.right, alone.twice, alone.missed) == (1, 0, 1)


def test_thresholds() -> None:
    half = said((0, 0, 10, 5, 0.5, 3))
    assert detection_errors(half, TRUTH, LABELS).right == 1
    assert detection_errors(half, TRUTH, LABELS, iou_threshold=0.51).place == 1
    assert detection_errors(half, TRUTH, LABELS, least=0.51).missed == 2
    assert detection_errors(half, TRUTH, LABELS, iou_threshold=0.7, near=0.6).nothing == 1


def test_nothing_said_and_nothing_there() -> None:
    assert detection_errors(said(), TRUTH, LABELS) == (0, 0, 0, 0, 0, 2)
    empty = torch.full((1, 3), NOTHING)
    assert detection_errors(said(RIGHT), TRUTH, empty) == (0, 0, 0, 0, 1, 0)


def test_right_answers_are_those_of_average_precision() -> None:
    random = generator()
    low = 30 * torch.rand(20, 3, 2, generator=random)
    truth = torch.cat([low, low + 8 + 8 * torch.rand(20, 3, 2, generator=random)], dim=-1)
    labels = torch.randint(-1, 2, (20, 3), generator=random)
    detections = []
    for boxes in truth:
        near = boxes.repeat(4, 1) + 2.5 * torch.randn(12, 4, generator=random)
        near[:, 2:] = torch.maximum(near[:, 2:], near[:, :2] + 1)
        scores = torch.rand(12, generator=random)
        detections.append(Detections(near, scores, torch.randint(2, (12,), generator=random)))
    found = detection_errors(detections, truth, labels, least=0.0)
    assert found.right == find(detections, truth, labels).right.sum()
    assert sum(found[:5]) == 20 * 12
    assert found.missed == (labels != NOTHING).sum() - found.right
    assert min(found) > 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"iou_threshold": 1.1}, "near is 0.1 and iou_threshold is 1.1"),
        ({"near": 0.6}, "near is 0.6 and iou_threshold is 0.5"),
        ({"near": 0.0}, "near is 0.0"),
    ],
)
def test_refuses_thresholds(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        detection_errors(said(RIGHT), TRUTH, LABELS, **options)


def test_refuses_other_numbers_than_images() -> None:
    with pytest.raises(ValueError, match="one for each of the 1 images, not 2"):
        detection_errors(said(RIGHT) * 2, TRUTH, LABELS)
