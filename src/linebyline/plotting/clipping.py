"""The part of a line that lies in a box.

Liang and Barsky, "A new concept and method for line clipping" (ACM Transactions on Graphics 3,
1984). A point of the line is start + t·along. Each pair of the box's sides allows an interval of t;
the line is in the box where all intervals overlap.
"""

import numpy as np


def clip(
    start: np.ndarray, along: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[float, float] | None:
    """The two t at which the line start + t·along enters and leaves the box; None if it misses.

    Args:
        start: a point of the line, (2,).
        along: its direction, (2,), not zero.
        low: the box's lower left corner, (2,).
        high: its upper right corner, (2,).
    """
    enter, leave = -np.inf, np.inf
    for i in (0, 1):
        if along[i] == 0:  # parallel to these two sides: between them for every t, or for none
            if not low[i] <= start[i] <= high[i]:
                return None
            continue
        first, second = sorted(((low[i] - start[i]) / along[i], (high[i] - start[i]) / along[i]))
        enter, leave = max(enter, first), min(leave, second)
    return (float(enter), float(leave)) if enter < leave else None
