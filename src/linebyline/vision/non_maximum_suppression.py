"""Non-maximum suppression: of boxes that say the same, the surest stays."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
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
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0 to 1, not {threshold}")
    order = scores.argsort(descending=True, stable=True)
    boxes = boxes[order]
    overlaps = intersection_over_union(boxes, boxes) > threshold
    if classes is not None:
        overlaps &= classes[order, None] == classes[order]
    # One look at the device for all boxes, not one for each.
    rivals = overlaps.triu(1).cpu()
    stays = torch.ones(len(boxes), dtype=torch.bool)
    for number in range(len(boxes)):
        if stays[number]:
            stays &= ~rivals[number]
    return order[stays.to(order.device)]
