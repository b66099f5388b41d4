"""Random changes that leave an image's meaning as it was: a batch at a time, on its device.

Each is called with images and a generator, and draws anew for every image. The draws, a few numbers
for each image, are made on the CPU, so that a seed means the same on every device; the pixels stay
where they are. Nothing else draws: torch's global generator is left alone.

Pixels are from 0 to 1. What an augmentation does not change is for its user to know: a turned 6 is
a 9, and a mirrored b is a d.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import pi

import torch
from jaxtyping import Float
from kornia import enhance
from torch import Generator, Tensor

from linebyline.data.affine import OUTSIDE, affine

Images = Float[Tensor, "images *channels height width"]
Augmentation = Callable[[Tensor, Generator], Tensor]
"""Images and a generator to as many images of the same shape."""


def uniform(count: int, low: float, high: float, generator: Generator) -> Float[Tensor, " count"]:
    """Evenly distributed numbers, on the CPU."""
    return low + (high - low) * torch.rand(count, generator=generator)


@dataclass(frozen=True)
class RandomAffine:
    """Shift, turn and zoom, each drawn evenly, and one resampling for the three.

    Source: Simard, Steinkraus & Platt 2003, section 2, whose affine distortions are such.

    Args:
        shift: up to so many pixels to each side, up and down; fractions of a pixel are drawn too.
        turn: up to so many degrees to each side.
        zoom: 0.1 draws factors from 1/1.1 to 1.1, with even logarithms: larger as often as smaller.
        outside: what lies beyond the frame; see `linebyline.data.affine.OUTSIDE`.

    Raises:
        ValueError: an amount is below 0, or there is no such `outside`.
    """

    shift: int | float = 0
    turn: int | float = 0
    zoom: int | float = 0
    outside: str = "zeros"

    def __post_init__(self) -> None:
        for name in ("shift", "turn", "zoom"):
            _at_least_zero(name, getattr(self, name))
        if self.outside not in OUTSIDE:
            raise ValueError(f"outside must be one of {', '.join(OUTSIDE)}, not {self.outside!r}")

    def __call__(self, images: Images, generator: Generator) -> Images:
        """Other amounts for each image."""
        count = len(images)
        right, down = (uniform(count, -self.shift, self.shift, generator) for _ in range(2))
        turn = uniform(count, -self.turn, self.turn, generator)
        zoom = (1 + self.zoom) ** uniform(count, -1, 1, generator)
        return affine(images, right=right, down=down, turn=turn, zoom=zoom, outside=self.outside)


@dataclass(frozen=True)
class RandomFlip:
    """The mirror image, left and right exchanged, of some images.

    Source: Krizhevsky, Sutskever & Hinton 2012, section 4.1. Not for digits or letters.

    Args:
        share: the probability with which an image is mirrored.

    Raises:
        ValueError: `share` is no probability.
    """

    share: int | float = 0.5

    def __post_init__(self) -> None:
        _probability("share", self.share)

    def __call__(self, images: Images, generator: Generator) -> Images:
        """Each image as it was or mirrored."""
        chosen = torch.rand(len(images), generator=generator) < self.share
        return torch.where(_for_each(chosen, images), images.flip(-1), images)


@dataclass(frozen=True)
class RandomErase:
    """A square of each image becomes 0: what is left must do.

    Source: DeVries & Taylor 2017, *Improved regularization of convolutional neural networks with
    cutout*. As there, the square's centre is any pixel of the image, so that part of the square may
    lie outside. Deviation: they normalize first, so that their 0 is the mean; ours is black, or
    paper.

    Args:
        size: the square's side in pixels.
        share: the probability with which an image loses one.

    Raises:
        ValueError: `size` is below 1, or `share` is no probability.
    """

    size: int
    share: int | float = 1.0

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1, not {self.size}")
        _probability("share", self.share)

    def __call__(self, images: Images, generator: Generator) -> Images:
        """Another square for each image."""
        count, (height, width) = len(images), images.shape[-2:]
        chosen = torch.rand(count, generator=generator) < self.share
        hidden = _for_each(chosen, images)
        for axis, length in ((-2, height), (-1, width)):
            first = torch.randint(length, (count,), generator=generator) - self.size // 2
            shape = [1] * images.ndim
            shape[axis] = length
            place = torch.arange(length, device=images.device).view(shape)
            first = _for_each(first, images)
            hidden = hidden & (place >= first) & (place < first + self.size)
        return images.masked_fill(hidden, 0)


@dataclass(frozen=True)
class ColorJitter:
    """Brightness, contrast, saturation and hue of photographs, in this order, by kornia.

    Source: Howard 2013, *Some improvements on deep convolutional neural network based image
    classification*; the hue is turned as in common use since.

    Args:
        brightness: 0.2 multiplies all of an image by a factor from 0.8 to 1.2.
        contrast: the same for the distance of each pixel from the image's mean grey.
        saturation: the same for its distance from its own grey.
        hue: turns colours up to so much of the colour circle either way, 0.5 being half of it.

    Raises:
        ValueError: brightness, contrast or saturation is not from 0 to 1, or hue not from 0 to 0.5;
            images are not in colour.
    """

    brightness: int | float = 0
    contrast: int | float = 0
    saturation: int | float = 0
    hue: int | float = 0

    def __post_init__(self) -> None:
        for amount in fields(self):
            most, value = 0.5 if amount.name == "hue" else 1, getattr(self, amount.name)
            if not 0 <= value <= most:
                raise ValueError(f"{amount.name} must be from 0 to {most}, not {value}")

    def __call__(
        self, images: Float[Tensor, "images 3 height width"], generator: Generator
    ) -> Float[Tensor, "images 3 height width"]:
        """Other factors for each image; colours stay from 0 to 1."""
        if images.ndim != 4 or images.shape[1] != 3:
            shape = tuple(images.shape)
            raise ValueError(f"images must be in colour, (images, 3, height, width), not {shape}")
        adjust = (
            (self.brightness, 1, enhance.adjust_brightness_accumulative),
            (self.contrast, 1, enhance.adjust_contrast_with_mean_subtraction),
            (self.saturation, 1, enhance.adjust_saturation_with_gray_subtraction),
            (2 * pi * self.hue, 0, enhance.adjust_hue),  # kornia's angle is in radians
        )
        for amount, middle, change in adjust:
            factor = uniform(len(images), middle - amount, middle + amount, generator)
            if amount:  # drawn all the same: one amount does not shift the draws of the others
                images = change(images, factor.to(images))
        return images


def _for_each(values: Tensor, images: Tensor) -> Tensor:
    """One value for each image, where the images are and of as many axes."""
    return values.to(images.device).view(-1, *[1] * (images.ndim - 1))


def _at_least_zero(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} must be at least 0, not {value}")


def _probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be from 0 to 1, not {value}")
