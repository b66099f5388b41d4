"""What a convolutional network holds and sees: its filters, its feature maps, heat on an image."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.images import image_grid
from linebyline.plotting.style import PALETTE, SEQUENTIAL


def filter_grid(
    weight: Shaped[Array, "outputs inputs height width"],
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
) -> list[Axes]:
    """Every kernel of a convolution, blue where it is positive, coral where it is negative.

    All are on one scale, so that a kernel that does little looks pale. The kernels of an output
    channel stand side by side, its own row if there are several input channels.

    Args:
        weight: of the layer, as torch lays it out.
        titles: one above each kernel.
        columns: kernels in a row; None takes one row for each output channel, or what fits if there
            is a single input channel.

    Returns:
        The axes, output by output.

    Raises:
        ValueError: as for `image_grid`, or a wrong shape.
    """
    values = to_numpy(weight, "weight", ("outputs", "inputs", "height", "width"))
    inputs = values.shape[1]
    flat = values.reshape(-1, *values.shape[2:])
    if columns is None and inputs > 1:
        columns = inputs
    return image_grid(flat, titles=titles, columns=columns, symmetric=True)


def feature_map_grid(
    maps: Shaped[Array, "images channels height width"],
    *,
    images: Shaped[Array, "images image_height image_width"] | None = None,
    titles: Sequence[str] | None = None,
) -> list[Axes]:
    """A row for each image: the image first, if it is given, then its feature maps.

    A map is drawn from nothing (0) to full ink, the largest value of its channel in all the images,
    so that rows can be compared and a weak channel is seen. Values below 0, which no relu lets
    through, are drawn as nothing.

    Args:
        maps: what a layer answered.
        images: what it was asked.
        titles: one above each column, the image's included; the rows below the first have none.

    Returns:
        The axes, row by row.

    Raises:
        ValueError: shapes or numbers that do not fit each other.
    """
    values = to_numpy(maps, "maps", ("images", "channels", "height", "width")).astype(float)
    largest = values.max(axis=(0, 2, 3), keepdims=True)
    drawn = np.clip(values / np.where(largest > 0, largest, 1.0), 0, 1)  # (N, C, H, W)
    if images is not None:
        pictures = to_numpy(images, "images", ("images", "height", "width")).astype(float)
        if len(pictures) != len(values):
            raise ValueError(f"images has {len(pictures)} entries for {len(values)} rows of maps")
        pictures = pictures - pictures.min()  # paper is nothing, also where it was standardized
        pictures = pictures / (pictures.max() or 1.0)
        side = _common(pictures.shape[1:], drawn.shape[2:])
        first = _enlarged(pictures[:, None], side)
        drawn = np.concatenate([first, _enlarged(drawn, side)], axis=1)
    columns = drawn.shape[1]
    if titles is not None and len(titles) != columns:
        raise ValueError(f"titles has {len(titles)} entries for {columns} columns: one each")
    axes = image_grid(drawn.reshape(-1, *drawn.shape[2:]), columns=columns, vmin=0, vmax=1)
    for ax, title in zip(axes, titles or (), strict=False):
        ax.set_title(title, fontsize=11, loc="center", pad=4)
    return axes


def heat_grid(
    images: Shaped[Array, "images height width"],
    heat: Shaped[Array, "images height width"],
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
) -> list[Axes]:
    """Saliency maps, blue from nothing to each map's own largest value, with the image's outline.

    The line runs where the ink is half as dark as at its darkest, so one sees what lies on a stroke
    and what beside it. Maps of different images say nothing about each other's size: each has its
    own scale.

    Args:
        images: what the network was asked.
        heat: one number for each pixel, none below 0.
        titles: one above each.
        columns: as for `image_grid`.

    Raises:
        ValueError: shapes that do not fit, a negative heat, or as for `image_grid`.
    """
    pictures = to_numpy(images, "images", ("images", "height", "width")).astype(float)
    values = to_numpy(heat, "heat", ("images", "height", "width")).astype(float)
    if pictures.shape != values.shape:
        raise ValueError(f"heat must have the images' shape {pictures.shape}, not {values.shape}")
    if (values < 0).any():
        raise ValueError(f"heat must not be below 0, but its least is {values.min():g}")
    largest = values.max(axis=(1, 2), keepdims=True)
    scaled = values / np.where(largest > 0, largest, 1.0)
    axes = image_grid(scaled, titles=titles, columns=columns, cmap=SEQUENTIAL, vmin=0, vmax=1)
    for ax, picture in zip(axes, pictures, strict=True):
        middle = (picture.min() + picture.max()) / 2
        if picture.min() < picture.max():
            ax.contour(picture, [middle], colors=[PALETTE[1]], linewidths=1.1)
    return axes


def _common(image: tuple[int, ...], maps: tuple[int, ...]) -> tuple[int, int]:
    """A size to which both can be enlarged by whole factors."""
    return int(np.lcm(image[0], maps[0])), int(np.lcm(image[1], maps[1]))


def _enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Every pixel as a block of equal ones."""
    down, across = size[0] // values.shape[2], size[1] // values.shape[3]
    return values.repeat(down, axis=2).repeat(across, axis=3)
