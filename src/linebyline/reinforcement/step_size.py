"""Step sizes that shrink with the number of corrections."""

from __future__ import annotations

from collections.abc import Callable


def polynomial(power: float) -> Callable[[int], float]:
    """The step size ``n ** -power`` for the ``n``-th correction of a number.

    Source: Robbins and Monro (1951) ask that the steps sum to infinity and their squares do not;
    so it is for powers above 1/2 and up to 1. Even-Dar and Mansour (2003) compare these powers for
    Q-learning. Other powers from 0 on are allowed, to see what goes wrong.

    Args:
        power: 0 or more; 1 gives the mean of all that was seen.

    Raises:
        ValueError: `power` is negative.
    """
    if not power >= 0:
        raise ValueError(f"power must be 0 or more, not {power}: steps may not grow")
    return lambda n: n**-power
