"""The best action as far as one knows, and now and then any action."""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def check_epsilon(epsilon: float) -> None:
    """Refuse what is no probability.

    Raises:
        ValueError: `epsilon` is not in [0, 1].
    """
    if not 0 <= epsilon <= 1:
        raise ValueError(f"epsilon is {epsilon}; it is a probability and must be in [0, 1]")


def epsilon_greedy(values: Sequence[float], epsilon: float, draw: random.Random) -> int:
    """Choose an action: with probability `epsilon` any one, else the best, ties broken at random.

    Source: Watkins (1989) describes such a rule; the name and the form are those of Sutton and
    Barto (2018, section 2.2). Plain numbers and not a tensor: for four values a call into torch
    costs more than the choice.

    Args:
        values: what each action is worth, as far as the agent knows.
        epsilon: in [0, 1]; it is checked by whoever calls this a million times.
        draw: the source of random numbers.
    """
    if epsilon > 0 and draw.random() < epsilon:
        return int(draw.random() * len(values))
    best = max(values)
    if values.count(best) == 1:
        return values.index(best)
    return draw.choice([a for a, value in enumerate(values) if value == best])


def epsilon_greedy_policy(
    table: Float[Tensor, "states actions"], epsilon: float
) -> Float[Tensor, "states actions"]:
    """The probabilities with which :func:`epsilon_greedy` takes each action.

    Args:
        table: ``Q[s, a]``, what each action is worth in each state.
        epsilon: in [0, 1].

    Raises:
        ValueError: `epsilon` is out of range.
    """
    check_epsilon(epsilon)
    best = (table == table.amax(1, keepdim=True)).to(table)
    greedy = best / best.sum(1, keepdim=True)  # ties share
    return (1 - epsilon) * greedy + torch.full_like(table, epsilon / table.shape[1])
