"""What is wrong with a detector's boxes: place, class, said twice, nothing there, or not found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.data.scenes import NOTHING
from linebyline.vision.average_precision import Detections
from linebyline.vision.boxes import intersection_over_union


class DetectionErrors(NamedTuple):
    """How often each happened, over all images."""

    right: int
    """The class is right, the box overlaps by the threshold, and it is the first to say so."""
    twice: int
    """It would be right, had a surer one not found the same box before."""
    place: int
    """A box of its class is near, but overlaps less than the threshold."""
    class_: int
    """It lies well on a box of another class."""
    nothing: int
    """None of these: no box is near, or one of another class and not well."""
    missed: int
    """True boxes that none of the right detections found."""


def detection_errors(
    detections: Sequence[Detections],
    boxes: Float[Tensor, "images most 4"],
    classes: Int[Tensor, "images most"],
    *,
    least: float = 0.5,
    iou_threshold: float = 0.5,
    near: float = 0.1,
) -> DetectionErrors:
    """Give each detection that is sure enough one verdict, and count the boxes that went without.

    Source: Hoiem, Chodpathumwan & Dai 2012, *Diagnosing error in object detectors*, section 2:
    localization (an overlap from 0.1 on, or a second one for the same box), confusion with another
    class, and background. Deviations: a second detection is counted apart, a confusion must overlap
    as much as a right answer, and all classes are alike.

    Args:
        detections: of each image.
        boxes: the truth, in rows.
        classes: its classes; `NOTHING` where a row is not used.
        least: the score from which on a detection is looked at.
        iou_threshold: the overlap from which on a box is found.
        near: the overlap from which on a box of the same class is taken for what was meant.

    Raises:
        ValueError: there are not as many detections as images, or not 0 < near <= iou_threshold
            <= 1.
    """
    if len(detections) != len(boxes):
        raise ValueError(
            f"detections must be one for each of the {len(boxes)} images, not {len(detections)}"
        )
    if not 0 < near <= iou_threshold <= 1:
        raise ValueError(
            "0 < near <= iou_threshold <= 1 must hold, but near is "
            f"{near} and iou_threshold is {iou_threshold}"
        )
    counts = dict.fromkeys(DetectionErrors._fields, 0)
    for found, rows, row_classes in zip(detections, boxes, classes, strict=True):
        present = row_classes != NOTHING
        truth, labels = rows[present], row_classes[present]
        free = torch.ones(len(truth), dtype=torch.bool)
        for place in found.scores.argsort(descending=True, stable=True).tolist():
            if found.scores[place] < least:
                break
            overlaps = intersection_over_union(found.boxes[place, None], truth)[0].cpu()
            same = (labels == found.classes[place]).cpu()
            verdict = _verdict(overlaps, same, free, iou_threshold, near)
            counts[verdict] += 1
            if verdict == "right":
                free[overlaps.where(same & free, torch.tensor(-1.0)).argmax()] = False
        counts["missed"] += int(free.sum())
    return DetectionErrors(**counts)


def _verdict(
    overlaps: Tensor, same: Tensor, free: Tensor, iou_threshold: float, near: float
) -> str:
    well = overlaps >= iou_threshold
    if (well & same & free).any():
        return "right"
    if (well & same).any():
        return "twice"
    if (well & ~same).any():
        return "class_"
    if ((overlaps >= near) & same).any():
        return "place"
    return "nothing"
