"""Policies are worth what many sweeps say; the last one is the best of all that there are."""

import itertools

import pytest
import torch
from torch.nn.functional import one_hot

from linebyline.reinforcement.markov_decision_process import MarkovDecisionProcess
from linebyline.reinforcement.policy_iteration import policy_iteration, policy_value


def random_process(seed: int, states: int = 4, actions: int = 3) -> MarkovDecisionProcess:
    draw = torch.Generator().manual_seed(seed)
    p = torch.rand(states, actions, states, generator=draw).double() ** 3
    r = torch.randn(states, actions, generator=draw).double()
    return MarkovDecisionProcess(p / p.sum(2, keepdim=True), r)


def test_a_policy_is_worth_its_discounted_rewards() -> None:
    """The sum over time, term by term."""
    process = random_process(0)
    policy = torch.rand(4, 3, generator=torch.Generator().manual_seed(1)).double()
    policy = policy / policy.sum(1, keepdim=True)
    here, total = torch.eye(4).double(), torch.zeros(4).double()
    for t in range(400):
        earns = sum(policy[:, a] * process.reward[:, a] for a in range(3))
        total = total + 0.9**t * here @ earns
        moves = sum(policy[:, a, None] * process.transition[:, a] for a in range(3))
        here = here @ moves
    assert torch.allclose(policy_value(process, policy, 0.9), total, atol=1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_policy_is_better_than_the_last(seed: int) -> None:
    process = random_process(seed)
    rounds = policy_iteration(process, 0.9)
    every = [
        policy_value(process, one_hot(torch.tensor(actions), 3).double(), 0.9)
        for actions in itertools.product(range(3), repeat=4)
    ]
    assert torch.allclose(rounds[-1].values, torch.stack(every).amax(0))
    for earlier, later in itertools.pairwise(rounds):
        assert (later.values >= earlier.values - 1e-12).all()
    assert len(rounds) > 1


def test_equally_good_actions_do_not_alternate() -> None:
    process = MarkovDecisionProcess(torch.ones(3, 2, 3).double() / 3, torch.ones(3, 2).double())
    (only,) = policy_iteration(process, 0.99)
    assert only.values.tolist() == pytest.approx([100.0] * 3)


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_named() -> None:
    process = random_process(0)
    even = torch.full((4, 3), 1 / 3).double()
    with pytest.raises(ValueError, match=r"discount is 1.0; it must be in \[0, 1\)"):
        policy_iteration(process, 1.0)
    with pytest.raises(ValueError, match="policy has the shape"):
        policy_value(process, even.T, 0.9)
    with pytest.raises(ValueError, match="policy has a row that is no distribution"):
        policy_value(process, even * 2, 0.9)
    with pytest.raises(ValueError, match="policy has a row that is no distribution"):
        policy_value(process, torch.tensor([[2.0, -1.0, 0.0]] * 4).double(), 0.9)
