"""The values of the best way to act, from the tables of the process: guesses that look one step
ahead.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.reinforcement.markov_decision_process import MarkovDecisionProcess


def check_discount(discount: float) -> None:
    """Refuse a discount with which a return need not be finite.

    Raises:
        ValueError: `discount` is not in [0, 1).
    """
    if not 0 <= discount < 1:
        raise ValueError(
            f"discount is {discount}; it must be in [0, 1), so that a return without end is finite"
        )


def look_ahead(
    process: MarkovDecisionProcess, values: Float[Tensor, " states"], discount: float
) -> Float[Tensor, "states actions"]:
    """What each action is worth if the states after it are worth `values`.

    Source: Sutton and Barto (2018, equation 4.6): ``R[s, a] + discount * sum P[s, a, s'] V[s']``.

    Args:
        process: the tables.
        values: ``V``, a value for each state.
        discount: in [0, 1).

    Raises:
        ValueError: `discount` is out of range, or `values` has not one entry for each state.
    """
    check_discount(discount)
    if values.shape != process.transition.shape[:1]:
        raise ValueError(
            f"values has the shape {tuple(values.shape)}; it must have one entry for each of the "
            f"{len(process.transition)} states"
        )
    return process.reward + discount * process.transition @ values


def value_iteration(
    process: MarkovDecisionProcess,
    discount: float,
    *,
    values: Float[Tensor, " states"] | None = None,
    tolerance: float = 1e-10,
    sweeps: int = 10_000,
) -> Float[Tensor, "guesses states"]:
    """All guesses of value iteration, from the first to the one that hardly changes.

    Source: Bellman (1957); Sutton and Barto (2018, section 4.4), with all states at once instead of
    one after the other. The last guess is within ``tolerance * discount / (1 - discount)`` of the
    values of the best policy (Puterman 1994, section 6.3), if `sweeps` did not stop it.

    Args:
        process: the tables.
        discount: in [0, 1).
        values: the first guess; zeros if None.
        tolerance: stop when no value changes by more.
        sweeps: stop after so many sweeps at the latest.

    Raises:
        ValueError: `discount` is out of range, `tolerance` is negative, `sweeps` is below 1, or
            `values` does not fit.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be 0 or more, not {tolerance}")
    if sweeps < 1:
        raise ValueError(f"sweeps must be 1 or more, not {sweeps}")
    guesses = [process.reward.new_zeros(len(process.reward)) if values is None else values]
    for _ in range(sweeps):
        guesses.append(look_ahead(process, guesses[-1], discount).amax(1))
        if (guesses[-1] - guesses[-2]).abs().max() <= tolerance:
            break
    return torch.stack(guesses)
