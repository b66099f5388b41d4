"""The picture that social networks show beside a link to the book, drawn when the site is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Circle
from sphinx.application import Sphinx

PAPER, INK, MUTED, LINE = "#fdfcfa", "#24272d", "#565a63", "#a83c15"  # as in 10-colours.css
WIDTH, HEIGHT = 1200, 630


def draw(title: str, subtitle: str, path: Path) -> None:
    """Write the card as PNG: the mark, the title, the book's line, and one sentence."""
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))
    axes.set_axis_off()
    for y in (-105, 105):
        axes.plot([790, 990], [315 + y, 315], color=INK, linewidth=20, solid_capstyle="round")
    axes.plot([770, 1130], [315, 315], color=LINE, linewidth=20, solid_capstyle="round")
    axes.add_patch(Circle((990, 315), 70, facecolor=PAPER, edgecolor=INK, linewidth=20, zorder=3))
    bold: dict[str, Any] = {"color": INK, "fontsize": 43, "fontweight": "bold", "linespacing": 1.25}
    axes.text(90, 400, title.replace(", ", ",\n"), va="center", **bold)
    axes.plot([92, 182], [292, 292], color=LINE, linewidth=7, solid_capstyle="butt")
    axes.text(90, 200, subtitle, color=MUTED, fontsize=21, va="center", linespacing=1.6)
    figure.savefig(path, pil_kwargs={"optimize": True}, metadata={"Software": None})


def add(app: Sphinx, exception: Exception | None) -> None:
    """Put the card among the static files."""
    if exception is None and app.builder.name == "html":
        subtitle = "Every line explained,\nevery cell run,\nevery claim checked."
        draw(app.config.html_title, subtitle, Path(app.outdir, "_static", "card.png"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
