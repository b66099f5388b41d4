"""The plane as a hidden layer holds it: a sheet of squared paper, moved, bent and folded.

The points of the plane are drawn where the layer sends them, on the lines of a grid that went
through the layer with them. A space of more than two units is looked at along the hyperplane with
which the next layer cuts it: that hyperplane is then a vertical line, and the picture is a true
projection.
"""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from torch import Tensor

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.regions import decision_line
from linebyline.plotting.style import INK, MARKERS, PALETTE

STEPS = 12
"""Points on a line of the grid from one crossing to the next: it may bend between them."""

Projection = Callable[[np.ndarray], np.ndarray]


def hidden_space(
    hidden: Callable[[Tensor], Any],
    inputs: Shaped[Array, "points 2"] | Sequence[Sequence[float]],
    targets: Shaped[Array, " points"] | Sequence[int],
    *,
    weights: Shaped[Array, " units"] | Sequence[float] | None = None,
    bias: Shaped[Array, ""] | Shaped[Array, " 1"] | float = 0.0,
    ax: Axes | None = None,
    margin: float = 0.1,
    squares: int = 12,
) -> Axes:
    """Data of the plane in a hidden layer's space, on the squared paper that moved with them.

    Two units span a plane, which is drawn as it is. Of more units a projection is drawn: to the
    right the distance to the hyperplane w·h + b = 0, negative where the score is; upwards the
    direction within the hyperplane in which the data spread most, turned so that it rises with the
    second input.

    Args:
        hidden: maps points (M, 2) to what the layer answers, (M, units), two units or more.
        inputs: the data.
        targets: their classes, whole numbers.
        weights: w, what the next layer multiplies the units by; needed for more than two units.
            None draws no line.
        bias: b, one number.
        ax: where to draw; a new figure if None.
        margin: how far the paper goes beyond the data, as a part of the data's range.
        squares: of the paper along each side.

    Raises:
        ValueError: data that are not (N, 2) with N targets; an answer that is not finite or not
            (M, units); weights that are all zero, missing where they are needed, or not one a unit;
            `squares` below 1 or `margin` below 0.
    """
    points = to_numpy(inputs, "inputs", ("points", 2)).astype(float)
    kinds = to_numpy(targets, "targets", ("points",))
    if len(kinds) != len(points):
        raise ValueError(f"targets has {len(kinds)} entries for {len(points)} inputs: one a point")
    if squares < 1 or margin < 0:
        raise ValueError(f"squares must be at least 1, margin 0: were {squares}, {margin}")

    like = inputs if isinstance(inputs, Tensor) else torch.empty(0)
    moved = _ask(hidden, points, like)  # (N, units)
    w = None if weights is None else _checked(weights, moved.shape[1])
    b = float(to_numpy(bias, "bias", (), (1,)).item())
    if moved.shape[1] == 2:
        project: Projection = np.asarray
    elif w is not None:
        project = _along_the_hyperplane(w, b, moved, points[:, 1])
    else:
        raise ValueError(f"weights are needed to look at a space of {moved.shape[1]} units")

    ax = ax or plt.subplots(figsize=(7, 4.8))[1]
    ax.grid(False)
    paper = _paper(points, margin, squares)  # (lines, points of a line, 2)
    lines = project(_ask(hidden, paper.reshape(-1, 2), like)).reshape(paper.shape)
    ax.add_collection(LineCollection(list(lines), colors=INK, linewidths=0.7, alpha=0.55, zorder=1))
    for position, kind in enumerate(np.unique(kinds)):
        color, marker = PALETTE[position % len(PALETTE)], MARKERS[position % len(MARKERS)]
        size = float(np.clip(4000 / len(points), 12, 110)) * (1.25 if marker in "^v" else 1)
        x, y = project(moved[kinds == kind]).T
        ax.scatter(x, y, s=size, c=color, marker=marker, linewidths=0, zorder=3)
    ax.autoscale_view()
    if w is not None and moved.shape[1] == 2:
        decision_line(w, b, ax=ax)
    elif w is not None:
        ax.axvline(0, color=INK, linestyle="-", linewidth=2.2, zorder=2.5)
    return ax


def _ask(hidden: Callable[[Tensor], Any], points: np.ndarray, like: Tensor) -> np.ndarray:
    """What the layer answers to each point: (M, units)."""
    dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
    with torch.no_grad():
        answer = hidden(torch.as_tensor(points, dtype=dtype, device=like.device))
    values = to_numpy(answer, "hidden's result", (len(points), "units")).astype(float)
    if values.shape[1] < 2:
        raise ValueError("hidden's result must have two units or more, but has one")
    if not np.isfinite(values).all():
        raise ValueError("hidden's result must be finite, but holds NaN or infinity")
    return values


def _checked(weights: Any, units: int) -> np.ndarray:
    w = to_numpy(weights, "weights", (units,)).astype(float)
    if not np.isfinite(w).all() or not w.any():
        raise ValueError(f"weights must be finite and not all zero, were {w.tolist()}")
    return w


def _along_the_hyperplane(w: np.ndarray, b: float, moved: np.ndarray, up: np.ndarray) -> Projection:
    """The projection on the hyperplane's normal and on the data's main direction beside it."""
    length = np.linalg.norm(w)
    normal, centre = w / length, moved.mean(axis=0)
    rest = moved - centre
    rest = rest - np.outer(rest @ normal, normal)  # what of it lies within the hyperplane
    main = np.linalg.svd(rest, full_matrices=False)[2][0]
    if (rest @ main) @ (up - up.mean()) < 0:  # a singular vector has no sign of its own
        main = -main
    return lambda h: np.stack([(h @ w + b) / length, (h - centre) @ main], axis=-1)


def _paper(points: np.ndarray, margin: float, squares: int) -> np.ndarray:
    """The lines of the paper, each as many points: (lines, points of a line, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    beyond = np.where(high > low, margin * (high - low), 1.0)
    (left, bottom), (right, top) = low - beyond, high + beyond
    along, across = squares * STEPS + 1, squares + 1
    upright = np.stack(
        np.meshgrid(np.linspace(left, right, across), np.linspace(bottom, top, along)), axis=-1
    ).swapaxes(0, 1)  # (across, along, 2)
    level = np.stack(
        np.meshgrid(np.linspace(left, right, along), np.linspace(bottom, top, across)), axis=-1
    )  # (across, along, 2)
    return np.concatenate([upright, level])
