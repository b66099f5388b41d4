"""Detections: what a detector says of an image, and how its many answers become a short list."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

from linebyline.vision.non_maximum_suppression import non_maximum_suppression


class Detections(NamedTuple):
    """What a detector says of one image, in any order."""

    boxes: Float[Tensor, "detections 4"]
    scores: Float[Tensor, " detections"]
    """How sure it is; only the order counts."""
    classes: Int[Tensor, " detections"]


def list_detections(
    boxes: Float[Tensor, "answers boxes 4"],
    chances: Float[Tensor, "answers classes"],
    *,
    least: float = 0.05,
    overlap: float | None = 0.5,
    across_classes: bool = False,
) -> Detections:
    """The answers that are sure enough, each said once.

    Source: Liu et al. 2016, *SSD: Single shot multibox detector*, section 2 (non-maximum
    suppression, class by class).

    Args:
        boxes: of each answer one for each class, or one for all.
        chances: the probability of each class.
        least: probability below which a class is not listed.
        overlap: of two boxes that overlap by more the surer stays; None keeps all.
        across_classes: whether that holds for boxes of different classes too.

    Returns:
        By falling probability; in the order of the answers if `overlap` is None.

    Raises:
        ValueError: there are neither as many boxes as classes nor one; `overlap` is not from 0 to
            1.
    """
    if boxes.shape[1] not in (1, chances.shape[1]):
        raise ValueError(
            f"boxes must be 1 or {chances.shape[1]} for each answer, not {boxes.shape[1]}"
        )
    answer, label = (chances >= least).nonzero(as_tuple=True)
    box = boxes.expand(-1, chances.shape[1], -1)[answer, label]
    chosen = Detections(box, chances[answer, label], label)
    if overlap is None:
        return chosen
    groups = None if across_classes else label
    kept = non_maximum_suppression(*chosen[:2], threshold=overlap, classes=groups)
    return Detections(*(each[kept] for each in chosen))
