"""What a classifier says of every point of the plane: its regions, their boundary, and the line of a linear one.

The plane is asked on a grid, and the grid goes through the classifier as the data would: as one batch of points, on the
data's device and in its type.
"""

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Shaped
from matplotlib.axes import Axes
from torch import Tensor

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, MARKERS, PALETTE

TINT = 0.17
"""Opacity of a region: enough to be seen, little enough for points of the same colour to stand out on both grounds."""

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
    """The plane, tinted by predicted class; the boundary; the data, one colour and one marker a class.

    Args:
        predict: maps points (M, 2) to M class ids, or to M real scores of two classes, positive for the greater one (a
            logit; of a probability p, give p - 1/2). Whole numbers and bools are ids; so are floats that are all classes.
        inputs: the data.
        targets: their classes, of any whole numbers: 0 and 1, or -1 and +1.
        ax: where to draw; a new figure if None.
        margin: how far the plane goes beyond the data, as a part of the data's range.
        resolution: points of the grid along each side.
        labels: a name for each class in increasing order; None writes the ids, an empty sequence draws no legend.

    Raises:
        ValueError: data that are not (N, 2) with N targets; targets that are no whole numbers; `predict` returning anything
            but M numbers, or NaN; as many labels as there are classes, or none; `resolution` below 2; `margin` below 0.
    """
    points = to_numpy(inputs, "inputs", ("points", 2))
    classes_of = to_numpy(targets, "targets", ("points",))
    if len(classes_of) != len(points):
        raise ValueError(f"targets has {len(classes_of)} entries for {len(points)} inputs: one a point")
    if not np.isfinite(points).all():
        raise ValueError("inputs holds NaN or infinity, which has no place in the plane")
    if (classes_of != np.round(classes_of)).any():
        raise ValueError("targets must be class ids, that is whole numbers")
    classes_of = classes_of.astype(int)
    if resolution < 2 or margin < 0:
        raise ValueError(f"resolution must be at least 2 and margin at least 0, were {resolution} and {margin}")

    sides = [_side(points[:, i], margin, resolution) for i in (0, 1)]
    plane = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)  # (M, 2)
    predicted = _ask(predict, inputs, plane, np.unique(classes_of)).reshape(resolution, resolution)
    scored = predicted.dtype.kind == "f"
    classes = np.unique(classes_of) if scored else np.union1d(classes_of, predicted)
    if scored and len(classes) > 2:
        raise ValueError(f"predict must return class ids for {len(classes)} classes: one score tells only two apart")
    if labels and len(labels) != len(classes):
        raise ValueError(f"labels must name each of the classes {classes.tolist()}, but has {len(labels)} entries")

    ax = ax or plt.subplots(figsize=(7, 4.8))[1]
    looks = list(zip(classes.tolist(), cycle(PALETTE), cycle(MARKERS), strict=False))
    for position, (label, color, _) in enumerate(looks):
        # An indicator: positive inside the class's region, negative outside; a score is one already.
        inside = (predicted if position else -predicted) if scored else _soften(np.where(predicted == label, 1.0, -1.0))
        if (inside > 0).any():
            ax.contourf(*sides, inside, levels=[0, np.inf], colors=[color], alpha=TINT, zorder=0)
        if (inside > 0).any() and (inside < 0).any():
            ax.contour(*sides, inside, levels=[0], colors=[INK], linewidths=1.6, zorder=1.5)
    size = float(np.clip(8000 / len(points), 18, 110))
    for position, (label, color, marker) in enumerate(looks):
        of_class = points[classes_of == label]
        name = labels[position] if labels else f"class {label}"
        optical = size * (1.25 if marker in "^v" else 1)  # a triangle looks smaller than a disc of its area
        ax.scatter(*of_class.T, s=optical, color=color, marker=marker, linewidths=0, label=name, zorder=3)

    ax.set(xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    spans = [side[-1] - side[0] for side in sides]
    if max(spans) <= 3 * min(spans):  # then a right angle may look like one
        ax.set_aspect("equal")
    ax.grid(False)
    if labels is None or len(labels) > 0:
        ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), borderaxespad=0, handletextpad=0.3, markerscale=1.1)
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
    """The line w·x + b = 0 across the axes as they stand, and the normal vector w as an arrow to its positive side.

    The arrow has w's direction and a fixed length: the line is the same for w and 10w, and so is its picture. Zero weights
    make no line, and a line outside the axes is not seen; then nothing is drawn. Set the axes' limits first.

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
    shift = torch.as_tensor(bias).detach()
    if shift.numel() != 1:
        raise ValueError(f"bias must be one number, but has shape {tuple(shift.shape)}")
    b = float(shift)
    if not (np.isfinite(w).all() and np.isfinite(b)):
        raise ValueError(f"weights and bias must be finite, were {w.tolist()} and {b}")
    ends = _clip(w, b, sorted(ax.get_xlim()), sorted(ax.get_ylim()))
    if ends is None:
        return ax
    limits = ax.get_xlim(), ax.get_ylim()
    ax.plot(*ends.T, color=color, linestyle=linestyle, linewidth=2.2, zorder=2.5)
    ax.set(xlim=limits[0], ylim=limits[1])  # drawing a line would widen them
    if normal:
        reach = ARROW * min(abs(high - low) for low, high in limits)
        arrow = w / np.linalg.norm(w) * reach
        tail = _arrow_tail(ends, arrow, limits)
        ax.annotate(
            "",
            xy=tuple(tail + arrow),
            xytext=tuple(tail),
            annotation_clip=False,
            zorder=2.6,
            arrowprops={"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "color": color, "linewidth": 2.0, "shrinkA": 0,
                        "shrinkB": 0},
        )  # fmt: skip
    return ax


def _side(values: np.ndarray, margin: float, resolution: int) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    beyond = margin * (high - low) if high > low else 1.0  # data on one line still have a plane around them
    return np.linspace(low - beyond, high + beyond, resolution)


def _ask(predict: Callable[[Tensor], Any], inputs: object, plane: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The prediction for each point of the plane: whole numbers for classes, floats for scores."""
    like = inputs if isinstance(inputs, Tensor) else torch.empty(0)
    dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
    with torch.no_grad():
        answer = predict(torch.as_tensor(plane, dtype=dtype, device=like.device))
    try:
        predicted = to_numpy(answer, "predict's result", (len(plane),))
    except ValueError as error:
        raise ValueError(f"predict must return one number a point: {error}") from error
    if not np.isfinite(predicted).all():
        raise ValueError("predict must return numbers, but some are NaN or infinite")
    if predicted.dtype == bool and len(classes) == 2:
        return classes[predicted.astype(int)]  # True is the greater class, be it 1 of {0, 1} or of {-1, 1}
    if predicted.dtype.kind == "f" and not np.isin(predicted, classes).all():
        return predicted
    return predicted.astype(int)


def _soften(inside: np.ndarray) -> np.ndarray:
    """Ids know no "nearly", so their boundary climbs in stairs; this rounds them, and moves it by less than a grid cell."""
    for _ in range(2):
        for axis in (0, 1):
            widths = [(1, 1) if i == axis else (0, 0) for i in (0, 1)]
            before, here, after = (
                np.take(np.pad(inside, widths, mode="edge"), range(start, start + inside.shape[axis]), axis)
                for start in range(3)
            )
            inside = (before + 2 * here + after) / 4
    return inside


def _clip(w: np.ndarray, b: float, xlim: Sequence[float], ylim: Sequence[float]) -> np.ndarray | None:
    """The two points where the line enters and leaves the axes, or None."""
    if not w.any():
        return None
    # From the foot of the perpendicular, foot + t·along; each side of the axes leaves an interval of t (Liang-Barsky).
    foot, along = -b * w / (w @ w), np.array([-w[1], w[0]]) / np.linalg.norm(w)
    enter, leave = -np.inf, np.inf
    for i, (low, high) in enumerate((xlim, ylim)):
        if along[i] == 0:
            if not low <= foot[i] <= high:
                return None
            continue
        first, second = sorted(((low - foot[i]) / along[i], (high - foot[i]) / along[i]))
        enter, leave = max(enter, first), min(leave, second)
    if enter >= leave:
        return None
    return np.stack([foot + enter * along, foot + leave * along])


def _arrow_tail(ends: np.ndarray, arrow: np.ndarray, limits: tuple[tuple[float, float], ...]) -> np.ndarray:
    """A point of the segment from which the arrow stays within the axes; the middle where there is none.

    A third of the way comes first: the middle is where the symmetric examples of a textbook have a point.
    """
    low, high = np.sort(np.array(limits), axis=1).T
    for part in (0.35, 0.65, 0.5, 0.2, 0.8):
        tail = ends[0] + part * (ends[1] - ends[0])
        if ((tail + arrow >= low) & (tail + arrow <= high)).all():
            return tail
    return ends.mean(axis=0)
