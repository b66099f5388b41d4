"""Least squares as a projection: targets of three examples, seen in space above a plane."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, PALETTE

TURN, RISE = math.radians(-33), math.radians(30)
"""How far the first column is turned away from the viewer's right hand, and how far above the plane
the viewer stands."""


def projection_figure(
    columns: Shaped[Array, "3 2"],
    target: Shaped[Array, " 3"],
    *,
    names: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """The plane that two columns span, the targets above it, and the foot of the perpendicular.

    One axis of space is one example; the axes are not drawn. The view is a parallel projection
    along a direction that is slightly above the plane, so that the perpendicular is upright.

    Args:
        columns: of the design matrix, one row for each of three examples.
        target: of the three examples, outside of the plane.
        names: of the two columns, of the targets and of their foot, to stand at the arrows' tips.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: shapes other than (3, 2) and (3,), columns on one line, a target in their plane,
            or not four names.
    """
    x = to_numpy(columns, "columns", ("examples", "columns")).astype(float)
    y = to_numpy(target, "target", ("examples",)).astype(float)
    if x.shape != (3, 2) or y.shape != (3,):
        raise ValueError(f"columns and target must be (3, 2) and (3,), not {x.shape} and {y.shape}")
    if len(names) != 4:
        raise ValueError(f"names must be 4, of two columns, target and foot, not {len(names)}")
    weights, _, rank, _ = np.linalg.lstsq(x, y)
    if rank < 2:
        raise ValueError("columns must not lie on one line: there is no plane then")
    foot = x @ weights
    if np.linalg.norm(y - foot) < 1e-9 * np.linalg.norm(y):
        raise ValueError("target lies in the plane: there is no perpendicular")

    up = (y - foot) / np.linalg.norm(y - foot)
    first = x[:, 0] / np.linalg.norm(x[:, 0])
    back = x[:, 1] - (x[:, 1] @ first) * first  # at right angles to the first, in the plane
    back /= np.linalg.norm(back)
    right = math.cos(TURN) * first + math.sin(TURN) * back
    back = math.cos(TURN) * back - math.sin(TURN) * first
    screen = np.stack([right, math.cos(RISE) * up + math.sin(RISE) * back])  # (2, 3)

    ax = ax or plt.subplots(figsize=(7, 3.9))[1]
    far = 1.25 * weights.clip(1)
    sheet = [(-0.2, -0.2), (far[0], -0.2), tuple(far), (-0.2, far[1])]  # of each column, so much
    ax.fill(*(screen @ x @ np.array(sheet).T), color=PALETTE[0], alpha=0.15, linewidth=0)
    for name, tip, color in zip(
        names, (*x.T, y, foot), (INK, INK, PALETTE[1], PALETTE[0]), strict=True
    ):
        arrow = {"arrowstyle": "-|>", "color": color, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", screen @ tip, (0, 0), arrowprops=arrow)
        ax.annotate(
            name, screen @ tip, xytext=(6, 2), textcoords="offset points", color=color, fontsize=15
        )
    ax.plot(*(screen @ np.stack([foot, y]).T), "--", color=PALETTE[2])
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.margins(0.12)
    return ax
