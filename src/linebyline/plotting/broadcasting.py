"""Broadcasting as a drawing: two arrays, what is repeated of each, and what becomes of them.

The rule is NumPy's, which PyTorch follows: shapes are compared from their last axes, a missing axis
counts as 1, and an axis of 1 is repeated as often as the other array asks (Harris et al., "Array
programming with NumPy", Nature 585, 2020).
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.edges import format_weight, text_width
from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import FILL, canvas

OPERATIONS = {"+": operator.add, "−": operator.sub, "×": operator.mul}
"""The signs that can be drawn, and what they compute."""

ROWS, COLUMNS = 6, 4
"""The largest result that leaves room for its numbers."""

CELL, GAP = 0.6, 0.6
"""Inches: the side of a cell at most, and the room for a sign."""

RIM = 0.02
"""Inches: how far the frame of a marked cell lies within it."""

ROOM = 0.84
"""Of a cell's side, what a number may take."""

REPEATED = 0.55
"""Opacity of what is repeated: it has no memory of its own."""

NUMBER, SIGN, SHAPE = 13.0, 18.0, 12.0
"""Points: the type in a cell, between two arrays, and below one."""


def broadcast_diagram(
    left: Shaped[Array, "..."] | Sequence[Any] | float,
    right: Shaped[Array, "..."] | Sequence[Any] | float,
    *,
    operation: str = "−",
    marked: Bool[Array, "rows columns"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Two arrays side by side, each drawn as large as the result, and the result.

    Cells that exist are filled; those that broadcasting repeats are hollow and dotted. The shape
    stands below each array.

    Args:
        left: a number, a row or a matrix.
        right: the same.
        operation: one of "+", "−" and "×".
        marked: cells of the result to point out, such as those that were meant.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: shapes that do not broadcast, or a result too large to be drawn; an operation
            that is none of the three; `marked` of another shape than the result.
    """
    if operation not in OPERATIONS:
        known = ", ".join(map(repr, OPERATIONS))
        raise ValueError(f"operation must be one of {known}, not {operation!r}")
    shapes = ((), ("columns",), ("rows", "columns"))
    a, b = (to_numpy(array, name, *shapes) for array, name in ((left, "left"), (right, "right")))
    try:
        result = OPERATIONS[operation](a, b)
    except ValueError:
        raise ValueError(f"left and right do not broadcast: {a.shape} and {b.shape}") from None
    rows, columns = np.atleast_2d(result).shape
    if rows > ROWS or columns > COLUMNS:
        raise ValueError(
            f"the result would be {rows} by {columns}; {ROWS} by {COLUMNS} is the most there is "
            "room for"
        )
    marked = np.zeros((rows, columns)) if marked is None else marked
    marked = to_numpy(marked, "marked", (rows, columns)).astype(bool)

    side = min(CELL, (WIDTH - 2 * GAP - 0.1) / (3 * columns))
    width, middle = columns * side, rows * side / 2
    start = (WIDTH - 3 * width - 2 * GAP) / 2
    ax = canvas(ax, (0, WIDTH), (-0.36, rows * side + 0.04))
    for i, (array, sign) in enumerate(((a, operation), (b, "="), (result, ""))):
        x = start + i * (width + GAP)
        _draw_array(ax, x, side, array, marked & (i == 2))
        _write(ax, x + width + GAP / 2, middle, sign, SIGN)
        _write(ax, x + width / 2, -0.2, str(array.shape), SHAPE)
    return ax


def _draw_array(ax: Axes, x: float, side: float, array: np.ndarray, marked: np.ndarray) -> None:
    """An array repeated to the shape of `marked`, its lower left corner at (x, 0)."""
    own, full = np.atleast_2d(array).shape, marked.shape
    values = np.broadcast_to(array, full)
    texts = np.vectorize(format_weight, otypes=[str])(values)
    widest = max(text_width(text, NUMBER) for text in texts.flat)
    size = NUMBER * min(1.0, ROOM * side * 72 / widest)
    for row, column in np.ndindex(full):
        left, bottom = x + column * side, (full[0] - 1 - row) * side
        real = row < own[0] and column < own[1]
        cell = Rectangle((left, bottom), side, side, facecolor=FILL if real else "none")
        cell.set(edgecolor=INK, linewidth=1.2 if real else 0.9, linestyle="-" if real else ":")
        ax.add_patch(cell)
        if marked[row, column]:
            frame = Rectangle(
                (left + RIM, bottom + RIM), side - 2 * RIM, side - 2 * RIM, fill=False
            )
            frame.set(edgecolor=PALETTE[0], linewidth=2.6, zorder=3)
            ax.add_patch(frame)
        place = left + side / 2, bottom + side / 2
        _write(ax, *place, texts[row, column], size, alpha=1.0 if real else REPEATED)


def _write(ax: Axes, x: float, y: float, text: str, size: float, alpha: float = 1.0) -> None:
    ax.text(x, y, text, fontsize=size, ha="center", va="center_baseline", color=INK, alpha=alpha)
