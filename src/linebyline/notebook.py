"""What every chapter's first cell does: figures that suit a light and a dark page, tracebacks of
one line, and the seed.
"""

from __future__ import annotations

import os
from typing import TypeVar

import torch
from IPython import get_ipython
from matplotlib.figure import Figure

from linebyline.plotting import style

T = TypeVar("T")


def start() -> int:
    """Prepare a notebook and return the seed from which all randomness of the chapter derives.

    The seed is ``LINEBYLINE_SEED`` (default 0). Torch's global generator is seeded too, for what
    offers no argument of its own. Outside a notebook only the plotting style and the seed are set.

    Raises:
        ValueError: ``LINEBYLINE_SEED`` is not a whole number from 0 on.
    """
    text = os.environ.get("LINEBYLINE_SEED", "0")
    if not text.isdecimal():
        raise ValueError(f"LINEBYLINE_SEED is {text!r}; it must be a whole number such as 0 or 7")
    seed = int(text)
    torch.manual_seed(seed)
    style.use()
    if shell := get_ipython():
        shell.run_line_magic(
            "matplotlib", "inline"
        )  # first: it installs the formatter that ours replaces
        shell.display_formatter.formatters["image/png"].for_type(Figure, _png)
        shell.InteractiveTB.set_mode("Minimal")  # as %xmode does, without a message
    return seed


def _png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """The figure's PNG, to be shown at two of its pixels to one of the screen, as on the site."""
    png = style.png_bytes(figure)
    return png, {"width": int.from_bytes(png[16:20], "big") // 2}


def at_scale(*, cpu: T, gpu: T) -> T:
    """The value for the size at which the book runs.

    ``LINEBYLINE_SCALE`` is ``cpu`` (the default: a minute on one core, what the pages show) or
    ``gpu`` (full size). A cell that trains names both, side by side.

    Raises:
        ValueError: ``LINEBYLINE_SCALE`` is something else.
    """
    sizes = {"cpu": cpu, "gpu": gpu}
    scale = os.environ.get("LINEBYLINE_SCALE", "cpu")
    if scale not in sizes:
        raise ValueError(f"LINEBYLINE_SCALE is {scale!r}; it must be 'cpu' or 'gpu'")
    return sizes[scale]


def seconds(duration: float) -> str:
    """A duration for printing. The stopwatch marks it: comparisons of outputs between machines pass
    over it.
    """
    return f"⏱ {duration:.1f} s"
