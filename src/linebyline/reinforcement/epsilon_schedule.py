"""How often an agent acts at random: often at first, seldom later."""

from __future__ import annotations

from collections.abc import Callable

from linebyline.reinforcement.epsilon_greedy import check_epsilon


def linear_schedule(first: float, last: float, steps: int) -> Callable[[int], float]:
    """A straight line from `first` at step 0 to `last` at step `steps`, and `last` from there on.

    Source: Mnih et al. (2013, section 5), who go from 1 to 0.1 within the first million frames.

    Args:
        first: the probability of an action at random at the start, in [0, 1].
        last: that at the end, in [0, 1].
        steps: how long the way takes, 1 or more.

    Raises:
        ValueError: a probability is out of range, or `steps` is below 1; later, a negative step.
    """
    check_epsilon(first)
    check_epsilon(last)
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")

    def epsilon(step: int) -> float:
        if step < 0:
            raise ValueError(f"step must be 0 or more, not {step}")
        return first + (last - first) * min(step / steps, 1.0)

    return epsilon
