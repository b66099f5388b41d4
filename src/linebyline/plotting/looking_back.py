"""One look, drawn: a state asks, the memory answers with a mean, and the next token is said."""

from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.romanization import drawable
from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_arrow, draw_box, draw_ring

BOX = 0.2
"""Half the side of a state's box."""

THICKEST = 9.0
"""Points that a line of weight 1 is wide."""

READ, MEAN, WRITTEN = 0.6, 1.75, 2.6
"""Heights of the memory, of the mean, and of the decoder's states."""


def looking_back(
    weights: Shaped[Array, " read"],
    read: Sequence[str],
    written: Sequence[str],
    *,
    step: int,
    ax: Axes | None = None,
) -> Axes:
    """The step of a decoder with attention at which `written[step]` is said.

    Below stands what was read, above what is written. From each vector of the memory a line goes to
    the mean, as thick as its weight, and its number stands beside it. Hangul is written in Latin
    letters.

    Args:
        weights: α of this step, from 0 to 1, one for each token that was read.
        read: the tokens of the source, up to eight.
        written: the tokens of the translation, up to eight.
        step: which of them is being said.
        ax: where to draw; None makes a figure as wide as the page.

    Raises:
        ValueError: there are not as many weights as tokens, too many tokens, or no such step.
    """
    shares = to_numpy(weights, "weights", ("read",)).astype(float)
    if len(shares) != len(read):
        raise ValueError(f"weights must be {len(read)}, one for each token, not {len(shares)}")
    for name, tokens in (("read", read), ("written", written)):
        if not 1 <= len(tokens) <= 8:
            raise ValueError(f"{name} must be from 1 to 8 tokens, not {len(tokens)}")
    if not 0 <= step < len(written):
        raise ValueError(f"step must be from 0 to {len(written) - 1}, not {step}")
    ax = canvas(ax, (0, WIDTH), (0, 3.3))
    columns, above = _places(len(read)), _places(len(written))
    mean = above[step], MEAN
    for x, token, share in zip(columns, read, shares, strict=True):
        top = READ + BOX
        ax.plot(
            (x, mean[0]),
            (top, MEAN - 0.19),
            color=PALETTE[0],
            alpha=0.25 + 0.75 * share,
            linewidth=0.6 + THICKEST * share,
            linestyle="-",
            solid_capstyle="butt",
            zorder=1,
        )
        _box(ax, x, READ)
        ax.text(x, 0.12, drawable(token), ha="center", color=INK, fontsize=11)
        ax.text(x, READ, f"{share:.2f}", ha="center", va="center", color=INK, fontsize=10)
    for row, height in ((columns, READ), (above, WRITTEN)):
        for left, right in pairwise(row):
            draw_arrow(ax, (left + BOX, height), (right - BOX, height))
    draw_ring(ax, *mean)
    ax.text(*mean, "c", ha="center", va="center", color=INK, fontsize=11)
    draw_arrow(ax, (mean[0], MEAN + 0.19), (mean[0], WRITTEN - BOX))
    for place, (x, token) in enumerate(zip(above, written, strict=True)):
        _box(ax, x, WRITTEN, now=place == step)
        color = PALETTE[0] if place == step else INK
        ax.text(x, WRITTEN + 0.34, drawable(token), ha="center", color=color, fontsize=11)
    return ax


def _places(count: int) -> list[float]:
    """Evenly across the page."""
    return [WIDTH * (place + 0.5) / count for place in range(count)]


def _box(ax: Axes, x: float, y: float, *, now: bool = False) -> None:
    color = PALETTE[0] if now else INK
    draw_box(ax, (x, y), (2 * BOX, 2 * BOX), rounding=0.08, color=color)
