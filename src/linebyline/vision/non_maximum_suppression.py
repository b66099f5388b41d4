"""Non-maximum suppression: of boxes that say the same, the surest stays."""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor

from linebyline.vision.boxes import intersection_over_union


def non_maximum_suppression(
    boxes: Float[Tensor, "boxes 4"],
    scores: Float[Tensor, " boxes"],
    *,
    threshold: float = 0.5,
    classes: Int[Tensor, " boxes"] | None = None,
) -> Int[Tensor, " kept"]:
    """Go through the boxes from the highest score down; drop each that overlaps one that was kept.

    Source: Felzenszwalb et al. 2010, "Object detection with discriminatively trained part-based
    models", section 5.2; greedy, as in all detectors since. Boxes of equal scores are taken in
    their order.

    Args:
        boxes: left, top, right, bottom.
        scores: of any scale; only their order counts.
        threshold: a box goes if its intersection over union with one that stays is *above* this.
        classes: boxes of different classes leave each other alone; None treats all as one class.

    Returns:
        Places of the boxes that stay, by falling score.

    Raises:
        ValueError: `threshold` is not from 0 to 1.
    """
    _check(threshold)
    order = scores.argsort(descending=True, stable=True)
    boxes = boxes[order]
    overlaps = intersection_over_union(boxes, boxes) > threshold
    if classes is not None:
        overlaps &= classes[order, None] == classes[order]
    # One look at the device for all boxes, not one for each.
    return order[_greedy(overlaps.cpu()).to(order.device)]


def survivors(
    boxes: Float[Tensor, "images boxes 4"], *, threshold: float = 0.5
) -> Bool[Tensor, "images boxes"]:
    """The same for many images at once, whose boxes come by falling score: which of them stay.

    Raises:
        ValueError: `threshold` is not from 0 to 1.
    """
    _check(threshold)
    return _greedy(intersection_over_union(boxes, boxes) > threshold)


def _greedy(overlaps: Bool[Tensor, "*images boxes boxes"]) -> Bool[Tensor, "*images boxes"]:
    """Box after box: one that stays drops those after it that it overlaps too much."""
    rivals = overlaps.triu(1)
    stays = overlaps.new_ones(overlaps.shape[:-1])
    for number in range(stays.shape[-1]):
        stays &= ~(rivals[..., number, :] & stays[..., number, None])
    return stays


def _check(threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0 to 1, not {threshold}")
