"""The tables of a Markov decision process: where an action leads, and what it earns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from gymnasium import Env
from gymnasium.spaces import Discrete
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class MarkovDecisionProcess:
    """States, actions, and the chances that join them.

    Source: Bellman (1957, chapter 11); the symbols are those of Sutton and
    Barto (2018, chapter 3). A state in which an episode has ended leads to itself and earns 0, so
    that its value is 0 and every row of `transition` is a distribution.

    Attributes:
        transition: ``P[s, a, s']``, the probability of state ``s'`` after action ``a`` in ``s``.
        reward: ``R[s, a]``, the mean reward of action ``a`` in state ``s``.

    Raises:
        ValueError: shapes do not fit, a probability is negative, a row does not sum to 1, or a
            reward is not finite.
    """

    transition: Float[Tensor, "states actions states"]
    reward: Float[Tensor, "states actions"]

    def __post_init__(self) -> None:
        shape = tuple(self.transition.shape)
        if len(shape) != 3 or shape[0] != shape[2]:
            raise ValueError(
                f"transition has the shape {shape}; it must be (states, actions, states)"
            )
        if tuple(self.reward.shape) != shape[:2]:
            raise ValueError(
                f"reward has the shape {tuple(self.reward.shape)}; for this transition it must be "
                f"(states, actions) = {shape[:2]}"
            )
        if not (self.transition >= 0).all():
            raise ValueError("transition has an entry below 0; all must be probabilities")
        off = (self.transition.sum(2) - 1).abs()
        if off.max() > 1e-6:
            s, a = divmod(int(off.argmax()), shape[1])
            total = self.transition[s, a].sum().item()
            raise ValueError(
                f"transition[{s}, {a}] sums to {total:.4g}; each row must sum to 1 (a state in "
                "which an episode has ended leads to itself)"
            )
        if not self.reward.isfinite().all():
            raise ValueError("reward has an entry that is not finite; all must be numbers")


def discrete_sizes(environment: Env[Any, Any]) -> tuple[int, int]:
    """How many states and actions an environment has.

    Raises:
        ValueError: a space is not `Discrete`, or does not begin at 0.
    """
    sizes = []
    for name in ("observation_space", "action_space"):
        space = getattr(environment, name)
        if not isinstance(space, Discrete) or space.start != 0:
            raise ValueError(
                f"{name} is {space}; a table needs a Discrete space that begins at 0, "
                "such as that of FrozenLake-v1"
            )
        sizes.append(int(space.n))
    return sizes[0], sizes[1]


def read_process(environment: Env[Any, Any]) -> MarkovDecisionProcess:
    """The exact tables of one of Gymnasium's toy environments, in float64.

    Such an environment keeps them as ``P[s][a]``, a list of ``(probability, next state, reward,
    terminated)``. What it says of a state in which an episode ended is replaced: it leads to itself
    and earns 0. A limit of steps that a wrapper sets is no part of the process.

    Args:
        environment: FrozenLake-v1 or CliffWalking-v1, as ``gymnasium.make`` gives them.

    Raises:
        ValueError: the spaces are not discrete, there is no table ``P``, or a state ends an
            episode when it is entered one way and does not when it is entered another way.
    """
    states, actions = discrete_sizes(environment)
    table = getattr(environment.unwrapped, "P", None)
    if table is None:
        raise ValueError(
            f"environment {environment} has no table P; FrozenLake-v1 and CliffWalking-v1 have one"
        )
    p = torch.zeros(states, actions, states, dtype=torch.float64)
    r = torch.zeros(states, actions, dtype=torch.float64)
    ends = _final_states(table)
    for s in range(states):
        for a in range(actions):
            if s in ends:
                p[s, a, s] = 1.0
                continue
            for probability, after, reward, _ in table[s][a]:
                p[s, a, after] += probability
                r[s, a] += probability * float(reward)
    return MarkovDecisionProcess(p, r)


def _final_states(table: dict[int, dict[int, list[tuple[Any, ...]]]]) -> set[int]:
    """The states that end an episode, if no other way of entering them goes on."""
    entered: dict[bool, set[int]] = {True: set(), False: set()}
    for s, rows in table.items():
        for outcomes in rows.values():
            for probability, after, _, terminated in outcomes:
                if probability > 0 and after != s:
                    entered[bool(terminated)].add(int(after))
    if both := entered[True] & entered[False]:
        raise ValueError(
            f"environment ends an episode in state {min(both)} or not, as it is entered; "
            "the tables here cannot say so"
        )
    return entered[True]
