"""One style for every figure of the book: its colours, its type, its PNG.

A figure stands on a transparent ground, and the reader chooses what lies behind it: white, or the
theme's night. So every colour here keeps its contrast on both, as WCAG 2.2 measures it (section
1.4.11: 3:1 for what must be seen): the ink at least 4.2:1, which is the best that one grey can do
on both, the palette at least 3:1. The palette stays apart under the simulation of red and green
blindness by Machado, Oliveira and Fernandes (2009), and yet colour is never the only cue: classes
have markers, lines have dashes.
"""

import io
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from PIL import Image

from linebyline.plotting.quantize import quantize

INK = "#7b7b7b"
"""Text, axes, strokes of digits: the one grey that keeps 4.2:1 on white and on the night ground
alike."""

PALETTE = ("#3f70ea", "#d9453f", "#2ca27f", "#a2478b", "#b48a00", "#9e84d8")
"""Blue, coral, green, plum, ochre, lavender; the first are the farthest apart."""

MARKERS = ("o", "^", "s", "D", "v", "P")
"""One marker a class, in the palette's order."""

LINE_STYLES = (
    "-",
    (0, (5, 1.6)),
    (0, (1.1, 1.5)),
    (0, (6, 1.5, 1.1, 1.5)),
    (0, (9, 2.5)),
    (0, (3, 1.2, 1.1, 1.2, 1.1, 1.2)),
)
"""One dash pattern a line, in the palette's order, in multiples of the line's width."""

WIDTH = 7.0
"""Inches. Every picture is at least so wide, so that all are scaled alike and the type has one size
throughout."""

DPI = 150
"""Pixels an inch in a stored picture; a page shows two of them as one, so that lines are sharp."""


def _fading(name: str, *stops: tuple[float, str, float]) -> LinearSegmentedColormap:
    """A map whose small values let the ground through: (position, colour, opacity) at its stops."""
    return LinearSegmentedColormap.from_list(
        name, [(at, (*to_rgb(color), alpha)) for at, color, alpha in stops], N=255
    )


# What is nothing is transparent. So the ground is the zero, by day and by night, and the contrast
# with it grows with the magnitude on both; an opaque map that begins in white would blind at night.
INK_MAP = _fading("linebyline.ink", (0, INK, 0), (1, INK, 1))
"""From nothing to ink: handwritten digits, masks."""

SEQUENTIAL = _fading("linebyline.sequential", (0, PALETTE[0], 0), (1, PALETTE[0], 1))
"""From nothing to blue: attention, counts, probabilities."""

DIVERGING = _fading(
    "linebyline.diverging",
    (0, PALETTE[1], 1),
    (0.5, PALETTE[1], 0),
    (0.5, PALETTE[0], 0),
    (1, PALETTE[0], 1),
)
"""From coral (negative) through nothing (zero) to blue (positive): weights. Give it limits
symmetric about zero."""

RC: dict[Any, Any] = {
    "figure.figsize": (WIDTH, 4.0),
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.dpi": DPI,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same figure on every machine
    "font.size": 13.0,  # 9 pixels when a phone shows the picture 350 pixels wide
    "mathtext.fontset": "dejavusans",
    "text.color": INK,
    "axes.titlesize": 14.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.labelsize": 13.0,
    "axes.labelcolor": INK,
    "axes.labelpad": 6.0,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.linewidth": 0.9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.limits": (-4, 5),
    "axes.formatter.use_mathtext": True,
    "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=LINE_STYLES),
    "grid.color": INK,
    "grid.alpha": 0.2,
    "grid.linewidth": 0.8,
    "xtick.labelsize": 12.0,
    "ytick.labelsize": 12.0,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 3.5,
    "ytick.major.size": 0.0,
    "ytick.major.pad": 6.0,
    "legend.fontsize": 12.0,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 2.2,
    "lines.markersize": 7.0,
    "lines.solid_capstyle": "round",
    "lines.dash_capstyle": "butt",
    "patch.edgecolor": "none",
    "image.cmap": SEQUENTIAL.name,
    "image.interpolation": "nearest",
}
"""What `use` sets."""


def use() -> None:
    """Make every figure from here on look like the book's: matplotlib's settings, and the three
    maps by their names.
    """
    for colormap in (INK_MAP, SEQUENTIAL, DIVERGING):
        if colormap.name not in mpl.colormaps:  # a second registration would warn
            mpl.colormaps.register(colormap)
    mpl.rcParams.update(RC)


def png_bytes(figure: Figure, colors: int | None = None) -> bytes:
    """The figure as a small PNG: cropped to what is drawn, transparent, of few colours.

    The picture is padded at both sides to `WIDTH` inches where it is narrower, because a page
    scales a picture to its column: a narrow figure would come out with letters twice the size of
    its neighbour's.

    Args:
        figure: the figure; it is drawn, not changed or closed.
        colors: palette entries, 2 to 256; None takes 64, which serve lines, digits and maps, or 256
            for photographs.

    Raises:
        ValueError: `colors` is out of range.
    """
    if colors is None:
        pictures = [image.get_array() for axes in figure.axes for image in axes.images]
        colors = 256 if any(values is not None and values.ndim == 3 for values in pictures) else 64
    drawn = io.BytesIO()
    figure.savefig(
        drawn, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.06, transparent=True
    )
    picture = Image.open(drawn).convert("RGBA")
    page = Image.new("RGBA", (max(picture.width, round(WIDTH * DPI)), picture.height), (0, 0, 0, 0))
    page.paste(picture, ((page.width - picture.width) // 2, 0))
    stored = io.BytesIO()
    quantize(page, colors).save(stored, format="png", optimize=True)
    return stored.getvalue()
