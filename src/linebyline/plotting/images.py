"""Small images side by side: digits, weights of a neuron, photographs.

A digit is drawn as ink on nothing: its stroke has the ink's colour and its ground is the page's,
white by day and dark at night. Weights are drawn as how far they are from zero, coral below and
blue above; zero is the page.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import DIVERGING, INK, INK_MAP, WIDTH

LARGEST, SMALLEST, GAP = 1.55, 0.62, 0.14
"""Inches: an image's width at most, at least (unless `columns` forces it), and between two."""

PHOTOGRAPH, LARGEST_PHOTOGRAPH = 64, 3.2
"""Images of more pixels along a side are looked at, not only compared, and may be so wide."""

SCALE_ROOM = 0.9
"""Inches that the colour bar takes."""

TITLE_SIZE = 12.0
ROUNDING = 1e-5


class Layout(NamedTuple):
    """Where the images stand, in inches."""

    per_row: int
    rows: int
    width: float
    height: float
    head: float  # for a title
    beside: float  # for the colour bar

    @property
    def page(self) -> tuple[float, float]:
        """Width and height of the figure."""
        across = self.per_row * (self.width + GAP) - GAP + self.beside
        return across, self.rows * (self.height + self.head + GAP) - GAP

    def box(self, index: int) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of an image, as parts of the page."""
        row, column = divmod(index, self.per_row)
        across, down = self.page
        left = column * (self.width + GAP)
        bottom = down - row * (self.height + self.head + GAP) - self.head - self.height
        return left / across, bottom / down, self.width / across, self.height / down


def image_grid(
    images: Shaped[Array, "images height width"]
    | Shaped[Array, "images channels height width"]
    | Sequence[Any],
    *,
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    cmap: Colormap | str | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    symmetric: bool = False,
    colorbar: bool = False,
) -> list[Axes]:
    """Images in rows, all on one scale, so that two of them can be compared.

    Args:
        images: (N, H, W) values, or (N, 3, H, W) colours between 0 and 1 (whole numbers: between 0
            and 255).
        titles: one above each image.
        columns: images in a row; None takes as many as leave room for the titles.
        cmap: how a value becomes a colour; None is ink on nothing, or coral-to-blue where
            `symmetric`.
        vmin: the value at the lower end of the map; None takes the least of all images, but not
            above 0.
        vmax: the value at its upper end; None takes the greatest.
        symmetric: the map's ends are -m and +m, m the largest magnitude: for weights.
        colorbar: draw the scale at the right.

    Returns:
        The axes of the images in order. (The figure is theirs: ``axes[0].figure``.)

    Raises:
        ValueError: a wrong shape, NaN, colours out of range, a number of titles that is not that of
            the images, `columns` below 1, vmin not below vmax, limits that contradict `symmetric`,
            or a scale asked for colours.
    """
    values = _checked(images)
    in_color = values.ndim == 4
    if titles is not None and len(titles) != len(values):
        raise ValueError(f"titles has {len(titles)} entries for {len(values)} images: one each")
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1, was {columns}")
    if in_color:
        if symmetric or colorbar or (cmap, vmin, vmax) != (None, None, None):
            raise ValueError(
                "images hold colours: cmap, vmin, vmax, symmetric and colorbar are for (N, H, W)"
            )
        norm = None
        values = values.transpose(0, 2, 3, 1)  # (N, H, W, 3)
    else:
        norm = _scale(values, vmin, vmax, symmetric)
        cmap = cmap or (DIVERGING if symmetric else INK_MAP)

    layout, texts, type_size = _lay_out(values.shape[:3], columns, titles or [], colorbar)
    figure = plt.figure(figsize=layout.page, layout="none")
    axes = [figure.add_axes(layout.box(index)) for index in range(len(values))]
    for index, (ax, image) in enumerate(zip(axes, values, strict=True)):
        ax.imshow(image, cmap=cmap, norm=norm, interpolation="nearest")
        _frame(ax)
        if texts:
            ax.set_title(texts[index], fontsize=type_size, loc="center", pad=5)
    if colorbar:
        _draw_scale(figure, layout, ScalarMappable(norm, cmap))
    return axes


def _checked(images: Array | Sequence[Any]) -> np.ndarray:
    """(N, H, W), or (N, 3, H, W) between 0 and 1."""
    values = to_numpy(images, "images", ("N", "H", "W"), ("N", 3, "H", "W"))
    if not np.isfinite(values).all():
        raise ValueError("images holds NaN or infinity, which have no colour")
    if values.ndim == 4:
        values = values if values.dtype.kind == "f" else values / 255
        if values.min() < -ROUNDING or values.max() > 1 + ROUNDING:
            low, high = f"{values.min():g}", f"{values.max():g}"
            raise ValueError(
                f"images must hold colours between 0 and 1, but reach from {low} to {high}: "
                "undo their normalization first"
            )
        values = values.clip(0, 1)
    return values.astype(float)


def _scale(
    values: np.ndarray, vmin: float | None, vmax: float | None, symmetric: bool
) -> Normalize:
    if symmetric:
        if vmin is not None:
            raise ValueError(f"vmin is -vmax where symmetric is set: give vmax, not vmin={vmin:g}")
        vmax = float(np.abs(values).max()) or 1.0 if vmax is None else vmax
        vmin = -vmax
    # Ink begins at nothing: the least value may be 0.2, and is then a pale grey and no blank.
    low = min(0.0, float(values.min())) if vmin is None else vmin
    high = float(values.max()) if vmax is None else vmax
    if vmax is None and high <= low:  # all values alike
        high = low + 1.0
    if high <= low:
        raise ValueError(f"vmin must be below vmax, but is {low:g} where vmax is {high:g}")
    return Normalize(low, high)


def _lay_out(
    shape: tuple[int, ...], columns: int | None, titles: Sequence[str], scaled: bool
) -> tuple[Layout, list[str], float]:
    """The layout, the titles broken into lines, and the size of their type."""
    count, pixels_high, pixels_wide = shape
    largest = LARGEST if max(pixels_high, pixels_wide) <= PHOTOGRAPH else LARGEST_PHOTOGRAPH
    room = WIDTH - (SCALE_ROOM if scaled else 0) + GAP
    # Room for titles in one line if that can be, and rows as even as can be: 5 and 5, not 8 and 2.
    wanted = min(max([SMALLEST, *map(_width, titles)]), largest)
    most = max(1, min(count, 10, int(room / (wanted + GAP))))
    per_row = min(columns or -(-count // -(-count // most)), count)
    width = min(largest, room / per_row - GAP)
    texts = [_wrap(title, width + GAP / 2) for title in titles]
    shrink = min([1.0, *((width + GAP / 2) / max(_width(text), 1e-9) for text in texts)])
    lines = max((text.count("\n") + 1 for text in texts), default=0)
    layout = Layout(
        per_row=per_row,
        rows=-(-count // per_row),
        width=width,
        height=width * pixels_high / pixels_wide,
        head=(lines * TITLE_SIZE * 1.25 + 6) / 72 if texts else 0.0,
        beside=SCALE_ROOM if scaled else 0.0,
    )
    return layout, texts, TITLE_SIZE * shrink


def _width(text: str) -> float:
    """Inches that a title takes, its widest line if it has several."""
    return Figure(dpi=72).text(0, 0, text, fontsize=TITLE_SIZE).get_window_extent().width / 72


def _wrap(title: str, room: float) -> str:
    """The title with line breaks for spaces where it is wider than its room."""
    lines: list[str] = []
    for word in title.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _frame(ax: Axes) -> None:
    """A hairline, so that one sees where an image of nothing but ground ends."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, linewidth=0.6, color=INK, alpha=0.45)


def _draw_scale(figure: Figure, layout: Layout, mappable: ScalarMappable) -> None:
    across, down = layout.page
    left, high = (across - layout.beside + 0.2) / across, 1 - layout.head / down
    bar = figure.colorbar(mappable, cax=figure.add_axes((left, 0, 0.13 / across, high)))
    bar.outline.set(linewidth=0.6, color=INK, alpha=0.45)
    bar.ax.tick_params(length=0, pad=5)
    bar.ax.grid(False)
