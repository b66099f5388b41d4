"""Average precision: equal to COCO's own program, and by hand."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from linebyline.data.scenes import NOTHING
from linebyline.vision.average_precision import (
    COCO_THRESHOLDS,
    average_precision,
    find,
    precision_recall,
)
from linebyline.vision.detections import Detections


def scene(seed: int, images: int = 12, most: int = 5, guesses: int = 9):
    """Boxes on whole pixels, so that overlaps hit thresholds, and scores with ties."""
    g = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 30, (images, most, 2), generator=g).double()
    size = torch.randint(4, 20, (images, most, 2), generator=g).double()
    boxes = torch.cat([corner, corner + size], dim=-1)
    classes = torch.randint(0, 3, (images, most), generator=g)
    classes[torch.rand(images, most, generator=g) < 0.3] = NOTHING
    boxes[classes == NOTHING] = 0
    detections = []
    for number in range(images):
        count = int(torch.randint(0, guesses + 1, (), generator=g))
        which = torch.randint(0, most, (count,), generator=g)
        off = torch.randint(-3, 4, (count, 4), generator=g).double()
        near = boxes[number, which] + off
        near[:, 2:] = torch.maximum(near[:, 2:], near[:, :2] + 1)
        labels = classes[number, which].where(torch.rand(count, generator=g) < 0.8, 1).clamp(min=0)
        scores = torch.randint(0, 8, (count,), generator=g).double() / 8
        detections.append(Detections(near, scores, labels))
    return detections, boxes, classes


def coco(detections, boxes, classes) -> COCOeval:
    """The same by pycocotools, whose class numbers begin with 1."""
    truth, found = [], []
    for image, (rows, labels) in enumerate(zip(boxes.tolist(), classes.tolist(), strict=True)):
        for (left, top, right, bottom), label in zip(rows, labels, strict=True):
            if label != NOTHING:
                box = [left, top, right - left, bottom - top]
                truth.append(
                    {
                        "id": len(truth) + 1,
                        "image_id": image,
                        "category_id": label + 1,
                        "bbox": box,
                        "area": box[2] * box[3],
                        "iscrowd": 0,
                    }
                )
        for (left, top, right, bottom), score, label in zip(
            *(part.tolist() for part in detections[image]), strict=True
        ):
            box = [left, top, right - left, bottom - top]
            found.append({"image_id": image, "category_id": label + 1, "bbox": box, "score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        dataset.dataset = {
            "images": [{"id": number} for number in range(len(boxes))],
            "categories": [{"id": number + 1} for number in range(3)],
            "annotations": truth,
        }
        dataset.createIndex()
        judge = COCOeval(dataset, dataset.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
    return judge


@pytest.mark.parametrize("seed", range(6))
def test_equals_pycocotools(seed: int) -> None:
    detections, boxes, classes = scene(seed)
    theirs = coco(detections, boxes, classes).eval["precision"][:, :, :, 0, 2]  # T, R, classes
    by_class = {c: theirs[:, :, c].mean() for c in range(3) if (theirs[:, :, c] > -1).all()}
    ours = average_precision(detections, boxes, classes, iou_threshold=COCO_THRESHOLDS)
    assert ours.by_class == pytest.approx(by_class, abs=1e-12)
    assert ours.mean == pytest.approx(np.mean([*by_class.values()]), abs=1e-12)
    for number in (0, 3, 5):
        one = average_precision(
            detections, boxes, classes, iou_threshold=COCO_THRESHOLDS[number]
        ).by_class
        assert one == pytest.approx({c: theirs[number, :, c].mean() for c in one}, abs=1e-12)


def test_the_recall_is_pycocotools_too() -> None:
    detections, boxes, classes = scene(3)
    theirs = coco(detections, boxes, classes).eval["recall"][:, :, 0, 2]  # T, classes
    found = find(detections, boxes, classes, iou_threshold=COCO_THRESHOLDS)
    for c in range(3):
        missed = found.box_scores[:, classes == c] == -torch.inf
        assert (1 - missed.double().mean(1)).tolist() == pytest.approx(theirs[:, c].tolist())


def by_hand():
    """Three boxes of one class; the second detection is wrong, the fourth a second one."""
    boxes = torch.tensor([[[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]])
    guesses = [[0.0, 0, 10, 10], [60, 0, 70, 10], [20, 0, 30, 8], [20, 0, 30, 10]]
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    detections = [Detections(torch.tensor(guesses), scores, torch.zeros(4).long())]
    return detections, boxes, torch.zeros(1, 3).long()


def test_by_hand() -> None:
    detections, boxes, classes = by_hand()
    curve = precision_recall(detections, boxes, classes, of_class=0)
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert curve.recall.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    # Made to fall: 1 up to a third, 2/3 up to two thirds, then 0.
    whole = average_precision(detections, boxes, classes, points=None)
    assert whole.mean == pytest.approx((1 + 2 / 3) / 3)
    eleven = average_precision(detections, boxes, classes, points=11)
    assert eleven.mean == pytest.approx((4 * 1 + 3 * 2 / 3) / 11)
    scores = find(detections, boxes, classes).box_scores
    assert scores[0, 0].tolist() == pytest.approx([0.9, 0.7, -torch.inf])
    # A stricter threshold lets the fourth have the box that the third only grazed.
    scores = find(detections, boxes, classes, iou_threshold=0.9).box_scores
    assert scores[0, 0].tolist() == pytest.approx([0.9, 0.6, -torch.inf])


def test_order_of_the_detections_does_not_count() -> None:
    detections, boxes, classes = scene(1)
    detections = [
        d._replace(scores=torch.rand(len(d.scores), dtype=torch.float64)) for d in detections
    ]
    turned = [Detections(*(part.flip(0) for part in each)) for each in detections]
    first = average_precision(detections, boxes, classes)
    assert average_precision(turned, boxes, classes) == first


def test_nothing_detected_is_worth_nothing() -> None:
    _, boxes, classes = by_hand()
    none = [Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0).long())]
    for points in (None, 11, 101):
        found = average_precision(none, boxes, classes, points=points)
        assert found.mean == 0
        assert found.by_class == {0: 0}


def test_perfect_is_one_in_single_precision_too() -> None:
    _, boxes, classes = scene(2)
    perfect = [
        Detections(b[c >= 0].float(), torch.ones(int((c >= 0).sum())), c[c >= 0])
        for b, c in zip(boxes, classes, strict=True)
    ]
    for points in (None, 11, 101):
        assert average_precision(perfect, boxes, classes, points=points).mean == pytest.approx(1)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses() -> None:
    detections, boxes, classes = by_hand()
    with pytest.raises(ValueError, match="detections must be one for each of the 1 images, not 0"):
        average_precision([], boxes, classes)
    with pytest.raises(ValueError, match="points must be None or at least 2, not 1"):
        average_precision(detections, boxes, classes, points=1)
    with pytest.raises(ValueError, match="classes must hold at least one"):
        average_precision(detections, boxes, classes - 1)
    with pytest.raises(ValueError, match="of_class must be a class of the truth, not 7"):
        precision_recall(detections, boxes, classes, of_class=7)
    for threshold in (0.0, 1.5, ()):
        with pytest.raises(ValueError, match="iou_threshold must be above 0"):
            find(detections, boxes, classes, iou_threshold=threshold)
