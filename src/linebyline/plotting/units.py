"""The parts of a network's drawing: dots for inputs, rings for neurons, arrows, a step.

An input is a value and computes nothing, so it is a dot and no ring. One unit of the axes is one
inch in a figure made here.
"""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from linebyline.plotting.style import INK, WIDTH

MOST, FIRST = 6, 3
"""A layer of more units than the one shows as many as the other, an ellipsis, and its last."""

RING, DOT = 0.19, 0.075
"""Radii of a neuron and of an input."""

FILL, RIM = to_rgba(INK, 0.12), 1.8
"""What a ring is filled with, a breath of ink, and the width of its rim in points."""


def canvas(ax: Axes | None, across: tuple[float, float], down: tuple[float, float]) -> Axes:
    """Axes that show no axes, for a drawing that reaches from one to the other in x and in y.

    A figure of its own is as wide as the page; given axes are filled by the drawing.
    """
    if ax is None:
        across = 0, WIDTH
        size = WIDTH, down[1] - down[0]
        ax = plt.figure(figsize=size, layout="none").add_axes((0, 0, 1, 1))
    ax.set(xlim=across, ylim=down, aspect="equal")
    ax.set_axis_off()
    return ax


def points_a_unit(ax: Axes) -> float:
    """How large a unit of the axes is drawn; 72 in a figure of our own."""
    box, limits = ax.bbox, ax.viewLim
    pixels = min(box.width / limits.width, box.height / limits.height)
    return float(pixels) * 72 / ax.figure.dpi


def column(size: int, pitch: float) -> list[tuple[int | None, float]]:
    """What is drawn of a layer, top to bottom about height 0: (index, height); None: ellipsis."""
    shown: list[int | None] = list(range(size)) if size <= MOST else [*range(FIRST), None, size - 1]
    return [(index, ((len(shown) - 1) / 2 - i) * pitch) for i, index in enumerate(shown)]


def draw_ring(ax: Axes, x: float, y: float, radius: float = RING) -> None:
    """A neuron."""
    ring = Circle((x, y), radius, facecolor=FILL, edgecolor=INK, linewidth=RIM, zorder=2)
    ax.add_patch(ring)


def draw_dot(ax: Axes, x: float, y: float, radius: float = DOT) -> None:
    """An input."""
    ax.add_patch(Circle((x, y), radius, facecolor=INK, linewidth=0, zorder=2))


def draw_ellipsis(ax: Axes, x: float, y: float) -> None:
    """Three dots, one below the other: and so on."""
    for shift in (0.11, 0.0, -0.11):
        draw_dot(ax, x, y + shift, 0.024)


def draw_arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    head: float = 0.55,
    width: float = 1.6,
    bend: float = 0.0,
    color: str = INK,
    dashed: bool = False,
) -> None:
    """What goes from one part to the next; `head` is the length of its head."""
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle=f"-|>,head_width={head / 2},head_length={head}",
        connectionstyle=f"arc3,rad={bend}",
        mutation_scale=11,
        shrinkA=0,
        shrinkB=0,
    )
    arrow.set(color=color, linewidth=width, linestyle=(0, (3, 1.4)) if dashed else "-", zorder=1)
    ax.add_patch(arrow)


def draw_box(
    ax: Axes,
    middle: tuple[float, float],
    size: tuple[float, float],
    *,
    rounding: float = 0.1,
    rim: float = RIM,
    color: str = INK,
    filled: bool = True,
) -> None:
    """A box with round corners; its size is width and height."""
    corner = middle[0] - size[0] / 2, middle[1] - size[1] / 2
    box = FancyBboxPatch(corner, *size, boxstyle=f"round,pad=0,rounding_size={rounding}")
    box.set(facecolor=FILL if filled else "none", edgecolor=color, linewidth=rim, zorder=2)
    ax.add_patch(box)


def draw_text(ax: Axes, x: float, y: float, text: str, size: float, color: str = INK) -> None:
    """A name, its letters centred and its descenders below."""
    ax.text(x, y, text, ha="center", va="center_baseline", color=color, fontsize=size, zorder=4)


def draw_step(ax: Axes, x: float, y: float, radius: float) -> None:
    """The threshold: a rounded box with the graph of the step function, which is flat, up, flat."""
    draw_box(ax, (x, y), (2 * radius, 2 * radius), rounding=0.14)
    xs, ys = [x - 0.2, x, x, x + 0.2], [y - 0.14, y - 0.14, y + 0.14, y + 0.14]
    ax.plot(xs, ys, color=INK, linestyle="-", linewidth=2.2, solid_joinstyle="miter", zorder=3)
