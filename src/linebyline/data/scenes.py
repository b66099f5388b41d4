"""Scenes: handwritten digits of several sizes and colours on a mottled ground, with all that there
is to know of them: where each one is, which it is, and which pixels are its own.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

from linebyline.data.examples import Examples

NOTHING = -1
"""The class in a row of a scene that has no further digit; its box is all zeros."""

COLORS = ((230, 60, 60), (70, 200, 90), (80, 120, 250), (240, 210, 60))
"""Red, green, blue and yellow inks."""

GROUND = 70 / 255  # the brightest that the ground can be
SMALLEST, LARGEST = 18 / 64, 34 / 64  # a digit's frame, as parts of the scene's side
INK = 0.3  # where a digit covers so much of a pixel, the pixel is its own
TRIES = 20  # places that a digit is offered before it is left out


class Scenes(NamedTuple):
    """Images, and for each digit in them its box and class; the same row is the same digit."""

    images: Float[Tensor, "scenes 3 side side"]
    """From 0 to 1."""
    boxes: Float[Tensor, "scenes most 4"]
    """Left, top, right, bottom in pixels, around a digit's own pixels: right and bottom are where
    the next pixel begins, so the width is right - left. Rows without a digit hold zeros."""
    classes: Int[Tensor, "scenes most"]
    """Of the digits; `NOTHING` where there is no further one."""
    masks: Int[Tensor, "scenes side side"]
    """For each pixel 0, or 1 more than the class of the digit whose ink is there."""


def digit_scenes(
    digits: Examples, *, count: int, side: int = 64, most: int = 3, seed: int = 0
) -> Scenes:
    """Draw scenes of one to `most` digits that do not touch.

    Made for this book, after the many "multi-MNIST" sets: a scene has a ground of random dark
    patches, and each digit a random size (from 18 to 33 of 64 pixels with its margins), place and
    colour. A digit that finds no free place in twenty tries is left out; the first always has one.
    Give the training images of a split for scenes to learn from, and its test images for others:
    then no handwriting is in both.

    Args:
        digits: what is pasted: inputs (images, height, width) from 0 to 1, targets their classes.
        count: how many scenes.
        side: height and width of a scene in pixels, 32 or more.
        most: digits in a scene at most.
        seed: of everything that is random.

    Raises:
        ValueError: an argument is out of its range, or an image has no ink.
    """
    _check(digits, count, side, most)
    random = torch.Generator().manual_seed(seed)
    images = _ground(count, side, random)
    masks = torch.zeros(count, side, side, dtype=torch.long)
    boxes = torch.zeros(count, most, 4)
    classes = torch.full((count, most), NOTHING)
    wanted = torch.randint(1, most + 1, (count,), generator=random)
    rows, inks = torch.arange(count), torch.tensor(COLORS) / 255
    for place in range(most):
        chosen = torch.randint(len(digits.inputs), (count,), generator=random)
        color = inks[torch.randint(len(COLORS), (count,), generator=random)]  # (N, 3)
        corners, fits = _free_places(digits.inputs[chosen], boxes[:, :place], side, random)
        cover = _pasted(digits.inputs[chosen], corners, side)  # (N, side, side)
        own = cover > INK
        drawn = rows[fits & (place < wanted) & own.flatten(1).any(1)]
        cover = cover[drawn, None]  # (n, 1, side, side)
        images[drawn] = images[drawn] * (1 - cover) + cover * color[drawn, :, None, None]
        boxes[drawn, place] = _around(own[drawn])
        classes[drawn, place] = digits.targets[chosen[drawn]]
        label = digits.targets[chosen[drawn], None, None] + 1
        masks[drawn] = torch.where(own[drawn], label, masks[drawn])
    order = (classes == NOTHING).int().argsort(dim=1, stable=True)  # the rows in use come first
    boxes = boxes.gather(1, order[:, :, None].expand_as(boxes))
    return Scenes(images, boxes, classes.gather(1, order), masks)


def box_targets(scenes: Scenes) -> Examples:
    """Scenes as a detector is trained on them: images beside their digits' boxes and classes.

    Returns:
        Inputs (scenes, 3, side, side); targets (scenes, most, 5), float32: left, top, right, bottom
        in pixels, and the class, a whole number from 0 on or, in a row without a digit, `NOTHING`.
        One tensor, so that boxes and classes go through batches together.
    """
    classes = scenes.classes[..., None].to(scenes.boxes.dtype)
    return Examples(scenes.images, torch.cat([scenes.boxes, classes], dim=-1))


def _ground(count: int, side: int, random: torch.Generator) -> Float[Tensor, "scenes 3 side side"]:
    """Eight by eight random colours, blurred to the scene's size."""
    patches = GROUND * torch.rand(count, 3, 8, 8, generator=random)
    return interpolate(patches, size=(side, side), mode="bicubic", align_corners=False).clamp(0, 1)


def _free_places(
    digits: Float[Tensor, "scenes height width"],
    taken: Float[Tensor, "scenes others 4"],
    side: int,
    random: torch.Generator,
) -> tuple[Float[Tensor, "scenes 3"], Tensor]:
    """For each scene a frame (left, top, size) whose ink keeps two pixels away from the boxes that
    are taken, and whether one was found.
    """
    count = len(digits)
    size = (SMALLEST + (LARGEST - SMALLEST) * torch.rand(count, TRIES, generator=random)) * side
    size = size.floor()
    corner = (torch.rand(count, TRIES, 2, generator=random) * (side - size[..., None] + 1)).floor()
    scale = size / digits.shape[-1]
    ink = _around(digits > INK)[:, None] * scale[..., None]  # (N, tries, 4)
    box = ink + corner.repeat(1, 1, 2)
    # Two boxes keep apart if along either axis one ends a pixel or more before the other begins.
    ours, theirs = box[:, :, None], taken[:, None]  # (N, tries, 1, 4), (N, 1, others, 4)
    room = torch.maximum(theirs[..., :2] - ours[..., 2:], ours[..., :2] - theirs[..., 2:])
    nobody = (theirs[..., 2:] == 0).all(-1)
    # Two, because the pixels of a scaled digit may reach half a one further on either side.
    free = ((room >= 2).any(-1) | nobody).all(-1)
    first = free.int().argmax(1)
    rows = torch.arange(count)
    return torch.column_stack([corner[rows, first], size[rows, first]]), free.any(1)


def _pasted(
    digits: Float[Tensor, "scenes height width"], frames: Float[Tensor, "scenes 3"], side: int
) -> Float[Tensor, "scenes side side"]:
    """How much of each pixel of the scene a digit covers when it is scaled into its frame."""
    left, top, size = frames.unbind(1)
    zoom = side / size
    # Where a point of the scene lies in the digit's image, both measured from -1 to 1.
    theta = torch.zeros(len(digits), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = zoom
    theta[:, 0, 2] = zoom * (1 - (2 * left + size) / side)
    theta[:, 1, 2] = zoom * (1 - (2 * top + size) / side)
    grid = affine_grid(theta, [len(digits), 1, side, side], align_corners=False)
    return grid_sample(digits[:, None], grid, align_corners=False)[:, 0]


def _around(own: Tensor) -> Float[Tensor, "images 4"]:
    """The smallest box around the true pixels of each image; there must be one."""
    ends = []
    for axis in (1, 2):  # rows in use when columns are put together, and the other way round
        used = own.any(3 - axis).float()  # (N, length)
        length = used.shape[1]
        ends.append((used.argmax(1), length - used.flip(1).argmax(1)))
    (top, bottom), (left, right) = ends
    return torch.stack([left, top, right, bottom], dim=1).float()


def _check(digits: Examples, count: int, side: int, most: int) -> None:
    for name, value, least in (("count", count, 1), ("side", side, 32), ("most", most, 1)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if digits.inputs.ndim != 3 or digits.inputs.shape[1] != digits.inputs.shape[2]:
        raise ValueError(
            "digits must have inputs of (images, height, width), as high as wide, but they are "
            f"{tuple(digits.inputs.shape)}"
        )
    blank = ~(digits.inputs > INK).flatten(1).any(1)
    if blank.any():
        raise ValueError(
            f"digits must show something, but image {blank.nonzero()[0].item()} is blank"
        )
