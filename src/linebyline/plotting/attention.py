"""Where an attention looks: token by token, or place by place in an image."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.boxes import draw_boxes
from linebyline.plotting.images import image_grid
from linebyline.plotting.romanization import drawable
from linebyline.plotting.style import INK, SEQUENTIAL, WIDTH

CELL = 0.34
"""Inches that a cell has along a side, where there is room."""

DIM, VEIL = 0.35, 0.35
"""How bright a place is that was not looked at, as a part of what it was; and how much white lies
over the one that was looked at most, so that it is seen where the image is dark, too.
"""

ROUNDING = 1e-4


def attention_map(
    weights: Shaped[Array, "written read"],
    read: Sequence[str],
    written: Sequence[str],
    *,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Weights as a table of blue cells: a row for each token that is written, a column for each
    that is read. The bluer a cell, the more was it looked at; 0 is the page.

    As in figure 3 of Bahdanau, Cho & Bengio 2015, *Neural machine translation by jointly learning
    to align and translate*. Hangul is written in Latin letters, a space as ␣
    (`linebyline.plotting.romanization`).

    Args:
        weights: α, from 0 to 1. Where there are more rows or columns than tokens, the rest is
            padding, and left out.
        read: the tokens of the columns.
        written: the tokens of the rows: what was said when the weights were those.
        ax: where to draw; None makes a figure of the size that the tokens need.
        title: above it.

    Raises:
        ValueError: there are fewer rows or columns than tokens, or no tokens, or a weight is not
            from 0 to 1.
    """
    values = to_numpy(weights, "weights", ("written", "read")).astype(float)
    for axis, (name, tokens) in enumerate((("written", written), ("read", read))):
        if not 1 <= len(tokens) <= values.shape[axis]:
            raise ValueError(
                f"{name} must be from 1 to {values.shape[axis]} tokens, as many as weights has on "
                f"axis {axis} at most, not {len(tokens)}"
            )
    values = _checked(values[: len(written), : len(read)])
    if ax is None:
        cell = min(CELL, (WIDTH - 1.4) / len(read))
        size = (max(cell * len(read) + 1.4, 3.0), cell * len(written) + 1.2)
        _, ax = plt.subplots(figsize=size)
    ax.imshow(values, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="equal")
    columns = [drawable(token) for token in read]
    turned = 90 if max(map(len, columns)) > 2 else 0
    ax.set_xticks(range(len(read)), columns, rotation=turned)
    ax.set_yticks(range(len(written)), [drawable(token) for token in written])
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=11, pad=3)
    ax.grid(False)
    # Thin lines between the cells: an empty one must be seen to be there.
    ax.set_xticks(np.arange(len(read) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(written) + 1) - 0.5, minor=True)
    ax.tick_params(which="minor", length=0)
    ax.grid(which="minor", color=INK, alpha=0.25, linewidth=0.5)
    for spine in ax.spines.values():
        spine.set(visible=True, linewidth=0.6, color=INK, alpha=0.45)
    if title:
        ax.set_title(title)
    return ax


def attention_over_image(
    image: Shaped[Array, "3 height width"],
    weights: Shaped[Array, "words rows columns"],
    words: Sequence[str],
    *,
    boxes: Sequence[Any] | None = None,
    columns: int | None = None,
) -> list[Axes]:
    """An image, and beside it what each word looked at: the image again, dark where it did not.

    As in the figures of Xu et al. 2015, *Show, attend and tell*. A place of the grid is as bright
    as its weight, measured by the largest of its word, so that a look at many places is seen, too.
    Its border shows, and is not smoothed away, for the decoder has no finer grid.

    Args:
        image: colours from 0 to 1.
        weights: α of each word, over a grid; its places divide the image evenly.
        words: of the caption, one for each of the weights; Hangul is written in Latin letters.
        boxes: for each word what it names, left, top, right and bottom in pixels, or None.
        columns: pictures in a row.

    Returns:
        The axes, the image's first.

    Raises:
        ValueError: the numbers of words, weights and boxes differ, the grid does not divide the
            image, or a weight is not from 0 to 1.
    """
    picture = to_numpy(image, "image", (3, "height", "width")).astype(float)
    values = _checked(to_numpy(weights, "weights", ("words", "rows", "columns")).astype(float))
    if len(words) != len(values) or (boxes is not None and len(boxes) != len(words)):
        count = "" if boxes is None else f" and {len(boxes)} boxes"
        raise ValueError(f"words has {len(words)} entries for {len(values)} weights{count}")
    (_, high, wide), (_, rows, places) = picture.shape, values.shape
    if high % rows or wide % places:
        raise ValueError(
            f"weights must have a grid that divides the image, {high} x {wide} pixels, evenly, "
            f"not one of {rows} x {places}"
        )
    share = values / values.max((1, 2), keepdims=True).clip(1e-12)
    light = share.repeat(high // rows, axis=1).repeat(wide // places, axis=2)  # (words, H, W)
    light = light[:, None]
    shown = picture * (DIM + (1 - DIM) * light) * (1 - VEIL * light) + VEIL * light
    titles = ["image", *map(drawable, words)]
    axes = image_grid(np.concatenate([picture[None], shown]), titles=titles, columns=columns)
    for ax, box in zip(axes[1:], boxes or [], strict=False):
        if box is not None:
            draw_boxes(ax, to_numpy(box, "boxes", (4,))[None])
    return axes


def _checked(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all() or values.min() < -ROUNDING or values.max() > 1 + ROUNDING:
        raise ValueError(
            f"weights must be from 0 to 1, but reach from {values.min():g} to {values.max():g}"
        )
    return values.clip(0, 1)
