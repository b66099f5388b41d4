"""The lines of a network's drawing: one a weight, which tells its sign and its magnitude.

Sign is told twice, blue and solid or coral and dashed; magnitude is the width. A written weight
stands in a gap of its line, where it covers no other weight and, if that can be, no other line.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from linebyline.plotting.clipping import clip
from linebyline.plotting.style import INK, PALETTE
from linebyline.plotting.units import points_a_unit

POSITIVE, NEGATIVE = PALETTE[0], PALETTE[1]
THINNEST, THICKEST = 0.8, 2.8
"""Points: the width for a weight of zero and for the strongest one."""

SIZE = 11.5
"""Points: the type of a written weight."""

PLACES = (0.35, 0.3, 0.4, 0.25, 0.45, 0.2, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
"""Where on its line, from 0 to 1, a weight may be written, the best first."""


SWEEPS = 6
"""So often, at most, all weights look for a better place."""


class Edge(NamedTuple):
    """A line from one unit to another, in data coordinates; a weight that is None is not known."""

    start: np.ndarray
    end: np.ndarray
    weight: float | None = None

    def at(self, part: float) -> np.ndarray:
        """The point that divides the edge: 0 is its start and 1 its end."""
        return self.start + part * (self.end - self.start)


def edge_between(
    source: tuple[float, float],
    target: tuple[float, float],
    radii: tuple[float, float],
    weight: float | None = None,
) -> Edge:
    """The edge between two circles, from rim to rim: rings are hollow, a line would show within."""
    start, end = np.array(source, dtype=float), np.array(target, dtype=float)
    direction = (end - start) / np.linalg.norm(end - start)
    return Edge(start + radii[0] * direction, end - radii[1] * direction, weight)


def draw_edges(ax: Axes, edges: Sequence[Edge], strongest: float, *, written: bool) -> None:
    """Draw the edges, the widest for weights of magnitude `strongest`; write the weights or not."""
    texts = ["" if edge.weight is None else format_weight(edge.weight) for edge in edges]
    boxes = [_half_size(ax, text if written else "") for text in texts]
    for edge, text, box, part in zip(edges, texts, boxes, place(edges, boxes), strict=True):
        look = _look(edge.weight, strongest)
        pieces = [(0.0, 1.0)]
        if box.any():
            x, y = edge.at(part)
            color = look["color"]
            ax.text(x, y, text, ha="center", va="center_baseline", color=color, fontsize=SIZE)
            # The line goes through the middle of the box, so it cannot miss it.
            low, high = edge.at(part) - box, edge.at(part) + box
            enter, leave = clip(edge.start, edge.end - edge.start, low, high) or (part, part)
            pieces = [(0.0, max(enter, 0.0)), (min(leave, 1.0), 1.0)]
        for first, last in pieces:
            xs, ys = np.stack([edge.at(first), edge.at(last)]).T
            ax.plot(xs, ys, **look, zorder=1, solid_capstyle="butt", marker="")


def place(edges: Sequence[Edge], boxes: Sequence[np.ndarray]) -> list[float]:
    """Where on each edge its weight is written: where it disturbs least.

    Each in turn takes its best place while the others keep theirs, until none would move: a local
    optimum of coordinate descent, which for a handful of weights is as good as the best.

    Args:
        edges: all edges of the drawing.
        boxes: half the width and height of each weight as written, (2,); zeros where none is.
    """
    places = [PLACES[0]] * len(edges)
    written = [i for i, box in enumerate(boxes) if box.any()]
    for _ in range(SWEEPS if written else 0):
        before = list(places)
        for i in written:
            others = [(edges[j].at(places[j]), boxes[j]) for j in written if j != i]
            costs = [_cost(edges[i], edges, edges[i].at(part), boxes[i], others) for part in PLACES]
            places[i] = PLACES[int(np.argmin(costs))]
        if places == before:
            break
    return places


def _cost(
    edge: Edge,
    edges: Sequence[Edge],
    at: np.ndarray,
    box: np.ndarray,
    others: Sequence[tuple[np.ndarray, np.ndarray]],
) -> int:
    """How much a weight disturbs: to cover another is worse than to stand on lines."""
    covered = sum(bool((np.abs(at - other) < box + half).all()) for other, half in others)
    crossed = sum(_crosses(line, at - box, at + box) for line in edges if line is not edge)
    return 100 * covered + crossed


def format_weight(weight: float) -> str:
    """Two decimals at most, a real minus sign, and no zero that is none: −0.52, 1, 1.25, 0.003."""
    if weight != 0 and abs(weight) < 0.01:
        return f"{weight:.1g}".replace("-", "−")
    return f"{weight:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def text_width(text: str, size: float) -> float:
    """Points that the text takes at this font size."""
    return float(TextPath((0, 0), text, prop=FontProperties(size=size)).get_extents().width)


def _look(weight: float | None, strongest: float) -> dict[str, Any]:
    if weight is None:
        return {"color": to_rgba(INK, 0.6), "linestyle": "-", "linewidth": 1.0}
    width = THINNEST + (THICKEST - THINNEST) * abs(weight) / (strongest or 1.0)
    if weight == 0:
        return {"color": INK, "linestyle": (0, (1, 2)), "linewidth": width}
    color, dashes = (POSITIVE, "-") if weight > 0 else (NEGATIVE, (0, (3.2, 1.3)))
    return {"color": color, "linestyle": dashes, "linewidth": width}


def _half_size(ax: Axes, text: str) -> np.ndarray:
    """Half the width and height of the text in data units, with some air."""
    if not text:
        return np.zeros(2)
    return np.array([text_width(text, SIZE) / 2 + 3.5, SIZE * 0.5 + 1.5]) / points_a_unit(ax)


def _crosses(edge: Edge, low: np.ndarray, high: np.ndarray) -> bool:
    inside = clip(edge.start, edge.end - edge.start, low, high)
    return inside is not None and inside[0] < 1 and inside[1] > 0
