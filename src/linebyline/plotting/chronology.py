"""Events on a rail of time: true to scale where they happened, evenly spaced where they are named.

Time runs downwards, because names are written across: so every event has a line of its own, however
many fall into one year. A thin leader joins a name to its date.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from linebyline.plotting.labels import LINE_HEIGHT, spread
from linebyline.plotting.style import INK, MARKERS, PALETTE, WIDTH

RAIL, NAMES, RIGHT = 0.0, 0.18, 1.0
"""Where the rail stands, where the names begin and where the axes end; left of it are the bands."""

LEFT = -0.2
SIZE = 13.0
"""Points: the type of a name."""


def chronology(
    years: Sequence[float],
    names: Sequence[str],
    kinds: Sequence[str],
    *,
    bands: Mapping[str, tuple[float, float]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Each event as a dot at its date, in the colour and with the marker of its kind, and its name.

    Args:
        years: when each event was, as a decimal year, in any order.
        names: what to write; the year goes into it if it is to be read.
        kinds: of what kind each is. The legend lists the kinds in the order in which they occur.
        bands: name to (first, last) year of a period, drawn behind the rail.
        ax: where to draw; a new figure, as high as the names need, if None.

    Raises:
        ValueError: nothing to draw, lengths that differ, a year that is no number, more kinds than
            there are colours, or a band that ends before it begins.
    """
    when = np.asarray(years, dtype=float)
    for name, entries in (("names", names), ("kinds", kinds)):
        if len(entries) != len(when):
            raise ValueError(f"{name} has {len(entries)} entries for {len(when)} years: one each")
    if not len(when) or not np.isfinite(when).all():
        raise ValueError("years must hold at least one year, and only numbers")
    looks = dict(zip(dict.fromkeys(kinds), zip(PALETTE, MARKERS, strict=True), strict=False))
    if len(set(kinds)) > len(looks):
        raise ValueError(f"kinds has {len(set(kinds))} kinds; there are {len(PALETTE)} colours")
    for name, (first, last) in (bands or {}).items():
        if not first < last:
            raise ValueError(f"bands[{name!r}] is {(first, last)}; it must end after it begins")

    line = SIZE * LINE_HEIGHT / 72  # inches
    ax = ax or plt.subplots(figsize=(WIDTH, (len(when) + 1) * line + 1.1))[1]
    edge = max(np.ptp(when) / (len(when) + 1), 0.5)
    low, high = when.min() - edge, when.max() + edge
    ax.set(xlim=(LEFT, RIGHT), ylim=(high, low), xticks=[])  # the first year is on top
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.grid(False)
    ax.plot([RAIL, RAIL], [low, high], color=INK, linewidth=1.2, linestyle="-", zorder=1)
    for name, (first, last) in (bands or {}).items():
        ax.fill_between([LEFT, RAIL], first, last, color=INK, alpha=0.16, linewidth=0, zorder=0)
        middle = (LEFT + RAIL) / 2
        text = "\n".join(name.split())
        ax.text(middle, (first + last) / 2, text, ha="center", va="center", fontsize=SIZE)
    gap = (high - low) / (len(when) + 1)
    places = spread(when.tolist(), gap, low + gap / 2, high - gap / 2)
    for year, place, name, kind in zip(when, places, names, kinds, strict=True):
        color, marker = looks[kind]
        bend = [RAIL, NAMES - 0.05, NAMES - 0.035]  # slanting all the way, they stay apart
        # Unsmoothed, the leaders save a sixth of the file; at half size nobody sees a step.
        ax.plot(bend, [year, place, place], color=INK, lw=0.7, ls="-", zorder=1, antialiased=False)
        ax.plot(RAIL, year, marker=marker, color=color, markersize=6.5, zorder=2)
        ax.plot(NAMES - 0.02, place, marker=marker, color=color, markersize=6.5, zorder=2)
        ax.text(NAMES, place, name, va="center_baseline", fontsize=SIZE)
    shown = [
        Line2D([], [], linestyle="none", marker=marker, color=color, label=kind)
        for kind, (color, marker) in looks.items()
    ]
    ax.legend(
        handles=shown,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.005),
        ncols=3,
        handletextpad=0.1,
        columnspacing=1.0,
    )
    return ax
