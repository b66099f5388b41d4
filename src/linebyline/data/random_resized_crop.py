"""Random resized crops: a part of each image, enlarged to the size of the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from linebyline.data.affine import resampled
from linebyline.data.augmentations import Images, uniform


class Windows(NamedTuple):
    """A part of each image, in pixels; fractions of pixels are admitted."""

    left: Float[Tensor, " images"]
    top: Float[Tensor, " images"]
    width: Float[Tensor, " images"]
    height: Float[Tensor, " images"]


@dataclass(frozen=True)
class RandomResizedCrop:
    """A window of random area, shape and place in each image, enlarged to the image's size.

    Source: Szegedy et al. 2015, *Going deeper with convolutions*, section 6. Chen, Kornblith,
    Norouzi & Hinton 2020, *A simple framework for contrastive learning of visual representations*,
    section 3.1, find it the one augmentation, beside changed colours, that SimCLR cannot do
    without: two windows of an image may be a part and the whole, or neighbours.

    Deviations: a window that would be wider or higher than the image is made as wide or high as
    that, where torchvision draws again up to ten times; and its edges lie anywhere, not only
    between two pixels.

    Args:
        area: from which to which share of the image's area, drawn evenly.
        aspect: from which to which ratio of width to height, its logarithm drawn evenly.

    Raises:
        ValueError: an area is not above 0 and at most 1, an aspect not above 0, or the first of two
            is larger than the second.
    """

    area: tuple[float, float] = (0.08, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)

    def __post_init__(self) -> None:
        low, high = self.area
        if not 0 < low <= high <= 1:
            raise ValueError(f"area must be from a share above 0 to one up to 1, not {self.area}")
        low, high = self.aspect
        if not 0 < low <= high < math.inf:
            raise ValueError(f"aspect must be from a ratio above 0 to a larger, not {self.aspect}")

    def __call__(self, images: Images, generator: Generator) -> Images:
        """Another window of each image."""
        height, width = images.shape[-2:]
        return resized_crop(images, self.windows(len(images), height, width, generator))

    def windows(self, count: int, height: int, width: int, generator: Generator) -> Windows:
        """So many windows of images of one size, drawn on the CPU."""
        pixels = height * width * uniform(count, *self.area, generator)
        low, high = map(math.log, self.aspect)
        ratio = uniform(count, low, high, generator).exp()
        w = (pixels * ratio).sqrt().clamp(max=width)  # w h = pixels, w / h = ratio
        h = (pixels / ratio).sqrt().clamp(max=height)
        left = (width - w) * torch.rand(count, generator=generator)
        top = (height - h) * torch.rand(count, generator=generator)
        return Windows(left, top, w, h)


def resized_crop(images: Images, windows: Windows) -> Images:
    """What is in a window of each image, enlarged to the image's size by bilinear interpolation.

    The middle of pixel i of the answer shows what is at left + (i + ½) w / W in the image, W being
    its width, and so downwards.
    """
    height, width = images.shape[-2:]
    left, top, w, h = (part.to(images) for part in windows)
    # torch measures from -1 to 1 along each axis: x = (w/W) x' + (2 left + w)/W - 1.
    theta = images.new_zeros(len(images), 2, 3)
    theta[:, 0, 0] = w / width
    theta[:, 0, 2] = (2 * left + w) / width - 1
    theta[:, 1, 1] = h / height
    theta[:, 1, 2] = (2 * top + h) / height - 1
    return resampled(images, theta, "border")
