"""The majority: how often it is right if the voters are independent."""

from __future__ import annotations

import torch
from torch.distributions import Binomial


def majority_right(p: float, voters: int) -> float:
    """Probability that more than half of the voters are right.

    Source: Condorcet 1785, as told by Boland 1989, *Majority systems and the Condorcet jury
    theorem*. The voters are independent and each is right with probability p.

    Args:
        p: from 0 to 1.
        voters: an odd number, so that there is no tie.

    Raises:
        ValueError: ``p`` is no probability, or ``voters`` is not odd and positive.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; it must be from 0 to 1")
    if voters < 1 or voters % 2 == 0:
        raise ValueError(f"voters is {voters}; it must be odd, so that there is no tie")
    right = torch.arange(voters // 2 + 1, voters + 1, dtype=torch.float64)
    binomial = Binomial(voters, torch.tensor(p, dtype=torch.float64))
    return binomial.log_prob(right).exp().sum().item()
