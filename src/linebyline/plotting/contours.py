"""A function of two parameters as a map: lines of equal height, and the ways that descents took.

The map is tinted, and the deeper, the stronger: on a page by day and by night alike, downhill is
where the ink gathers.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from torch import Tensor

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, LINE_STYLES, MARKERS, PALETTE

DEEPEST = 0.3
"""Opacity of the ink in the deepest band; the highest has none."""

DOTS_UP_TO = 25
"""A path of so few points shows each of them; in a longer one they would run together."""

OUT_OF_SIGHT = 1e4
"""A point that lies so many widths outside is not drawn: a renderer cannot reach it."""


def contours(
    function: Callable[[Tensor], Any],
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    paths: Mapping[str, Float[Array, "steps 2"] | Sequence[Sequence[float]]] | None = None,
    levels: int | Sequence[float] = 9,
    resolution: int = 160,
    ax: Axes | None = None,
) -> Axes:
    """Lines along which `function` has the same value; on them, the points of each path.

    The axes have the same scale where the picture allows it, so that a gradient is seen to stand at
    a right angle to its line. What lies outside is cut off: a path that diverges runs out of the
    picture.

    Args:
        function: maps points (..., 2) to values (...). It is asked once, for the whole grid, in the
            type and on the device of the first path (float32 if there is none). Where it is NaN or
            infinite, the map has a hole.
        x: from where to where the first coordinate goes.
        y: the same for the second.
        paths: name to points in their order. Each has its colour, dashes and marker; a large marker
            stands where it begins. A name that begins with an underscore is left out of the
            legend, and points that are NaN, infinite or very far away out of the path.
        levels: the values at which lines are drawn, in increasing order; or how many lines there
            are to be, which then part the map into pieces of equal area.
        resolution: points of the grid along each side.
        ax: where to draw; a new figure if None.

    Raises:
        TypeError: `function` or a path gives something other than real numbers.
        ValueError: `x` or `y` is no interval; `function` returns another shape, nothing finite, or
            one and the same value everywhere; `levels` do not increase, or none lies between the
            function's least and greatest value; a path is not (steps, 2) or nowhere finite;
            `resolution` is below 2.
    """
    if resolution < 2:
        raise ValueError(f"resolution must be at least 2, not {resolution}")
    sides = [_side(name, ends, resolution) for name, ends in (("x", x), ("y", y))]
    ways = {name: _way(name, points, sides) for name, points in (paths or {}).items()}
    values = _ask(function, sides, next(iter((paths or {}).values()), None))
    heights = _heights(levels, values)

    ax = ax or plt.subplots(figsize=(7, 4.8))[1]
    tints = [to_rgba(INK, alpha) for alpha in np.linspace(DEEPEST, 0, len(heights) + 1)]
    bands = [values.min() - 1, *heights, values.max() + 1]
    ax.contourf(*sides, values, levels=bands, colors=tints, zorder=0)
    ax.contour(
        *sides,
        values,
        levels=heights,
        colors=[INK],
        linewidths=0.9,
        alpha=0.7,
        linestyles="solid",
        zorder=1,
    )
    looks = zip(cycle(PALETTE), cycle(LINE_STYLES), cycle(MARKERS), strict=False)
    for (name, way), (color, dashes, marker) in zip(ways.items(), looks, strict=False):
        dots = marker if len(way) <= DOTS_UP_TO else ""
        ax.plot(*way.T, color=color, ls=dashes, lw=1.8, marker=dots, ms=4.5, zorder=2)
        ax.plot(*way[0], color=color, ls=dashes, marker=marker, ms=8, label=name, zorder=2.5)
    ax.set(xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    spans = [side[-1] - side[0] for side in sides]
    if max(spans) <= 3 * min(spans):
        ax.set_aspect("equal")
    ax.grid(False)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="upper left", bbox_to_anchor=(1.02, 1.02), borderaxespad=0)
    return ax


def _side(name: str, ends: tuple[float, float], resolution: int) -> np.ndarray:
    low, high = to_numpy(ends, name, (2,)).astype(float)
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"{name} must be two finite numbers, the lower first, not {ends}")
    return np.linspace(low, high, resolution)


def _way(name: str, points: Any, sides: list[np.ndarray]) -> np.ndarray:
    """The points, with NaN for those that cannot be drawn."""
    way = to_numpy(points, f"paths[{name!r}]", ("steps", 2)).astype(float)
    if not np.isfinite(way).all(axis=1).any():
        raise ValueError(f"paths[{name!r}] holds no finite point: there is nothing to draw")
    middle = np.array([side.mean() for side in sides])
    reach = OUT_OF_SIGHT * np.array([side[-1] - side[0] for side in sides])
    return np.where((np.abs(way - middle) < reach).all(axis=1, keepdims=True), way, np.nan)


def _ask(
    function: Callable[[Tensor], Any], sides: list[np.ndarray], path: Any
) -> np.ma.MaskedArray:
    """The function on the grid, with a hole where it is no number."""
    like = torch.empty(0) if path is None else torch.as_tensor(path)
    dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
    grid = np.stack(np.meshgrid(*sides), axis=-1)  # (y, x, 2)
    with torch.no_grad():
        answer = function(torch.as_tensor(grid, dtype=dtype, device=like.device))
    values = to_numpy(answer, "function's result", grid.shape[:2]).astype(float)
    if not np.isfinite(values).any():
        raise ValueError("function's result is nowhere finite: there is nothing to draw")
    return np.ma.masked_invalid(values)


def _heights(levels: int | Sequence[float], values: np.ma.MaskedArray) -> np.ndarray:
    """The values at which lines are drawn."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        raise ValueError(f"function is {low:g} everywhere between the ends of x and y: no lines")
    if isinstance(levels, int):
        if levels < 1:
            raise ValueError(f"levels must be at least 1, not {levels}")
        parts = np.linspace(0, 1, levels + 2)[1:-1]
        heights = np.unique(np.quantile(values.compressed(), parts))
        # On a plain that takes up most of the map, all of them may fall on its height.
        heights = heights[(heights > low) & (heights < high)]
        return heights if len(heights) else np.array([(low + high) / 2])
    heights = to_numpy(levels, "levels", ("lines",)).astype(float)
    if not (np.isfinite(heights).all() and (np.diff(heights) > 0).all()):
        raise ValueError(f"levels must be finite and increase, were {heights.tolist()}")
    seen = heights[(heights > low) & (heights < high)]
    if not len(seen):
        raise ValueError(f"levels must lie between {low:g} and {high:g}, the function's values")
    return seen
