"""Actions are drawn as often as the policy says."""

import random
from collections import Counter

import pytest
import torch

from linebyline.reinforcement.epsilon_greedy import epsilon_greedy, epsilon_greedy_policy

TABLE = [[1.0, 3.0, 2.0, 3.0], [0.0, 0.0, 0.0, 0.0], [0.0, -1.0, 5.0, 1.0]]


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_draws_follow_the_policy(epsilon: float) -> None:
    policy = epsilon_greedy_policy(torch.tensor(TABLE), epsilon)
    draw = random.Random(0)
    for row, wanted in zip(TABLE, policy, strict=True):
        counts = Counter(epsilon_greedy(row, epsilon, draw) for _ in range(4000))
        shares = torch.tensor([counts[a] / 4000 for a in range(4)])
        assert torch.allclose(shares, wanted, atol=0.03)
        assert (shares[wanted == 0] == 0).all()


def test_the_policy_by_hand() -> None:
    policy = epsilon_greedy_policy(torch.tensor(TABLE), 0.2)
    assert policy[0].tolist() == pytest.approx([0.05, 0.45, 0.05, 0.45])
    assert policy[1].tolist() == pytest.approx([0.25] * 4)
    assert policy[2].tolist() == pytest.approx([0.05, 0.05, 0.85, 0.05])


@pytest.mark.parametrize("epsilon", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match=f"epsilon is {epsilon}"):
        epsilon_greedy_policy(torch.tensor(TABLE), epsilon)
