"""Boxes on images: what a detector was to find, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.images import image_grid

BRIGHT = "#ffffff"
"""Boxes and letters on a picture: it brings its own ground, which the reader's theme leaves as it
is, so they need not be legible on white."""

DARK = "#101010"
"""A rim around them, which keeps them apart from a bright picture."""

LABEL_SIZE = 11.0


def draw_boxes(
    ax: Axes,
    boxes: Shaped[Array, "boxes 4"] | Sequence[Any],
    labels: Sequence[str] | None = None,
    *,
    color: str = BRIGHT,
    linestyle: str = "-",
    linewidth: float = 1.8,
) -> list[Rectangle]:
    """Draw boxes on an image that the axes show, as one pixel a unit.

    Coordinates lie between pixels, as everywhere in this book: the box (0, 0, 1, 1) is around the
    first pixel, whose middle matplotlib has at (0, 0). What lies beyond the picture is cut off.

    Args:
        ax: shows an image, as those of `linebyline.plotting.images.image_grid` do.
        boxes: left, top, right, bottom in pixels.
        labels: a text each, at the box's upper left corner, outside it where there is room.
        color: of boxes and labels.
        linestyle: as matplotlib names it; dashes tell one sort of box from another.
        linewidth: in points.

    Returns:
        The rectangles, in order.

    Raises:
        ValueError: the axes show no image, a number of labels that is not that of the boxes, or a
            box whose right or bottom comes before its left or top.
    """
    if not ax.images:
        raise ValueError("ax shows no image to draw boxes on")
    # No box is as good a number as any: a detector may have found nothing.
    values = to_numpy(boxes, "boxes", ("N", 4)) if len(boxes) else np.zeros((0, 4))
    if labels is not None and len(labels) != len(values):
        raise ValueError(f"labels has {len(labels)} entries for {len(values)} boxes: one each")
    rectangles = []
    for number, (left, top, right, bottom) in enumerate(values):
        if right < left or bottom < top:
            raise ValueError(
                f"boxes must have left <= right and top <= bottom, but box {number} is "
                f"({left:g}, {top:g}, {right:g}, {bottom:g})"
            )
        corner = (left - 0.5, top - 0.5)
        rectangle = Rectangle(
            corner,
            right - left,
            bottom - top,
            fill=False,
            edgecolor=color,
            linestyle=linestyle,
            linewidth=linewidth,
            path_effects=[withStroke(linewidth=linewidth + 1.4, foreground=DARK, alpha=0.55)],
        )
        ax.add_patch(rectangle)
        rectangles.append(rectangle)
        if labels is not None:
            _label(ax, labels[number], corner, color)
    return rectangles


def _label(ax: Axes, text: str, corner: tuple[float, float], color: str) -> None:
    """Above the box; where the picture ends there, inside it."""
    height = ax.images[0].get_extent()[2] + 0.5  # bottom edge of the last row
    fits = corner[1] > 0.14 * height
    ax.annotate(
        text,
        (max(corner[0], -0.5), max(corner[1], -0.5)),
        xytext=(1, 2 if fits else -2),
        textcoords="offset points",
        verticalalignment="bottom" if fits else "top",
        color=color,
        fontsize=LABEL_SIZE,
        fontweight="bold",
        path_effects=[withStroke(linewidth=2.4, foreground=DARK)],
    )


def boxed_images(
    images: Shaped[Array, "images channels height width"] | Sequence[Any],
    boxes: Sequence[Shaped[Array, "_ 4"] | Sequence[Any]],
    labels: Sequence[Sequence[str] | None] | None = None,
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    color: str = BRIGHT,
    linestyle: str = "-",
) -> list[Axes]:
    """Images in rows, each with its own boxes; more can be drawn on the axes by `draw_boxes`.

    Args:
        images: (N, 3, H, W) colours or (N, H, W) values, as for `image_grid`.
        boxes: of each image, (n, 4); their number n may differ, and may be 0.
        labels: of each image, a text for each of its boxes, or None.
        titles: one above each image.
        columns: images in a row.
        color: of boxes and labels.
        linestyle: of the boxes.

    Returns:
        The axes of the images in order.

    Raises:
        ValueError: a number of boxes or labels that is not that of the images, or as for
            `image_grid` and `draw_boxes`.
    """
    texts = [None] * len(images) if labels is None else labels
    for name, entries in (("boxes", boxes), ("labels", texts)):
        if len(entries) != len(images):
            raise ValueError(f"{name} has {len(entries)} entries for {len(images)} images")
    axes = image_grid(images, titles=titles, columns=columns)
    for ax, own, text in zip(axes, boxes, texts, strict=True):
        draw_boxes(ax, own, text, color=color, linestyle=linestyle)
    return axes
