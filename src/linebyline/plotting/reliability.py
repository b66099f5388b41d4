"""The reliability diagram: how often a model is right, by how sure it said it was."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, PALETTE

LARGEST = 180
"""Points of type squared: the dot of a bin that holds every prediction."""


def reliability_diagram(
    confidence: Shaped[Array, " bins"] | Sequence[float],
    accuracy: Shaped[Array, " bins"] | Sequence[float],
    counts: Shaped[Array, " bins"] | Sequence[int],
    *,
    color: str = PALETTE[0],
    ax: Axes | None = None,
) -> Axes:
    """A dot for each bin of predictions, as large as the bin is full; on the line lies the truth.

    Source: DeGroot & Fienberg 1983, *The comparison and evaluation of forecasters*. A dot below the
    diagonal says too much, a dot above it too little; a thin stroke shows by how much. The area
    of the dots is that part of the predictions that the bin holds: a far dot may be a tiny one.

    Args:
        confidence: the mean confidence in each bin; NaN where it is empty.
        accuracy: the share that is right in each bin; NaN where it is empty.
        counts: how many predictions are in it.
        color: of the dots.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: lengths differ, all bins are empty, or a bin that is not empty has no number
            from 0 to 1.
    """
    sure, right, many = (
        to_numpy(values, name, ("bins",)).astype(float)
        for name, values in (
            ("confidence", confidence),
            ("accuracy", accuracy),
            ("counts", counts),
        )
    )
    for name, row in (("accuracy", right), ("counts", many)):
        if len(row) != len(sure):
            raise ValueError(f"{name} has {len(row)} values, but confidence has {len(sure)}")
    filled = many > 0
    if not filled.any():
        raise ValueError("counts holds no prediction: there is nothing to draw")
    for name, row in (("confidence", sure), ("accuracy", right)):
        if not ((row[filled] >= 0) & (row[filled] <= 1)).all():
            raise ValueError(f"{name} must be from 0 to 1 in every bin that is not empty")

    ax = ax or plt.subplots(figsize=(4, 4))[1]
    ax.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1.2)
    sure, right, many = sure[filled], right[filled], many[filled]
    ax.vlines(sure, np.minimum(sure, right), np.maximum(sure, right), color=color, linewidth=1.2)
    sizes = LARGEST * many / many.sum() + 6  # so that the smallest can be seen
    ax.scatter(sure, right, s=sizes, color=color, zorder=3, clip_on=False)
    ax.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal")
    ax.set(xlabel="confidence", ylabel="right", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    return ax
