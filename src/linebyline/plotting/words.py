"""Words as the points of a plane: how learned vectors arrange them."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import MARKERS, PALETTE


def word_map(
    groups: Mapping[str, Sequence[str]],
    points: Shaped[Array, "words 2"] | Sequence[Sequence[float]],
    *,
    size: float = 9,
    ax: Axes | None = None,
) -> Axes:
    """Each word written beside its point, in the colour of its group; a legend names the groups.

    Above the point, or below it if the nearest other point is higher.

    Args:
        groups: name of each group to its words.
        points: one for each word, group after group.
        size: of the writing, in points of type.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: there is no word, the numbers of words and points differ, or a point is not
            finite.
    """
    where = to_numpy(points, "points", ("words", 2)).astype(float)
    words = [word for group in groups.values() for word in group]
    if not words or len(words) != len(where):
        raise ValueError(f"points has {len(where)} entries for {len(words)} words: one each")
    if not np.isfinite(where).all():
        raise ValueError("points holds NaN or infinity, which has no place in the plane")

    ax = ax or plt.subplots(figsize=(7, 4.8))[1]
    looks = zip(cycle(PALETTE), cycle(MARKERS), strict=False)
    at = 0
    for (name, group), (color, marker) in zip(groups.items(), looks, strict=False):
        x, y = where[at : at + len(group)].T
        ax.scatter(x, y, s=18, c=color, marker=marker, linewidths=0, label=name)
        for word, i in zip(group, range(at, at + len(group)), strict=True):
            below = _has_one_above(where, i)
            ax.annotate(
                word,
                (where[i, 0], where[i, 1]),
                (3, -2 if below else 2),
                textcoords="offset points",
                va="top" if below else "bottom",
                fontsize=size,
                color=color,
            )
        at += len(group)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.margins(0.09)
    ax.legend(loc="best", fontsize=size)
    return ax


def _has_one_above(where: np.ndarray, i: int) -> bool:
    """Whether the nearest other point is higher: then the word is written below its own."""
    if len(where) == 1:
        return False
    extent = np.ptp(where, axis=0)
    apart = (where - where[i]) / np.where(extent > 0, extent, 1)
    distance = np.hypot(*apart.T)
    distance[i] = np.inf
    return bool(apart[distance.argmin(), 1] > 0)
