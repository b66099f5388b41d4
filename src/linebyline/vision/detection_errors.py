"""What is wrong with a detector's boxes: place, class, said twice, nothing there, or not found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

from linebyline.data.scenes import NOTHING
from linebyline.vision.average_precision import find
from linebyline.vision.boxes import intersection_over_union
from linebyline.vision.detections import Detections


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
    if not 0 < near <= iou_threshold <= 1:
        raise ValueError(
            "0 < near <= iou_threshold <= 1 must hold, but near is "
            f"{near} and iou_threshold is {iou_threshold}"
        )
    found = find(detections, boxes, classes, iou_threshold=iou_threshold)
    looked = found.scores >= least  # (images, rank)
    right, wrong = looked & found.right[0], looked & ~found.right[0]
    counts = dict.fromkeys(DetectionErrors._fields, 0)
    counts["right"] = int(right.sum())
    counts["missed"] = int((classes != NOTHING).sum()) - counts["right"]
    for said, left, truth, labels in zip(detections, wrong, boxes, classes, strict=True):
        order = said.scores.argsort(descending=True, stable=True)
        overlaps = intersection_over_union(said.boxes[order].double(), truth.double())
        overlaps = overlaps * (labels != NOTHING)
        same = said.classes[order, None] == labels  # (rank, most)
        well = overlaps >= iou_threshold
        reasons = {"twice": well & same, "class_": well, "place": (overlaps >= near) & same}
        open_ = left[: len(order)]  # those without a verdict
        for reason, holds in reasons.items():
            those = open_ & holds.any(1).cpu()
            counts[reason] += int(those.sum())
            open_ = open_ & ~those
        counts["nothing"] += int(open_.sum())
    return DetectionErrors(**counts)
