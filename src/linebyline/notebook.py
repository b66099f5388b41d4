"""What every chapter's first cell does: figures that suit a light and a dark page, tracebacks of
one line, and the seed.
"""

from __future__ import annotations

import os

import torch
from IPython import get_ipython
from matplotlib.figure import Figure

from linebyline.plotting import style


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
        shell.display_formatter.formatters["image/png"].for_type(Figure, style.png_bytes)
        shell.run_line_magic("xmode", "Minimal")
    return seed


def seconds(duration: float) -> str:
    """A duration for printing. The stopwatch marks it: comparisons of outputs between machines pass
    over it.
    """
    return f"⏱ {duration:.1f} s"
