"""Moving, turning and zooming a batch of images in one go, each image by amounts of its own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

OUTSIDE = ("zeros", "border", "reflection")
"""What lies beyond the frame: nothing, the outermost pixels on and on, or a mirror image."""


def affine(
    images: Float[Tensor, "images *channels height width"],
    *,
    right: Float[Tensor, " images"] | None = None,
    down: Float[Tensor, " images"] | None = None,
    turn: Float[Tensor, " images"] | None = None,
    zoom: Float[Tensor, " images"] | None = None,
    outside: str = "zeros",
) -> Float[Tensor, "images *channels height width"]:
    """Every image turned and zoomed about its centre, then shifted: one resampling for all three.

    Source: Wolberg 1990, *Digital image warping*: inverse mapping with bilinear interpolation. The
    point p of the answer shows what stood at

        q = c + R(-turn) (p - c - shift) / zoom,

    c being the centre. That is rarely a pixel, so the four around it are averaged by nearness.

    Args:
        images: with any number of channels, or none.
        right: pixels to the right, one number for each image; None is 0 for all.
        down: pixels down.
        turn: degrees, counter-clockwise as one looks at the image.
        zoom: 2 makes everything twice as large; None is 1.
        outside: one of `OUTSIDE`. With "zeros", what lies outside counts as 0.

    Raises:
        ValueError: there is no such `outside`, or a zoom is not above 0.
    """
    back = _inverse(images, right, down, turn, zoom, outside)
    height, width = images.shape[-2:]
    # torch measures from -1 to 1 along each axis, whatever the image's size.
    units = images.new_tensor([width / 2, height / 2])
    theta = back.clone()
    theta[:, :, :2] = back[:, :, :2] * units / units[:, None]
    theta[:, :, 2] = back[:, :, 2] / units
    return resampled(images, theta, outside)


def resampled(
    images: Float[Tensor, "images *channels height width"],
    theta: Float[Tensor, "images 2 3"],
    outside: str,
) -> Float[Tensor, "images *channels height width"]:
    """Images whose point p shows what stood at θ (p, 1), both measured as torch does, -1 to 1.

    Args:
        images: with any number of channels, or none.
        theta: θ of each image.
        outside: one of `OUTSIDE`.
    """
    stacked = images.reshape(len(images), -1, *images.shape[-2:])  # (N, C, H, W)
    grid = affine_grid(theta, list(stacked.shape), align_corners=False)  # (N, H, W, 2)
    moved = grid_sample(stacked, grid, padding_mode=outside, align_corners=False)
    return moved.reshape(images.shape)


def affine_explicit(
    images: Float[Tensor, "images *channels height width"],
    *,
    right: Float[Tensor, " images"] | None = None,
    down: Float[Tensor, " images"] | None = None,
    turn: Float[Tensor, " images"] | None = None,
    zoom: Float[Tensor, " images"] | None = None,
) -> Float[Tensor, "images *channels height width"]:
    """The same as `affine` with zeros outside, pixel by pixel: where from, which four, how much.

    Raises:
        ValueError: a zoom is not above 0.
    """
    back = _inverse(images, right, down, turn, zoom, "zeros")
    height, width = images.shape[-2:]
    rows = torch.arange(height, device=images.device, dtype=images.dtype) - (height - 1) / 2
    columns = torch.arange(width, device=images.device, dtype=images.dtype) - (width - 1) / 2
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    p = torch.stack([x, y, torch.ones_like(x)])  # (3, H, W), from the centre
    q = torch.einsum("nij,jhw->nihw", back, p)  # (N, 2, H, W)
    q_x, q_y = q[:, 0] + (width - 1) / 2, q[:, 1] + (height - 1) / 2
    left, top = q_x.floor(), q_y.floor()

    stacked = images.reshape(len(images), -1, height * width)  # (N, C, HW)
    moved = torch.zeros_like(stacked)
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        share = (1 - (q_x - column).abs()) * (1 - (q_y - row).abs())
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        place = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)  # (N, H, W)
        place = place.long().flatten(1)[:, None].expand_as(stacked)
        moved = moved + (share * inside).flatten(1)[:, None] * stacked.gather(2, place)
    return moved.reshape(images.shape)


def _inverse(
    images: Tensor,
    right: Tensor | None,
    down: Tensor | None,
    turn: Tensor | None,
    zoom: Tensor | None,
    outside: str,
) -> Float[Tensor, "images 2 3"]:
    """Where in the old image a point of the new one comes from; both are measured from the centre.

    y grows downwards, as rows do.
    """
    if outside not in OUTSIDE:
        raise ValueError(f"outside must be one of {', '.join(OUTSIDE)}, not {outside!r}")
    zeros = images.new_zeros(len(images))
    s_x, s_y, angle = (
        zeros if amount is None else amount.to(zeros) for amount in (right, down, turn)
    )
    scale = zeros + 1 if zoom is None else zoom.to(zeros)
    # On a GPU to look at the zooms is to wait for it, so they are looked at where they come from.
    if zoom is not None and zoom.device.type == "cpu" and not (zoom > 0).all():
        raise ValueError(f"zoom must be above 0, but the smallest is {zoom.min().item():g}")
    cos, sin = angle.deg2rad().cos() / scale, angle.deg2rad().sin() / scale
    return torch.stack(
        [
            torch.stack([cos, -sin, sin * s_y - cos * s_x], dim=1),
            torch.stack([sin, cos, -sin * s_x - cos * s_y], dim=1),
        ],
        dim=1,
    )
