"""The streams of a causal Transformer as a drawing: one upright line for each word, side by side.

A ring is a block, which adds to its stream; thin lines are what attention brings it from the words
before. The number in a ring is the moment at which it can be computed, if all that can is.
"""

from collections.abc import Sequence
from math import hypot

from matplotlib.axes import Axes

from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_arrow, draw_ring, draw_text

MOST_WORDS, MOST_BLOCKS = 5, 3
"""So many have room in half of a page's width."""

ROW, RADIUS, LOW, STREAM = 0.85, 0.19, 0.1, 2.2
"""Height of a block, radius of its ring, height of what is read, and width of a stream."""

HEAD, SMALL = 0.4, 11
"""Length of an arrow's head, and size of the letters."""

LOOKS, AGAIN = PALETTE[0], PALETTE[1]
"""The colours of what attention brings, and of a word that was said and is read."""


def moment(position: int, block: int, blocks: int, *, taught: bool) -> int:
    """When a block can be computed, from 1 on; positions and blocks count from 0.

    With a teacher all words are there at the start, and a block waits for those below it alone.
    Without one the word must be said first, by all blocks of the position before.
    """
    return block + 1 if taught else position * blocks + block + 1


def residual_streams(
    read: Sequence[str], said: Sequence[str], *, blocks: int = 2, ax: Axes | None = None
) -> Axes:
    """Twice the same streams: with a teacher, and where each word that is said is read next.

    Args:
        read: what a teacher lets each position read; its first is read in both drawings.
        said: what each position says.
        blocks: N.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: `said` are not as many as `read`, or there is no room for so many.
    """
    if len(read) != len(said) or not 1 <= len(read) <= MOST_WORDS:
        raise ValueError(
            f"read and said must be as many, from 1 to {MOST_WORDS}, "
            f"not {len(read)} and {len(said)}"
        )
    if not 1 <= blocks <= MOST_BLOCKS:
        raise ValueError(f"blocks must be from 1 to {MOST_BLOCKS}, not {blocks}")
    top = ROW * (blocks + 1)
    ax = canvas(ax, (0.0, WIDTH), (-0.35, top + 0.7))
    pitch = (WIDTH / 2 - 0.5) / len(read)
    for half, taught in enumerate((True, False)):
        left = half * (WIDTH / 2 + 0.1) + pitch / 2 + 0.1
        xs = [left + i * pitch for i in range(len(read))]
        draw_text(ax, (xs[0] + xs[-1]) / 2, top + 0.5, "training" if taught else "writing", SMALL)
        _half(ax, xs, read, said, blocks, taught)
    return ax


def _half(
    ax: Axes, xs: list[float], read: Sequence[str], said: Sequence[str], blocks: int, taught: bool
) -> None:
    top = ROW * (blocks + 1)
    for position, x in enumerate(xs):
        if taught or position == 0:
            draw_text(ax, x, LOW - 0.08, read[position], SMALL)
        else:  # what was said is carried down to where it is read
            draw_arrow(
                ax,
                (xs[position - 1] + 0.12, top - 0.02),
                (x - 0.03, LOW + 0.08),
                head=HEAD,
                width=1.5,
                color=AGAIN,
                dashed=True,
            )
        draw_text(ax, x, top + 0.08, said[position], SMALL)
        below = LOW + 0.15
        for block in range(blocks):
            y = ROW * (block + 1)
            ax.plot([x, x], [below, y - RADIUS], color=INK, lw=STREAM, ls="-", zorder=1)
            for before in xs[:position]:
                _line_to_ring(ax, (before, y - ROW / 2), (x, y))
            draw_ring(ax, x, y, RADIUS)
            draw_text(ax, x, y, str(moment(position, block, blocks, taught=taught)), SMALL)
            below = y + RADIUS
        draw_arrow(ax, (x, below), (x, top - 0.12), head=HEAD, width=STREAM)


def _line_to_ring(ax: Axes, start: tuple[float, float], middle: tuple[float, float]) -> None:
    across, up = middle[0] - start[0], middle[1] - start[1]
    left = 1 - RADIUS / hypot(across, up)  # where the ring's rim is met
    xs, ys = [start[0], start[0] + left * across], [start[1], start[1] + left * up]
    ax.plot(xs, ys, color=LOOKS, lw=1, ls="-", zorder=1)
