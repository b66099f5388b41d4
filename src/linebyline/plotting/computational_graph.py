"""A computational graph as a drawing: what was computed from what, forwards and backwards.

Numbers flow along the arrows to the output at the right. Above each node stands its number, below
it the derivative of the output with respect to it, and on each arrow the local derivative. So the
chain rule can be followed by eye: what stands below a node is the sum, over its arrows, of the
local derivative times what stands below the arrow's head.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from linebyline.plotting.edges import format_weight
from linebyline.plotting.labels import spread
from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_ring, draw_text, points_a_unit

COLUMNS, ROWS = 8, 6
"""A page has room for so many nodes side by side, and one below the other."""

RADIUS, PITCH = 0.24, 1.12
"""Of a node, and between two nodes of a column, in units of the axes."""

SIZE, SMALL = 13.0, 11.5
"""Points: the type of numbers and names, and of what stands on an arrow."""

BEND = 0.55
"""How far two arrows between the same nodes are bent apart."""

LOCAL, GRADIENT = PALETTE[0], PALETTE[1]
"""Colours of the local derivatives and of the derivatives of the output."""


@runtime_checkable
class Scalar(Protocol):
    """What a node has: a number, the derivative of the output, and its edges."""

    grad: float
    edges: tuple[tuple[Any, float], ...]
    operation: str

    @property
    def data(self) -> float:
        """The number."""
        return 0.0


def computational_graph(
    output: Scalar, *, names: Mapping[str, Scalar] | None = None, ax: Axes | None = None
) -> Axes:
    """The graph of a number such as `linebyline.autograd.value.Value`, output at the right.

    Args:
        output: the number; if its `backward` was called, the derivatives are drawn, and without
            that the local ones only.
        names: what is written into nodes in place of their operation, as in `{"$w_1$": w1}`.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: the graph is too large to be read, or a name belongs to no node of it.
    """
    columns = _columns(output)
    tallest = max(map(len, columns))
    if len(columns) > COLUMNS or tallest > ROWS:
        raise ValueError(
            f"output has a graph of {len(columns)} columns and up to {tallest} rows; there is room "
            f"for {COLUMNS} and {ROWS}"
        )
    known = {id(node) for column in columns for node in column}
    written = {id(node): name for name, node in (names or {}).items()}
    for name, node in (names or {}).items():
        if id(node) not in known:
            raise ValueError(f"names has {name!r}, which the output was not computed from")
    places = _places(columns)
    done = output.grad != 0
    top = max(y for _, y in places.values()) + RADIUS + 0.3
    bottom = min(y for _, y in places.values()) - RADIUS - (0.34 if done else 0.1)
    ax = canvas(ax, (0, WIDTH), (bottom, top))
    for node in (node for column in columns for node in column):
        x, y = places[id(node)]
        draw_ring(ax, x, y, RADIUS)
        draw_text(ax, x, y, written.get(id(node), _symbol(node.operation)), SIZE)
        draw_text(ax, x, y + RADIUS + 0.14, format_weight(node.data), SIZE)
        if done:
            draw_text(ax, x, y - RADIUS - 0.16, format_weight(node.grad), SIZE, GRADIENT)
        _draw_arrows(ax, node, places)
    return ax


def _columns(output: Scalar) -> list[list[Scalar]]:
    """The nodes by their longest way to the output, the farthest first."""
    distance = {id(output): 0}
    nodes = {id(output): output}
    queue = [output]
    while queue:
        node = queue.pop()
        for operand, _ in node.edges:
            if distance.get(id(operand), -1) <= distance[id(node)]:
                distance[id(operand)] = distance[id(node)] + 1
                nodes[id(operand)] = operand
                queue.append(operand)  # again, if it was nearer before
    columns: list[list[Scalar]] = [[] for _ in range(max(distance.values()) + 1)]
    for key, node in nodes.items():
        columns[-1 - distance[key]].append(node)
    return columns


def _places(columns: list[list[Scalar]]) -> dict[int, tuple[float, float]]:
    """Each node at the mean height of what was computed from it, as far as there is room."""
    across = (WIDTH - 0.8) / max(len(columns) - 1, 1)
    places: dict[int, tuple[float, float]] = {}
    wanted: dict[int, list[float]] = {}
    for i, column in reversed(list(enumerate(columns))):
        heights = [_mean(wanted.get(id(node), [0.0])) for node in column]
        limit = PITCH * ROWS
        for node, y in zip(column, spread(heights, PITCH, -limit, limit), strict=True):
            places[id(node)] = (0.4 + i * across, y)
            for place, (operand, _) in enumerate(node.edges):
                # The first operand stands a little higher, so that the order is that of the text.
                wanted.setdefault(id(operand), []).append(y - 0.01 * place)
    return places


def _draw_arrows(ax: Axes, node: Scalar, places: dict[int, tuple[float, float]]) -> None:
    """The arrows that end at the node; several from one operand are bent apart."""
    ends = [id(operand) for operand, _ in node.edges]
    shrink = RADIUS * points_a_unit(ax) + 2
    for i, (operand, slope) in enumerate(node.edges):
        twins = ends.count(id(operand))
        before = ends[:i].count(id(operand))
        bend = 0.0 if twins == 1 else BEND * (2 * before / (twins - 1) - 1)
        (x0, y0), (x1, y1) = places[id(operand)], places[id(node)]
        arrow = FancyArrowPatch(
            (x0, y0),
            (x1, y1),
            arrowstyle="-|>,head_width=0.22,head_length=0.4",
            mutation_scale=10,
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=shrink,
            shrinkB=shrink,
        )
        arrow.set(color=INK, linewidth=1.2, zorder=1)
        ax.add_patch(arrow)
        # The middle of the bent line, and a little beyond it, away from the straight one.
        side = 1.0 if bend < 0 or (bend == 0 and y1 <= y0) else -1.0
        x = (x0 + x1) / 2 + bend / 2 * (y1 - y0)
        y = (y0 + y1) / 2 - bend / 2 * (x1 - x0)
        draw_text(ax, x, y + side * (0.13 + 0.1 * abs(y1 - y0)), format_weight(slope), SMALL, LOCAL)


def _mean(heights: list[float]) -> float:
    return sum(heights) / len(heights)


def _symbol(operation: str) -> str:
    """Short enough for a ring."""
    return {"sigmoid": r"$\sigma$", "*": "×", "-": "−"}.get(operation, operation)
