"""Positions as what the hands of a clock show: one dial for each hand and position."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, PALETTE, WIDTH

RADIUS = 0.4


def clock_hands(
    angles: Shaped[Array, "positions hands"],
    positions: Sequence[str],
    hands: Sequence[str],
    *,
    ax: Axes | None = None,
) -> Axes:
    """A dial for each hand and position, as a table: positions are columns, hands are rows.

    A hand stands at twelve for the angle 0 and turns clockwise, so that its tip is at (sin, cos),
    which are the two features of a sinusoidal encoding.

    Args:
        angles: in radians.
        positions: names of the columns.
        hands: names of the rows, the fastest first, say.
        ax: where to draw; a new figure of the size that the dials need if None.

    Raises:
        ValueError: there is another number of names than of angles, or an angle is not finite.
    """
    values = to_numpy(angles, "angles", ("positions", "hands")).astype(float)
    for axis, (name, names) in enumerate((("positions", positions), ("hands", hands))):
        if len(names) != values.shape[axis]:
            raise ValueError(
                f"{name} must be {values.shape[axis]} names, as many as angles has on axis {axis}, "
                f"not {len(names)}"
            )
    if not np.isfinite(values).all():
        raise ValueError("angles must be finite")
    if ax is None:
        cell = min(0.75, (WIDTH - 1.3) / len(positions))
        _, ax = plt.subplots(figsize=(WIDTH, cell * len(hands) + 0.5))
    for column, row in np.ndindex(values.shape):
        ax.add_patch(plt.Circle((column, row), RADIUS, fill=False, color=INK, linewidth=0.8))
        angle, length = values[column, row], 0.9 * RADIUS
        # The axis of rows points down, so that twelve is at -1.
        x = [column, column + length * np.sin(angle)]
        y = [row, row - length * np.cos(angle)]
        ax.plot(x, y, "-", color=PALETTE[row % len(PALETTE)], linewidth=2.2)
    ax.set(xlim=(-0.55, len(positions) - 0.45), ylim=(len(hands) - 0.5, -0.5), aspect="equal")
    ax.set_xticks(range(len(positions)), positions)
    ax.set_yticks(range(len(hands)), hands)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax
