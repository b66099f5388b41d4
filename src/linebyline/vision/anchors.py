"""Anchors: boxes laid out over an image, for a network to say of each what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.vision.boxes import intersection_over_union, to_corners

BACKGROUND, IGNORED = -1, -2
"""What an anchor is matched with if with no box, and if it is neither near one nor far from all."""


def grid_anchors(
    height: int,
    width: int,
    *,
    stride: int,
    sizes: Sequence[float],
    ratios: Sequence[float] = (1.0,),
) -> Float[Tensor, "anchors 4"]:
    """For each cell of a grid of `height` rows, boxes of all sizes and shapes around its middle.

    Source: Ren et al. 2015, "Faster R-CNN", section 3.1.1. Cell after cell, row by row, and within
    a cell size after size, each in all ratios: the order of (height, width, sizes, ratios).

    Args:
        height: rows of the feature map that answers for these anchors.
        width: its columns.
        stride: pixels of the image from one cell to the next; a cell's middle is half a stride in.
        sizes: the square root of a box's area, in pixels.
        ratios: height to width, at the same area.

    Raises:
        ValueError: a number is not positive, or there are no sizes or ratios.
    """
    for name, value in (("height", height), ("width", width), ("stride", stride)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    for name, values in (("sizes", sizes), ("ratios", ratios)):
        if not values or min(values) <= 0:
            raise ValueError(f"{name} must be one or more positive numbers, not {list(values)}")
    size, root = torch.tensor(sizes)[:, None], torch.tensor(ratios).sqrt()
    shapes = torch.stack([size / root, size * root], dim=-1).flatten(0, 1)  # width, height
    down = (torch.arange(height) + 0.5) * stride
    across = (torch.arange(width) + 0.5) * stride
    y, x = torch.meshgrid(down, across, indexing="ij")
    middles = torch.stack([x, y], dim=-1)[:, :, None].expand(-1, -1, len(shapes), -1)
    boxes = torch.cat([middles, shapes.expand(height, width, -1, -1)], dim=-1)
    return to_corners(boxes).flatten(0, 2)


class Matches(NamedTuple):
    """What each anchor should answer for."""

    box: Int[Tensor, "images anchors"]
    """The place of a box in its image's row, `BACKGROUND` or `IGNORED`."""
    overlap: Float[Tensor, "images anchors"]
    """Intersection over union with the best box, 0 if there is none."""


def match(
    anchors: Float[Tensor, "anchors 4"],
    boxes: Float[Tensor, "images most 4"],
    present: Tensor,
    *,
    near: float = 0.5,
    far: float = 0.4,
) -> Matches:
    """Give each anchor the box that it overlaps most, if it does so enough.

    Source: Ren et al. 2015, section 3.1.2, and Liu et al. 2016, "SSD", section 2.2. An anchor whose
    overlap is at least `near` is matched; one below `far` is background; those between are ignored
    in the loss. And each box takes the anchor that overlaps it most in any case, so that none is
    left without. Where two boxes want the same anchor, the later row of the two has it.

    Args:
        anchors: the same for all images.
        boxes: of each image, in rows; images with fewer have rows that are not used.
        present: (images, most), bool: which rows are used.
        near: from here on an anchor answers for a box.
        far: below this it answers for the background; at most `near`.

    Raises:
        ValueError: the thresholds are out of order or of range.
    """
    if not 0 < far <= near <= 1:
        raise ValueError(f"0 < far <= near <= 1 must hold, but far is {far} and near is {near}")
    images, most, _ = boxes.shape
    overlaps = intersection_over_union(anchors.expand(images, -1, -1), boxes)  # (N, anchors, most)
    overlaps = torch.where(present[:, None], overlaps, -1)
    overlap, box = overlaps.max(2)
    matched = box.where(overlap >= near, torch.full_like(box, IGNORED))
    matched = matched.where(overlap >= far, torch.full_like(box, BACKGROUND))
    best = overlaps.argmax(1)  # (N, most): each box's own anchor
    for row in range(most):
        own = best[:, row, None]
        keep = matched.gather(1, own)
        matched = matched.scatter(1, own, torch.where(present[:, row, None], row, keep))
    return Matches(matched, overlap.clamp(min=0))
