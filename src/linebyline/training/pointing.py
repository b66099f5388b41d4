"""The pointing game: whether an attention looks at what is being named."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Pointing(NamedTuple):
    """How each word points at its object."""

    hits: Bool[Tensor, " words"]
    """Whether the place that is looked at most has its middle in the object's box."""

    inside: Float[Tensor, " words"]
    """How much of the weight lies in the box, a place on its border counting by its overlap."""

    chance: Float[Tensor, " words"]
    """`inside` of a look at all places alike: the box's share of the image."""


def pointing(
    weights: Float[Tensor, "words rows columns"],
    boxes: Float[Tensor, "words 4"],
    size: tuple[int, int],
) -> Pointing:
    """Compare where each word looked with the box of what it names.

    Source of `hits`: the pointing game of Zhang, Lin, Brandt, Shen & Sclaroff 2016, *Top-down
    neural attention by excitation backprop*. Deviation: what they allow for, a margin of pixels
    around the object, is not given here.

    Compare `hits` and `inside` with `chance`, and with what comes out when every word is given the
    box of another scene's: a place's features have seen more of the image than the place, and
    objects are more often in the middle.

    Args:
        weights: α, which adds up to 1 for each word, over a grid that divides the image evenly.
        boxes: left, top, right, bottom in pixels.
        size: height and width of the image in pixels.

    Raises:
        ValueError: there are not as many boxes as words, or a box is empty or not in the image.
    """
    if len(boxes) != len(weights):
        raise ValueError(f"boxes must be {len(weights)}, one for each word, not {len(boxes)}")
    height, width = size
    left, top, right, bottom = boxes.unbind(1)
    fits = (left >= 0) & (left < right) & (right <= width)
    fits &= (top >= 0) & (top < bottom) & (bottom <= height)
    if not fits.all():
        wrong = int((~fits).nonzero()[0])
        raise ValueError(
            f"boxes must have an area and lie in the image, {height} x {width} pixels, but box "
            f"{wrong} is {tuple(boxes[wrong].tolist())}"
        )
    _, rows, columns = weights.shape
    down = _overlap(top, bottom, height / rows, rows)  # (words, rows)
    across = _overlap(left, right, width / columns, columns)
    inside = torch.einsum("wrc,wr,wc->w", weights, down, across)
    row, column = torch.unravel_index(weights.flatten(1).argmax(1), (rows, columns))
    y, x = (row + 0.5) * height / rows, (column + 0.5) * width / columns
    hits = (left <= x) & (x < right) & (top <= y) & (y < bottom)
    chance = (right - left) * (bottom - top) / (height * width)
    return Pointing(hits, inside, chance)


def _overlap(
    low: Float[Tensor, " words"], high: Float[Tensor, " words"], side: float, places: int
) -> Float[Tensor, "words places"]:
    """Which part of each place, so long along one axis, lies between low and high."""
    start = side * torch.arange(places, device=low.device, dtype=low.dtype)
    length = torch.minimum(high[:, None], start + side) - torch.maximum(low[:, None], start)
    return length.clamp(min=0) / side
