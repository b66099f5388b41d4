"""Text in figures: a bar under each character for the number that it has, and texts below names.

A number is shown by a bar's length and not by a colour behind the letter, for a letter has to stay
legible on whatever is behind it, by day and by night. Letters stand in columns of equal width, as
on a typewriter, so that the bars do.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, PALETTE, WIDTH

COLUMNS = 72
"""Characters a line: as many as fit the width of a figure in the type of the book."""

FONT = "DejaVu Sans Mono"  # comes with matplotlib, and its letters are 0.602 as wide as their size
WIDE = 0.602

LETTERS, BARS = 0.21, 0.19
"""Inches: the height of a line of letters, and of the longest bar."""

RETURN = "↵"
"""What is drawn for the end of a line."""


def text_with_bars(
    text: str,
    values: Shaped[Array, " characters"] | Sequence[float],
    *,
    columns: int = COLUMNS,
    largest: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Each character with a bar for its number: blue and upwards above 0, coral and down below.

    Args:
        text: what is written. At a newline, which is drawn as a sign and has its bar, a new line
            begins; longer lines are broken at `columns`, wherever that is.
        values: one number for each character, newlines too. NaN draws nothing.
        columns: characters a line.
        largest: the magnitude of a bar of full length; by default the largest that there is. What
            is beyond is cut.
        ax: where to draw; a new figure, as high as the text needs, if None.

    Raises:
        ValueError: the text is empty, the values are not one for each character, `columns` is below
            1 or `largest` not above 0.
    """
    numbers = to_numpy(values, "values", ("characters",)).astype(float)
    if len(numbers) != len(text):
        raise ValueError(f"values has {len(numbers)} numbers for {len(text)} characters of text")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns}")
    sizes = np.abs(numbers[np.isfinite(numbers)])
    largest = float(sizes.max(initial=0.0) or 1.0) if largest is None else largest
    if not largest > 0:
        raise ValueError(f"largest must be above 0, not {largest}")

    rows = _rows(text, columns)
    below = BARS if (numbers < 0).any() else 0.02  # room for the bars that hang
    height = LETTERS + BARS + below
    ax = _sheet(ax, columns, height * len(rows))
    for row, (start, line) in enumerate(rows):
        top = row * height
        _write(ax, line, top + LETTERS / 2)
        share = np.clip(numbers[start : start + len(line)] / largest, -1, 1)
        foot = top + LETTERS + BARS
        tips = foot - BARS * np.nan_to_num(share)
        bars = [
            [(x + 0.12, foot), (x + 0.88, foot), (x + 0.88, tip), (x + 0.12, tip)]
            for x, tip in enumerate(tips)
        ]
        colors = np.where(share < 0, PALETTE[1], PALETTE[0])
        ax.add_collection(PolyCollection(bars, facecolors=colors, linewidths=0, closed=True))
        ax.plot([0, len(line)], [foot, foot], color=INK, linewidth=0.4, alpha=0.6, linestyle="-")
    return ax


def texts_below_names(
    texts: Mapping[str, str], *, columns: int = COLUMNS, ax: Axes | None = None
) -> Axes:
    """Several texts one below the other, each under its name: what a model wrote, say.

    Args:
        texts: name to text. Newlines begin a new line, and longer lines are broken.
        columns: characters a line.
        ax: where to draw; a new figure, as high as the texts need, if None.

    Raises:
        ValueError: there is no text, one is empty, or `columns` is below 1.
    """
    if not texts:
        raise ValueError("texts is empty: give at least one name with its text")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns}")
    blocks = {name: _rows(text, columns) for name, text in texts.items()}
    lines = sum(len(rows) for rows in blocks.values()) + len(blocks)
    ax = _sheet(ax, columns, LETTERS * lines + BARS * (len(blocks) - 1))
    y = LETTERS / 2
    for place, (name, rows) in enumerate(blocks.items()):
        ax.text(0, y, name, color=PALETTE[place % len(PALETTE)], va="center", ha="left")
        for _, line in rows:
            y += LETTERS
            _write(ax, line.removesuffix(RETURN), y)
        y += LETTERS + BARS
    return ax


def _rows(text: str, columns: int) -> list[tuple[int, str]]:
    """The lines as they are drawn, each with the place of its first character in the text."""
    if not text:
        raise ValueError("text is empty: there is nothing to write")
    rows, start = [], 0
    for line in text.splitlines(keepends=True):
        shown = line.replace("\n", RETURN)
        for cut in range(0, len(shown), columns):
            rows.append((start + cut, shown[cut : cut + columns]))
        start += len(line)
    return rows


def _sheet(ax: Axes | None, columns: int, height: float) -> Axes:
    """Axes that show no axes; a unit is one character across, and one inch downwards."""
    if ax is None:
        ax = plt.figure(figsize=(WIDTH, height), layout="none").add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, columns), ylim=(height, 0))
    ax.set_axis_off()
    return ax


def _write(ax: Axes, line: str, y: float) -> None:
    """One letter in the middle of each column, as large as column and line admit."""
    figure, (high, low) = ax.figure, ax.get_ylim()
    column = ax.bbox.width / figure.dpi / ax.get_xlim()[1]  # in inches, as the line
    room = ax.bbox.height / figure.dpi / (high - low) * LETTERS
    size = 72 * min(column / WIDE, room)
    for x, letter in enumerate(line):
        if letter != " ":
            ax.text(x + 0.5, y, letter, family=FONT, fontsize=size, ha="center", va="center")
