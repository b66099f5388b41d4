"""Cells under a microscope, drawn: a nucleus tells what kind a cell is, and a rim where it ends."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from linebyline.data.examples import Examples

CLASSES = ("ground", "light", "dark")
"""Of a pixel: no cell, or a cell whose nucleus is lighter or darker than its body."""

SPACING = 16  # pixels from one place for a cell to the next
SMALLEST, LARGEST = 6.5, 9.5  # a cell's mean radius
NUCLEUS = 2.0  # its nucleus' radius
ASIDE = 3.0  # how far a nucleus may be from the middle, down and to the right
LEVELS = {"ground": 0.30, "body": 0.55, "light": 0.95, "dark": 0.10}  # how bright


class Cells(NamedTuple):
    """Images, and all that there is to know of each pixel."""

    images: Float[Tensor, "images 1 side side"]
    """Brightness; mostly from 0 to 1, but the noise has no limits."""
    masks: Int[Tensor, "images side side"]
    """For each pixel its class, an index into `CLASSES`."""
    instances: Int[Tensor, "images side side"]
    """For each pixel 0, or the number of the cell that it belongs to."""
    nuclei: Bool[Tensor, "images side side"]
    """Whether a pixel belongs to a nucleus."""

    @property
    def examples(self) -> Examples:
        """Images and masks, to train on."""
        return Examples(self.images, self.masks)


def cell_images(
    count: int, *, side: int = 48, noise: float = 0.06, filled: float = 0.75, seed: int = 0
) -> Cells:
    """Draw images of touching cells of two kinds.

    Made for this book, after the transmitted-light images of Ronneberger, Fischer & Brox 2015,
    *U-Net*, figure 3. The outline of a cell is a circle with three waves; where two cells meet, the
    masks keep one pixel of ground between them, as the paper's do. Cells stand on a jittered grid.
    Kind, size, outline and place are drawn independently of each other and of the neighbours', and
    all bodies are alike, so that nothing but its nucleus tells the kind of a cell.

    Args:
        count: how many images.
        side: height and width in pixels, a multiple of 16.
        noise: standard deviation of what is added to each pixel's brightness.
        filled: the share of the grid's places where a cell is.
        seed: of everything that is random.

    Raises:
        ValueError: an argument is out of its range.
    """
    _check(count, side, noise, filled)
    random = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.rand(shape, generator=random)  # noqa: E731
    per_row = side // SPACING
    cells = per_row**2
    grid = SPACING * (torch.arange(per_row) + 0.5) - 0.5
    centers = torch.cartesian_prod(grid, grid) + 5 * (draw(count, cells, 2) - 0.5)
    radii = SMALLEST + (LARGEST - SMALLEST) * draw(count, cells)
    dark = draw(count, cells) < 0.5
    there = draw(count, cells) < filled
    middles = centers + 2 * ASIDE * (draw(count, cells, 2) - 0.5)

    reach = _reach(centers, radii, draw(2, 3, count, cells), side)  # (N, cells, side, side)
    reach = reach.masked_fill(~there[:, :, None, None], torch.inf)
    nearest, owner = reach.min(dim=1)
    instances = _apart(torch.where(nearest < 1, owner + 1, 0))
    to_middle = _away(middles, side).norm(dim=-1)  # (N, cells, side, side)
    nuclei = (to_middle.gather(1, owner[:, None])[:, 0] < NUCLEUS) & (instances > 0)
    kind = 1 + dark.long().gather(1, owner.flatten(1)).view_as(owner)
    masks = torch.where(instances > 0, kind, 0)

    ground = LEVELS["ground"] + 0.1 * (draw(count, 1, 4, 4) - 0.5)
    images = interpolate(ground, size=(side, side), mode="bicubic", align_corners=False)[:, 0]
    body = LEVELS["body"] + 0.1 * (draw(count, cells) - 0.5)
    body = body.gather(1, owner.flatten(1)).view_as(images)
    images = torch.where(instances > 0, body, images)
    images = _blurred(images)
    nucleus = torch.where(kind == 1, LEVELS["light"], LEVELS["dark"])
    images = torch.where(nuclei, nucleus, images)
    images = images + noise * torch.randn(images.shape, generator=random)
    return Cells(images[:, None], masks, instances, nuclei)


def _away(
    centers: Float[Tensor, "images cells 2"], side: int
) -> Float[Tensor, "images cells side side 2"]:
    """From each cell's centre to each pixel: down, and to the right."""
    at = torch.arange(side)
    pixels = torch.stack(torch.meshgrid(at, at, indexing="ij"), dim=-1)
    return pixels - centers[:, :, None, None]


def _reach(
    centers: Float[Tensor, "images cells 2"],
    radii: Float[Tensor, "images cells"],
    waves: Float[Tensor, "2 3 images cells"],
    side: int,
) -> Float[Tensor, "images cells side side"]:
    """How far a pixel is from each centre, as a part of the way to the outline: below 1 inside."""
    down, right = _away(centers, side).unbind(-1)
    angle = torch.atan2(down, right)
    outline = torch.ones_like(angle)
    for turns, strength, phase in zip((2, 3, 4), *waves, strict=True):
        wave = torch.cos(turns * angle + 6.2832 * phase[..., None, None])
        outline += 0.16 * strength[..., None, None] * wave
    return torch.hypot(down, right) / (radii[..., None, None] * outline)


def _apart(instances: Int[Tensor, "images side side"]) -> Int[Tensor, "images side side"]:
    """Ground wherever a pixel's neighbour below or to the right is another cell's."""
    beyond = pad(instances, (0, 1, 0, 1))
    meets = torch.zeros_like(instances, dtype=torch.bool)
    for neighbour in (beyond[:, 1:, :-1], beyond[:, :-1, 1:]):
        meets |= (neighbour > 0) & (neighbour != instances)
    return instances.masked_fill(meets, 0)


def _blurred(images: Float[Tensor, "images side side"]) -> Float[Tensor, "images side side"]:
    """What an optic does: each pixel gets an eighth of each of four neighbours, and half of it."""
    kernel = torch.tensor([[0.0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 8
    around = pad(images[:, None], (1, 1, 1, 1), mode="replicate")
    return conv2d(around, kernel[None, None])[:, 0]


def _check(count: int, side: int, noise: float, filled: float) -> None:
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    if side < SPACING or side % SPACING:
        raise ValueError(f"side must be a multiple of {SPACING}, not {side}")
    if noise < 0:
        raise ValueError(f"noise must not be negative, but is {noise}")
    if not 0 < filled <= 1:
        raise ValueError(f"filled must be above 0 and at most 1, not {filled}")
