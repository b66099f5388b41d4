"""Boxes: rectangles along the axes, and how much two of them have in common."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

Boxes = Float[Tensor, "*shape 4"]
"""Left, top, right, bottom, in pixels that grow to the right and down. A box of the pixels 3, 4, 5
reaches from 3 to 6: coordinates lie between pixels, so the width is right - left."""


def to_centers(boxes: Float[Tensor, "*shape 4"]) -> Float[Tensor, "*shape 4"]:
    """(left, top, right, bottom) to (middle across, middle down, width, height)."""
    low, high = boxes[..., :2], boxes[..., 2:]
    return torch.cat([(low + high) / 2, high - low], dim=-1)


def to_corners(boxes: Float[Tensor, "*shape 4"]) -> Float[Tensor, "*shape 4"]:
    """(middle across, middle down, width, height) to (left, top, right, bottom)."""
    middle, size = boxes[..., :2], boxes[..., 2:]
    return torch.cat([middle - size / 2, middle + size / 2], dim=-1)


def area(boxes: Float[Tensor, "*shape 4"]) -> Float[Tensor, "*shape"]:
    """Width times height; 0 for a box whose right or bottom comes before its left or top."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def clip(boxes: Float[Tensor, "*shape 4"], height: int, width: int) -> Float[Tensor, "*shape 4"]:
    """What of the boxes lies within an image."""
    edges = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), edges)


def intersection_over_union(
    ours: Float[Tensor, "*shape a 4"], theirs: Float[Tensor, "*shape b 4"]
) -> Float[Tensor, "*shape a b"]:
    """The area that two boxes share, divided by the area that they cover: each with each.

    Source: Jaccard 1912, for sets; Everingham et al. 2010, "The PASCAL visual object classes (VOC)
    challenge", section 4.2, for boxes. 1 for equal boxes, 0 for boxes apart, and the same if both
    are scaled alike. Of two empty boxes it is 0.
    """
    ours, theirs = ours[..., :, None, :], theirs[..., None, :, :]
    low = torch.maximum(ours[..., :2], theirs[..., :2])  # (..., a, b, 2)
    high = torch.minimum(ours[..., 2:], theirs[..., 2:])
    shared = area(torch.cat([low, high], dim=-1))
    union = area(ours) + area(theirs) - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).tiny)


def encode(
    boxes: Float[Tensor, "*shape 4"], anchors: Float[Tensor, "*shape 4"]
) -> Float[Tensor, "*shape 4"]:
    """A box as seen from an anchor: how far its middle is off, in the anchor's sizes, and the
    logarithms of how many times as wide and as high it is.

    Source: Girshick et al. 2014, "Rich feature hierarchies", appendix C; Ren et al. 2015, equation
    2. So a shift of a tenth means the same for small boxes and large ones, and any number that a
    network may answer is a box, of positive width and height.
    """
    box, anchor = to_centers(boxes), to_centers(anchors)
    offset = (box[..., :2] - anchor[..., :2]) / anchor[..., 2:]
    return torch.cat([offset, (box[..., 2:] / anchor[..., 2:]).log()], dim=-1)


LARGEST = 4.0
"""`decode` takes no logarithm of more, lest an untrained network's boxes overflow: 55 times as
large as its anchor is larger than any image."""


def decode(
    codes: Float[Tensor, "*shape 4"], anchors: Float[Tensor, "*shape 4"]
) -> Float[Tensor, "*shape 4"]:
    """The box that `encode` saw so from its anchor."""
    anchor = to_centers(anchors)
    middle = anchor[..., :2] + codes[..., :2] * anchor[..., 2:]
    size = anchor[..., 2:] * codes[..., 2:].clamp(max=LARGEST).exp()
    return to_corners(torch.cat([middle, size], dim=-1))
