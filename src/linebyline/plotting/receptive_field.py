"""What a unit heeds of an image, and inside a frame what it could see of it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.images import image_grid
from linebyline.plotting.style import PALETTE, SEQUENTIAL

Side = tuple[int, int]
"""The first and the last pixel, both counted."""


def receptive_field_maps(
    maps: Shaped[Array, "maps height width"],
    fields: Sequence[tuple[Side, Side]],
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
) -> list[Axes]:
    """Maps of influence, each on a scale of its own, with the receptive field as a dashed frame.

    Args:
        maps: of each pixel how strongly it moves the unit, nothing below zero; as
            `linebyline.layers.receptive_field.influence` gives it.
        fields: for each map rows and columns of the field, as `ReceptiveField.of` gives them.
            What lies outside of the image is not drawn.
        titles: one above each map.
        columns: maps in a row; None takes as many as fit.

    Raises:
        ValueError: a number of fields that is not that of the maps, or a map with a negative
            number or with nothing in it.
    """
    values = to_numpy(maps, "maps", ("N", "H", "W")).astype(float)
    if len(fields) != len(values):
        raise ValueError(f"fields has {len(fields)} entries for {len(values)} maps: one each")
    most = values.max((1, 2), keepdims=True)
    if not (values >= 0).all() or not (most > 0).all():
        raise ValueError("maps must have no number below 0, and each some above it")
    height, width = values.shape[1:]
    axes = image_grid(values / most, titles=titles, columns=columns, cmap=SEQUENTIAL)
    for ax, (rows, across) in zip(axes, fields, strict=True):
        top, bottom = np.clip([rows[0], rows[1] + 1], 0, height) - 0.5
        left, right = np.clip([across[0], across[1] + 1], 0, width) - 0.5
        # Inside of the image's rim, so that a frame around all of it is not cut in half.
        ax.add_patch(
            Rectangle(
                (left, top),
                right - left,
                bottom - top,
                fill=False,
                edgecolor=PALETTE[1],
                linestyle=(0, (4, 2)),
                linewidth=1.6,
                clip_on=False,
            )
        )
    return axes
