"""Direct labels: each line is named where it ends, and no two names overlap.

A legend makes the eye travel and match; a name at the line's end is read where one looks anyway
(Tufte, *The Visual Display of Quantitative Information*, 1983, on labels within the field). Where
two ends are close, the names are moved apart by the least amount that makes room, and a thin leader
shows which end is whose.

The names are placed when the figure is drawn, so they stay right after the axes are scaled, resized
or zoomed.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import ScaledTranslation

LINE_HEIGHT = 1.3
"""Room for one name, in multiples of its font size."""


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The nearest positions, in least squares and in the same order, that keep `gap` between
    neighbours.

    This is isotonic regression by pooling adjacent violators (Ayer et al., 1955): with i·gap taken
    off the i-th in order, "at least a gap apart" becomes "not decreasing", and neighbours that
    violate it are replaced by their mean.

    Args:
        positions: where the names would stand, any order.
        gap: the smallest distance between two of them.
        low: the lowest position allowed.
        high: the highest. Where all do not fit between, the gaps are kept and the lot is centred.
    """
    order = np.argsort(positions, kind="stable")
    pools: list[tuple[float, int]] = []  # (mean, how many)
    for i, index in enumerate(order):
        mean, size = float(positions[index]) - i * gap, 1
        while pools and pools[-1][0] >= mean:
            before, count = pools.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        pools.append((mean, size))
    level = [mean for mean, size in pools for _ in range(size)]
    last = high - (len(level) - 1) * gap
    if last < low:  # too many for the height: centred, overflowing at both ends alike
        low = last = (low + last) / 2
    spaced = [0.0] * len(level)
    for i, index in enumerate(order):
        spaced[index] = min(max(level[i], low), last) + i * gap
    return spaced


class EndLabel(Annotation):
    """One name, right of the axes, at the height of its line's last point.

    The names of one axes share a column, in which each makes room for the others.
    """

    def __init__(self, text: str, line: Line2D, axes: Axes, column: list["EndLabel"]) -> None:
        # Beside the axes by 12 points, whatever the size of the figure.
        beside = axes.transAxes + ScaledTranslation(12 / 72, 0, axes.figure.dpi_scale_trans)
        leader = {"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.9}
        super().__init__(
            text,
            xy=last_point(line),
            xytext=(1, 0.5),
            textcoords=beside,
            color=line.get_color(),
            va="center",
            ha="left",
            annotation_clip=False,
            clip_on=False,
            arrowprops={**leader, "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 1},
        )
        self._place, self._column, self._end = axes, column, last_point(line)

    def update_positions(self, renderer: RendererBase) -> None:
        """What matplotlib calls before it measures or draws an annotation."""
        box, pixels_a_point = self._place.bbox, self._place.figure.dpi / 72
        ends = [label._visible_end() for label in self._column]
        type_size = max(float(label.get_fontsize()) for label in self._column)
        gap = type_size * LINE_HEIGHT * pixels_a_point
        heights = spread([y for _, y in ends], gap, box.y0 + gap / 3, box.y1 - gap / 3)
        own = self._column.index(self)
        self.xy = tuple(self._place.transData.inverted().transform(ends[own]))
        self.xyann = (1, (heights[own] - box.y0) / box.height)
        super().update_positions(renderer)

    def _visible_end(self) -> np.ndarray:
        """In pixels; a line that leaves the axes is named at the edge where it left."""
        box = self._place.bbox
        return np.clip(self._place.transData.transform(self._end), box.min, box.max)


def last_point(line: Line2D) -> tuple[float, float]:
    """The last point of the line that is a number; NaN ends nothing."""
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    drawn = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    return float(x[drawn[-1]]), float(y[drawn[-1]])


def label_ends(ax: Axes, lines: Sequence[Line2D], texts: Sequence[str]) -> list[EndLabel]:
    """Write each line's name beside the axes, at its end, in its colour.

    Args:
        ax: the axes of the lines.
        lines: lines with at least one finite point each.
        texts: their names, in the same order.

    Raises:
        ValueError: `texts` and `lines` differ in number.
    """
    if len(lines) != len(texts):
        raise ValueError(f"texts has {len(texts)} names for {len(lines)} lines: one a line")
    column: list[EndLabel] = []
    for line, text in zip(lines, texts, strict=True):
        column.append(EndLabel(text, line, ax, column))
        ax.add_artist(column[-1])
    return column
