"""What a policy is worth, by one system of linear equations; and policies made better until none
is.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.reinforcement.markov_decision_process import MarkovDecisionProcess
from linebyline.reinforcement.value_iteration import check_discount, look_ahead


def policy_value(
    process: MarkovDecisionProcess, policy: Float[Tensor, "states actions"], discount: float
) -> Float[Tensor, " states"]:
    """The expected return from each state if the policy acts.

    Source: Howard (1960), *value determination*: ``V = R_pi + discount * P_pi V`` is solved for
    ``V``.

    Args:
        process: the tables.
        policy: ``pi[s, a]``, the probability of action ``a`` in state ``s``.
        discount: in [0, 1).

    Raises:
        ValueError: `discount` is out of range, or `policy` has not the shape (states, actions), or
            a row of it is no distribution.
    """
    check_discount(discount)
    if policy.shape != process.reward.shape:
        raise ValueError(
            f"policy has the shape {tuple(policy.shape)}; it must be (states, actions) = "
            f"{tuple(process.reward.shape)}"
        )
    if not (policy >= 0).all() or (policy.sum(1) - 1).abs().max() > 1e-6:
        raise ValueError("policy has a row that is no distribution; each must sum to 1")
    p = torch.einsum("sa,sat->st", policy, process.transition)  # P_pi: (states, states)
    r = (policy * process.reward).sum(1)  # R_pi: (states,)
    return torch.linalg.solve(torch.eye(len(p)).to(p) - discount * p, r)


class Round(NamedTuple):
    """One round of policy iteration.

    Attributes:
        policy: the action that the round's policy takes in each state, as one-hot rows.
        values: what that policy is worth in each state.
    """

    policy: Float[Tensor, "states actions"]
    values: Float[Tensor, " states"]


def policy_iteration(process: MarkovDecisionProcess, discount: float) -> list[Round]:
    """Rounds of evaluating a policy and acting greedily on what it is worth, until none is better.

    Source: Howard (1960). The first policy takes action 0 everywhere. An action is changed only
    for one that is better by more than rounding, so equally good actions cannot alternate for ever.

    Args:
        process: the tables.
        discount: in [0, 1).

    Raises:
        ValueError: `discount` is out of range.
    """
    actions = torch.zeros(len(process.reward), dtype=torch.long)
    rounds: list[Round] = []
    while True:
        policy = torch.nn.functional.one_hot(actions, process.reward.shape[1]).to(process.reward)
        values = policy_value(process, policy, discount)
        rounds.append(Round(policy, values))
        q = look_ahead(process, values, discount)
        better = q.amax(1) > (policy * q).sum(1) + 1e-9 * (1 + q.abs().max())
        if not better.any():
            return rounds
        actions = torch.where(better, q.argmax(1), actions)
