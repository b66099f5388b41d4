"""Average precision: what a detector's boxes are worth, whatever score is made the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.data.scenes import NOTHING
from linebyline.vision.boxes import intersection_over_union
from linebyline.vision.detections import Detections

COCO_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Overlaps over which COCO takes the mean: the later ones ask for the box to the pixel."""


class Found(NamedTuple):
    """Who found what, at each threshold; detections of an image by falling score."""

    scores: Float[Tensor, "images rank"]
    """-inf in rows that are not used, of images with fewer detections than others."""
    classes: Int[Tensor, "images rank"]
    """`NOTHING` in rows that are not used."""
    right: Tensor
    """(thresholds, images, rank), bool: whether the detection found a box that was still free."""
    box_scores: Float[Tensor, "thresholds images most"]
    """For each true box the score of the detection that found it, -inf if none did."""


class AveragePrecision(NamedTuple):
    """Of the classes that there are in the truth."""

    mean: float
    """Over classes, each counting the same, however many boxes it has: mAP."""
    by_class: dict[int, float]


class PrecisionRecall(NamedTuple):
    """One point for each detection of a class, surest first: what holds if the list ends there."""

    precision: Float[Tensor, " detections"]
    """Of the detections so far, the share that are right."""
    recall: Float[Tensor, " detections"]
    """Of the true boxes, the share that were found so far."""
    scores: Float[Tensor, " detections"]


def average_precision(
    detections: Sequence[Detections],
    boxes: Float[Tensor, "images most 4"],
    classes: Int[Tensor, "images most"],
    *,
    iou_threshold: float | Sequence[float] = 0.5,
    points: int | None = 101,
) -> AveragePrecision:
    """The area under the curve of precision over recall, class by class, and its mean.

    Source: Everingham et al. 2010, "The PASCAL visual object classes (VOC) challenge", section
    4.2.1; with 101 points and the mean over ten overlaps Lin et al. 2014, "Microsoft COCO", and the
    code that its servers run, pycocotools, which is matched. The curve is first made to fall: the
    precision at a recall is the best at that recall or any higher one. A recall that is not reached
    has the precision 0. Deviation: COCO leaves all but the 100 surest of an image's detections of a
    class out; nothing is left out here. VOC's code calls a detection wrong whose best box is taken,
    and looks at no other.

    Args:
        detections: of each image; pass no more than once what says the same.
        boxes: the truth, in rows.
        classes: its classes; `NOTHING` where a row is not used.
        iou_threshold: the overlap from which on a box is found, or several of which the mean is
            taken, `COCO_THRESHOLDS` for instance.
        points: at how many recalls, equally spaced from 0 to 1, the precision is read: 101 like
            COCO, 11 like VOC until 2009; None takes the whole area, like VOC from 2010 on.

    Raises:
        ValueError: there are not as many detections as images, the truth has no box, `points` is
            below 2 or a threshold is not above 0 and at most 1.
    """
    if points is not None and points < 2:
        raise ValueError(f"points must be None or at least 2, not {points}")
    found = find(detections, boxes, classes, iou_threshold=iou_threshold)
    there = classes[classes != NOTHING].cpu()
    if not len(there):
        raise ValueError("classes must hold at least one that is not NOTHING, for there is no box")
    by_class = {}
    for number in there.unique().tolist():
        precision, recall, _ = _curves(found, number, int((there == number).sum()))
        # Made to fall: from the right, the best so far.
        precision = precision.flip(1).cummax(1).values.flip(1) if precision.numel() else precision
        by_class[number] = _area(precision, recall, points).mean().item()
    return AveragePrecision(sum(by_class.values()) / len(by_class), by_class)


def precision_recall(
    detections: Sequence[Detections],
    boxes: Float[Tensor, "images most 4"],
    classes: Int[Tensor, "images most"],
    *,
    of_class: int,
    iou_threshold: float = 0.5,
) -> PrecisionRecall:
    """The curve of one class as it is, before `average_precision` makes it fall.

    Raises:
        ValueError: as above, or the truth has no box of the class.
    """
    boxes_of_class = int((classes == of_class).sum())
    if not boxes_of_class:
        raise ValueError(f"of_class must be a class of the truth, not {of_class}")
    found = find(detections, boxes, classes, iou_threshold=iou_threshold)
    precision, recall, scores = _curves(found, of_class, boxes_of_class)
    return PrecisionRecall(precision[0], recall[0], scores)


def find(
    detections: Sequence[Detections],
    boxes: Float[Tensor, "images most 4"],
    classes: Int[Tensor, "images most"],
    *,
    iou_threshold: float | Sequence[float] = 0.5,
) -> Found:
    """Let the detections of each image, surest first, take a true box each.

    One takes the box of its class that it overlaps most, of those that are still free, if it does
    so by the threshold or more; of equals the last row's. A second one for the same box is wrong.
    So is what `Found` says; it answers which boxes were missed, besides what is needed for AP.

    Raises:
        ValueError: as above.
    """
    if len(detections) != len(boxes):
        raise ValueError(
            f"detections must be one for each of the {len(boxes)} images, not {len(detections)}"
        )
    thresholds = [iou_threshold] if isinstance(iou_threshold, int | float) else [*iou_threshold]
    if not thresholds or not 0 < min(thresholds) <= max(thresholds) <= 1:
        raise ValueError(f"iou_threshold must be above 0 and at most 1, not {iou_threshold}")
    truth, labels = boxes.detach().cpu().double().flip(1), classes.cpu().flip(1)
    ours, scores, says = _by_rank(detections)
    overlaps = intersection_over_union(ours, truth)  # (N, rank, most)
    overlaps = overlaps.where(says[:, :, None] == labels[:, None], overlaps.new_tensor(-1))
    overlaps = overlaps.where((labels != NOTHING)[:, None], overlaps.new_tensor(-1))
    least = torch.tensor(thresholds, dtype=torch.float64)[:, None]  # (T, 1)
    found_by = torch.full((len(thresholds), *labels.shape), -torch.inf, dtype=torch.float64)
    right = torch.zeros(len(thresholds), *says.shape, dtype=torch.bool)
    for rank in range(says.shape[1] if labels.numel() else 0):  # all images at once
        free = overlaps[:, rank].where(found_by == -torch.inf, -1.0)  # (T, N, most)
        best, which = free.max(2)
        right[:, :, rank] = best >= least
        score = scores[:, rank].where(right[:, :, rank], -torch.inf)
        found_by.scatter_reduce_(2, which[..., None], score[..., None], reduce="amax")
    return Found(scores, says, right, found_by.flip(2))


def _by_rank(detections: Sequence[Detections]) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes, scores and classes of all images in one tensor each, surest first."""
    most = max((len(each.scores) for each in detections), default=0)
    boxes = torch.zeros(len(detections), most, 4, dtype=torch.float64)
    scores = torch.full((len(detections), most), -torch.inf, dtype=torch.float64)
    classes = torch.full((len(detections), most), NOTHING)
    for image, each in enumerate(detections):
        order = each.scores.argsort(descending=True, stable=True)
        boxes[image, : len(order)] = each.boxes[order].detach().cpu().double()
        scores[image, : len(order)] = each.scores[order].detach().cpu().double()
        classes[image, : len(order)] = each.classes[order].cpu()
    return boxes, scores, classes


def _curves(found: Found, number: int, boxes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Precision and recall (thresholds, detections) of one class over all images."""
    own = found.classes == number
    scores, order = found.scores[own].sort(descending=True, stable=True)
    right = found.right[:, own][:, order].double().cumsum(1)
    listed = torch.arange(1, len(order) + 1, dtype=torch.float64)
    return right / listed, right / boxes, scores


def _area(precision: Tensor, recall: Tensor, points: int | None) -> Tensor:
    """Under falling curves (thresholds, detections), one number each."""
    if points is None:
        steps = recall.diff(dim=1, prepend=recall.new_zeros(len(recall), 1))
        return (precision * steps).sum(1)
    # Rounded as numpy.linspace rounds it, for a recall may lie on a point.
    at = torch.arange(points, dtype=torch.float64) * (1 / (points - 1))
    place = torch.searchsorted(recall.contiguous(), at.expand(len(recall), -1).contiguous())
    ended = precision.new_zeros(len(precision), 1)
    return torch.cat([precision, ended], dim=1).gather(1, place).mean(1)
