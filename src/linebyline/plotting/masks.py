"""Masks laid over their images: each class a tint, and the true outlines as lines."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.images import image_grid
from linebyline.plotting.style import PALETTE

TINT = 0.6
"""Opacity of a class: the image is still seen through it."""

OUTLINE = "#ffffff"


def mask_grid(
    images: Shaped[Array, "images height width"],
    masks: Shaped[Array, "images height width"] | None = None,
    *,
    truth: Shaped[Array, "images height width"] | None = None,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
) -> list[Axes]:
    """Grey images, opaque by day and by night; class k from 1 on is tinted with the palette's k-th.

    Args:
        images: brightness, drawn from 0, black, to 1, white.
        masks: for each pixel its class, 0 for none; None draws the images as they are.
        truth: classes whose outlines are drawn, along the pixels' edges.
        titles: one above each image.
        columns: images in a row.

    Raises:
        ValueError: shapes that differ, classes that are no whole numbers from 0 on or have no
            colour, or as for `image_grid`.
    """
    pictures = to_numpy(images, "images", ("images", "height", "width")).astype(float)
    layers = {"masks": masks, "truth": truth}
    classes = {
        name: _classes(name, layer, pictures) for name, layer in layers.items() if layer is not None
    }
    axes = image_grid(
        pictures.clip(0, 1), titles=titles, columns=columns, cmap="gray", vmin=0, vmax=1
    )
    colors = np.array([(*to_rgb(PALETTE[0]), 0)] + [(*to_rgb(color), TINT) for color in PALETTE])
    for index, ax in enumerate(axes):
        if "masks" in classes:
            ax.imshow(colors[classes["masks"][index]], interpolation="nearest")
        if "truth" in classes:
            pieces = edges(classes["truth"][index])
            ax.add_collection(LineCollection(pieces, colors=OUTLINE, linewidths=1.1))
    return axes


def edges(
    mask: Shaped[np.ndarray, "height width"],
) -> list[list[tuple[float, float]]]:
    """The straight pieces of the outlines, (x, y) to (x, y), where two neighbours differ in class.

    Pixel (row, column) has its middle at x = column and y = row.
    """
    right = np.argwhere(mask[:, 1:] != mask[:, :-1]).astype(float)
    below = np.argwhere(mask[1:] != mask[:-1]).astype(float)
    upright = [[(x + 0.5, y - 0.5), (x + 0.5, y + 0.5)] for y, x in right.tolist()]
    return upright + [[(x - 0.5, y + 0.5), (x + 0.5, y + 0.5)] for y, x in below.tolist()]


def _classes(name: str, layer: Array, pictures: np.ndarray) -> np.ndarray:
    values = to_numpy(layer, name, ("images", "height", "width"))
    if values.shape != pictures.shape:
        raise ValueError(f"{name} must have the images' shape {pictures.shape}, not {values.shape}")
    if values.dtype.kind == "f":
        raise ValueError(f"{name} must hold whole numbers, but its type is {values.dtype}")
    values = values.astype(int)
    if values.min() < 0 or values.max() > len(PALETTE):
        raise ValueError(
            f"{name} must hold classes from 0 to {len(PALETTE)}, for which there are colours, "
            f"but goes from {values.min()} to {values.max()}"
        )
    return values
