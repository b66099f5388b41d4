"""What a classifier says of every point of the plane: its regions, their boundary, and the line of
a linear one.

The plane is asked on a grid, and the grid goes through the classifier as the data would: as one
batch of points, on the data's device and in its type.
"""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Shaped
from matplotlib.axes import Axes
from torch import Tensor

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.clipping import clip
from linebyline.plotting.style import INK, MARKERS, PALETTE

TINT = 0.17
"""Opacity of a region: enough to be seen, and points of the same colour still stand out."""

ARROW = 0.16
"""Length of the normal vector, as a part of the shorter side of the axes."""


def decision_regions(
    predict: Callable[[Tensor], Any],
    inputs: Shaped[Array, "points 2"] | Sequence[Sequence[float]],
    targets: Shaped[Array, " points"] | Sequence[int],
    *,
    ax: Axes | None = None,
    margin: float = 0.2,
    resolution: int = 240,
    labels: Sequence[str] | None = None,
) -> Axes:
    """The plane, tinted by predicted class; the boundary; the data, a colour and a marker a class.

    Args:
        predict: maps points (M, 2) to M class ids, or to M real scores of two classes, positive for
            the greater one (a logit; of a probability p, give p - 1/2). Whole numbers and bools are
            ids; so are floats that are all classes.
        inputs: the data.
        targets: their classes, of any whole numbers: 0 and 1, or -1 and +1.
        ax: where to draw; a new figure if None.
        margin: how far the plane goes beyond the data, as a part of the data's range.
        resolution: points of the grid along each side.
        labels: a name for each class in increasing order; None writes the ids, an empty sequence
            draws no legend.

    Raises:
        ValueError: data that are not (N, 2) with N targets; NaN among them; targets that are no
            whole numbers; `predict` returning anything but M finite numbers, or scores where the
            classes are not two; a number of labels that is not that of the classes; `resolution`
            below 2 or `margin` below 0.
    """
    points, kinds = _checked(inputs, targets)
    if resolution < 2 or margin < 0:
        raise ValueError(f"resolution must be at least 2, margin 0: were {resolution}, {margin}")
    sides = [_side(points[:, i], margin, resolution) for i in (0, 1)]
    plane = np.stack(np.meshgrid(*sides), axis=-1)  # (resolution, resolution, 2)
    predicted = _ask(predict, inputs, plane.reshape(-1, 2), np.unique(kinds))
    predicted = predicted.reshape(plane.shape[:2])
    scored = predicted.dtype.kind == "f"
    classes = np.unique(kinds) if scored else np.union1d(kinds, predicted)
    if scored and len(classes) != 2:
        raise ValueError(
            f"predict must return class ids: scores tell two classes apart, not {classes.tolist()}"
        )
    if labels and len(labels) != len(classes):
        raise ValueError(f"labels has {len(labels)} names for the classes {classes.tolist()}")

    ax = ax or plt.subplots(figsize=(7, 4.8))[1]
    for position, kind in enumerate(classes):
        color, marker = PALETTE[position % len(PALETTE)], MARKERS[position % len(MARKERS)]
        # Positive inside the region of this class, negative outside.
        if scored:
            inside = predicted if position else -predicted
        else:
            inside = _soften(np.where(predicted == kind, 1.0, -1.0))
        if (inside > 0).any():
            ax.contourf(*sides, inside, levels=[0, np.inf], colors=[color], alpha=TINT, zorder=0)
        if (inside > 0).any() and (inside < 0).any():
            ax.contour(*sides, inside, levels=[0], colors=[INK], linewidths=1.6, zorder=1.5)
        # A triangle looks smaller than a disc of its area.
        size = float(np.clip(8000 / len(points), 18, 110)) * (1.25 if marker in "^v" else 1)
        name = labels[position] if labels else f"class {kind}"
        x, y = points[kinds == kind].T
        ax.scatter(x, y, s=size, c=color, marker=marker, linewidths=0, label=name, zorder=3)
    _arrange(ax, sides)
    if labels is None or len(labels) > 0:
        ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), borderaxespad=0, handletextpad=0.3)
    return ax


def decision_line(
    weights: Shaped[Array, " 2"] | Sequence[float],
    bias: Shaped[Array, ""] | Shaped[Array, " 1"] | float,
    *,
    ax: Axes,
    color: str = INK,
    linestyle: str = "-",
    normal: bool = True,
) -> Axes:
    """The line w·x + b = 0 across the axes as they stand, and w as an arrow to its positive side.

    The arrow has w's direction and a fixed length: the line is the same for w and 10w, and so is
    its picture. Zero weights make no line, and a line outside the axes is not seen; then nothing is
    drawn. Set the axes' limits first.

    Args:
        weights: w.
        bias: b, one number.
        ax: where to draw.
        color: of both.
        linestyle: of the line.
        normal: draw the arrow.

    Raises:
        ValueError: `weights` are not two numbers, `bias` is not one, or either is not finite.
    """
    w = to_numpy(weights, "weights", (2,)).astype(float)
    b = float(to_numpy(bias, "bias", (), (1,)).item())
    if not (np.isfinite(w).all() and np.isfinite(b)):
        raise ValueError(f"weights and bias must be finite, were {w.tolist()} and {b}")
    x_limits, y_limits = ax.get_xlim(), ax.get_ylim()
    low, high = np.sort([x_limits, y_limits], axis=1).T  # an axis may run backwards
    if not w.any():
        return ax
    foot, along = -b * w / (w @ w), np.array([-w[1], w[0]]) / np.linalg.norm(w)
    seen = clip(foot, along, low, high)
    if seen is None:
        return ax
    ends = np.stack([foot + t * along for t in seen])  # (2 ends, 2)
    ax.plot(*ends.T, color=color, linestyle=linestyle, linewidth=2.2, zorder=2.5)
    ax.set(xlim=x_limits, ylim=y_limits)  # drawing a line would widen them
    if normal:
        arrow = w / np.linalg.norm(w) * ARROW * (high - low).min()
        _draw_arrow(ax, _arrow_tail(ends, arrow, low, high), arrow, color)
    return ax


def _checked(inputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    points = to_numpy(inputs, "inputs", ("points", 2)).astype(float)
    kinds = to_numpy(targets, "targets", ("points",)).astype(float)
    if len(kinds) != len(points):
        raise ValueError(f"targets has {len(kinds)} entries for {len(points)} inputs: one a point")
    if not np.isfinite(points).all():
        raise ValueError("inputs holds NaN or infinity, which has no place in the plane")
    if (kinds != np.round(kinds)).any():
        raise ValueError("targets must be class ids, that is whole numbers")
    return points, kinds.astype(int)


def _side(values: np.ndarray, margin: float, resolution: int) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    beyond = margin * (high - low) if high > low else 1.0  # data on a line still have a plane
    return np.linspace(low - beyond, high + beyond, resolution)


def _ask(
    predict: Callable[[Tensor], Any], inputs: object, plane: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """The prediction for each point of the plane: whole numbers for classes, floats for scores."""
    like = inputs if isinstance(inputs, Tensor) else torch.empty(0)
    dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
    with torch.no_grad():
        answer = predict(torch.as_tensor(plane, dtype=dtype, device=like.device))
    predicted = to_numpy(answer, "predict's result", (len(plane),))
    if not np.isfinite(predicted).all():
        raise ValueError("predict's result must be finite, but holds NaN or infinity")
    if predicted.dtype == bool and len(classes) == 2:
        return classes[predicted.astype(int)]  # True is the greater class, of {-1, 1} as of {0, 1}
    if predicted.dtype.kind == "f" and not np.isin(predicted, classes).all():
        return predicted
    return predicted.astype(int)


def _soften(inside: np.ndarray) -> np.ndarray:
    """Ids know no "nearly", so their boundary climbs in stairs; this rounds them.

    It moves the boundary by less than a cell of the grid.
    """
    for axis in (0, 1, 0, 1):
        widths = [(1, 1) if i == axis else (0, 0) for i in (0, 1)]
        padded = np.moveaxis(np.pad(inside, widths, mode="edge"), axis, 0)
        inside = np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
    return inside


def _arrange(ax: Axes, sides: Sequence[np.ndarray]) -> None:
    ax.set(xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    spans = [side[-1] - side[0] for side in sides]
    if max(spans) <= 3 * min(spans):  # then a right angle may look like one
        ax.set_aspect("equal")
    ax.grid(False)


def _arrow_tail(
    ends: np.ndarray, arrow: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """A point of the segment from which the arrow stays within the axes; the middle if none does.

    A third of the way comes first: in the middle stand the symmetric examples of textbooks.
    """
    for part in (0.35, 0.65, 0.5, 0.2, 0.8):
        tail = ends[0] + part * (ends[1] - ends[0])
        if ((tail + arrow >= low) & (tail + arrow <= high)).all():
            return tail
    return ends.mean(axis=0)


def _draw_arrow(ax: Axes, tail: np.ndarray, arrow: np.ndarray, color: str) -> None:
    style = {"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "color": color, "linewidth": 2.0}
    ax.annotate(
        "",
        xy=tuple(tail + arrow),
        xytext=tuple(tail),
        annotation_clip=False,
        zorder=2.6,
        arrowprops={**style, "shrinkA": 0, "shrinkB": 0},
    )
