"""An encoder-decoder as a drawing: one row of states that reads, one vector, one row that writes.

A ring is a state, a dot a token that is read; time runs to the right. What is said goes into the
next step as what is read, unless a teacher brings it.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_arrow, draw_dot, draw_ring, draw_text

MOST = 9
"""So many tokens of source and target together have room on a page."""

ROW, RADIUS, LOW, HIGH = 1.0, 0.2, 0.12, 1.9
"""Height of the states and their radius, of what is read, and of what is said."""

VECTOR, AGAIN = PALETTE[0], PALETTE[1]
"""The colours of the vector, and of what a step hears from the one before."""


def encoder_decoder(
    source: Sequence[str],
    target: Sequence[str],
    *,
    begin: str = "<begin>",
    every_step: bool = False,
    taught: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """The states of both networks, unrolled, with the one vector between them.

    Args:
        source: the tokens that are read, in the order in which they are read.
        target: the tokens that are said, with the one that ends them.
        begin: what the decoder reads first.
        every_step: True draws the vector's way to each step of the decoder, and not to the first
            alone.
        taught: True has a teacher bring the token before; else each is carried from where it was
            said.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: one of the two is empty, or both together are more than there is room for.
    """
    if not source or not target or len(source) + len(target) > MOST:
        raise ValueError(
            f"source and target must have at least one token each and {MOST} together at most, "
            f"not {len(source)} and {len(target)}"
        )
    ax = canvas(ax, (0.0, WIDTH), (-0.3, 2.35 if every_step else 2.2))
    pitch = min(0.85, (WIDTH - 0.2) / (len(source) + len(target) + 1))
    left = (WIDTH - pitch * (len(source) + len(target) + 1)) / 2
    xs = [left + (0.5 + i) * pitch for i in range(len(source))]
    middle = left + (0.5 + len(source)) * pitch
    ys = [middle + (1 + i) * pitch for i in range(len(target))]
    for x, token in zip(xs, source, strict=True):
        _step(ax, x, token)
    for here, there in zip(xs, [*xs[1:], middle], strict=True):
        _arrow(ax, (here + RADIUS, ROW), (there - (RADIUS if there < middle else 0.1), ROW))
    box = Rectangle((middle - 0.1, ROW - 0.42), 0.2, 0.84, facecolor=VECTOR, edgecolor=VECTOR)
    box.set(alpha=0.9, zorder=3)
    ax.add_patch(box)
    _write(ax, middle, ROW - 0.62, "c", VECTOR)
    read = [begin, *target[:-1]]
    for i, (y, token, said) in enumerate(zip(ys, read, target, strict=True)):
        carried = i > 0 and not taught
        _step(ax, y, "" if carried else token)
        _arrow(ax, (y, ROW + RADIUS), (y, HIGH - 0.17))
        _write(ax, y, HIGH, said)
        before = middle + 0.1 if i == 0 else ys[i - 1] + RADIUS
        _arrow(ax, (before, ROW), (y - RADIUS, ROW))
        if carried:  # down from where it was said, and into the step from below
            path = (ys[i - 1] + 0.16, HIGH - 0.12), (y - 0.05, ROW - RADIUS)
            _arrow(ax, *path, bend=0.32, color=AGAIN)
        if every_step and i > 0:
            _arrow(ax, (middle + 0.06, ROW - 0.36), (y - 0.1, ROW - RADIUS * 0.9), bend=0.3)
    return ax


def _step(ax: Axes, x: float, token: str) -> None:
    draw_ring(ax, x, ROW, RADIUS)
    if token:
        draw_dot(ax, x, LOW, 0.055)
        _write(ax, x, LOW - 0.24, token)
        _arrow(ax, (x, LOW + 0.07), (x, ROW - RADIUS))


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    bend: float = 0.0,
    color: str = INK,
) -> None:
    again = color == AGAIN  # never by the colour alone
    draw_arrow(ax, start, end, head=0.4, width=1.5, bend=bend, color=color, dashed=again)


def _write(ax: Axes, x: float, y: float, text: str, color: str = INK) -> None:
    draw_text(ax, x, y, text, 12, color)
