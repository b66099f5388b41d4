"""What a Q-network should have answered: the reward and the discounted later guess."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from linebyline.reinforcement.value_iteration import check_discount

Values = Callable[[Float[Tensor, "batch features"]], Float[Tensor, "batch actions"]]
"""A Q-network, or anything else that gives each action of each observation a value."""


@torch.no_grad()
def td_target(
    rewards: Float[Tensor, " batch"],
    next_observations: Float[Tensor, "batch features"],
    terminated: Bool[Tensor, " batch"],
    *,
    judge: Values,
    chooser: Values | None = None,
    discount: float,
) -> Float[Tensor, " batch"]:
    """The targets of deep Q-learning; no gradient flows through them.

    Source: Mnih et al. (2015, algorithm 1): r + γ max_a Q⁻(s', a), with the target network Q⁻ as
    the judge. With a chooser it is double DQN (van Hasselt, Guez & Silver 2016, equation 4):
    r + γ Q⁻(s', argmax_a Q(s', a)), where the network that learns chooses.

    Args:
        rewards: r.
        next_observations: s'.
        terminated: where the episode ended, the target is the reward alone. An episode that was
            cut off by a limit of steps has not ended.
        judge: says what the later action is worth.
        chooser: says which action that is; without one the judge does.
        discount: γ, in [0, 1).

    Raises:
        ValueError: `discount` is out of range.
    """
    check_discount(discount)
    values = judge(next_observations)  # (B, A)
    best = values if chooser is None else chooser(next_observations)
    later = values.gather(1, best.argmax(1, keepdim=True)).squeeze(1)  # (B,)
    return rewards + discount * later * ~terminated
