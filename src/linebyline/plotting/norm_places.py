"""The two orders of a Transformer's block as a drawing: what stands on the stream and what beside.

The stream is the thick line going up. A part reads from it, beside it, and adds to it at a plus.
"""

from matplotlib.axes import Axes

from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_arrow, draw_box, draw_ring, draw_text

STREAM, BESIDE, HIGH, WIDE = 1.1, 1.35, 0.36, 1.3
"""Where a half's stream stands, how far beside it the parts, and the size of their boxes."""

PART, TOP = 1.75, 3.9
"""Height that a part takes, and where the stream ends."""

RADIUS, THIN, STRONG = 0.13, 1.5, 2.4
"""Of a plus; widths of a way beside the stream, and of the stream."""

HEAD, SMALL = 0.4, 11
"""Length of an arrow's head, and size of the letters."""

NORM = PALETTE[1]
"""The colour of the normalizations."""


def norm_places(*, ax: Axes | None = None) -> Axes:
    """A block of an encoder with its normalizations on the stream, and one with them beside it.

    Args:
        ax: where to draw; a new figure if None.
    """
    ax = canvas(ax, (0.0, WIDTH), (-0.3, TOP + 0.55))
    for half, norm_first in enumerate((False, True)):
        x = STREAM + half * WIDTH / 2
        draw_text(ax, x + BESIDE / 2, TOP + 0.35, "pre-norm" if norm_first else "post-norm", SMALL)
        draw_text(ax, x, -0.15, "x", SMALL)
        on_stream = []
        for number, part in enumerate(("attention", "feed-forward")):
            on_stream += _part(ax, x, 0.15 + number * PART, part, norm_first)
        end = _line(ax, x, 0.0, on_stream, STRONG)
        draw_arrow(ax, (x, end), (x, TOP), width=STRONG, head=HEAD)
    return ax


def _part(ax: Axes, x: float, y: float, name: str, norm_first: bool) -> list[tuple[float, float]]:
    """One part; the gaps that it leaves in the stream."""
    side, plus = x + BESIDE, y + (1.35 if norm_first else 0.85)
    names = [("norm", y + 0.4), (name, y + 0.95)] if norm_first else [(name, y + 0.45)]
    gaps = [_box(ax, side, height, each) for each, height in names]
    ax.plot([x, side], [y, y], color=INK, lw=THIN, ls="-", zorder=1)
    end = _line(ax, side, y, gaps, THIN)
    ax.plot([side, side], [end, plus], color=INK, lw=THIN, ls="-", zorder=1)
    draw_arrow(ax, (side, plus), (x + RADIUS, plus), width=THIN, head=HEAD)
    draw_ring(ax, x, plus, RADIUS)
    draw_text(ax, x, plus, "+", SMALL)
    on_stream = [(plus - RADIUS, plus + RADIUS)]
    return on_stream if norm_first else [*on_stream, _box(ax, x, y + 1.3, "norm")]


def _line(ax: Axes, x: float, y: float, gaps: list[tuple[float, float]], width: float) -> float:
    """Upwards from y, leaving out the gaps; where the last one ends."""
    for low, high in gaps:
        ax.plot([x, x], [y, low], color=INK, lw=width, ls="-", zorder=1)
        y = high
    return y


def _box(ax: Axes, x: float, y: float, name: str) -> tuple[float, float]:
    """A box with its name; from where to where it reaches."""
    wide, color = (0.75, NORM) if name == "norm" else (WIDE, INK)
    draw_box(ax, (x, y), (wide, HIGH), rim=THIN, color=color, filled=False)
    draw_text(ax, x, y, name, SMALL, color)
    return y - HIGH / 2, y + HIGH / 2
