"""The tables are those of Gymnasium, with ends that stay ends."""

from typing import Any

import gymnasium
import pytest
import torch

from linebyline.reinforcement.markov_decision_process import (
    MarkovDecisionProcess,
    discrete_sizes,
    read_process,
)


def make(name: str, **options: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(name, disable_env_checker=True, **options)


def test_the_lake_by_hand() -> None:
    """From the field beside the goal, going right: up and down stay, right is the end."""
    process = read_process(make("FrozenLake-v1", desc=["SFG"], is_slippery=True))
    assert process.transition.shape == (3, 4, 3)
    assert process.transition[1, 2].tolist() == pytest.approx([0, 2 / 3, 1 / 3])
    assert process.reward[1].tolist() == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])
    assert process.transition[2].tolist() == [[0, 0, 1]] * 4
    assert process.reward[2].tolist() == [0.0] * 4


def test_an_end_leads_to_itself_whatever_the_environment_says_of_it() -> None:
    """CliffWalking's table lets one walk on from the goal."""
    environment = make("CliffWalking-v1")
    process = read_process(environment)
    assert environment.unwrapped.P[47][0][0][1] == 35  # type: ignore[attr-defined]
    assert (process.transition[47, :, 47] == 1).all()
    assert (process.reward[47] == 0).all()
    assert process.reward[36].tolist() == [-1, -100, -1, -1]
    assert process.transition[36, 1, 36] == 1  # over the cliff, and back at the start


def test_steps_of_the_environment_come_as_often_as_the_table_says() -> None:
    environment = make("FrozenLake-v1", desc=["SFF", "FHG"])
    process = read_process(environment)
    counts, earned = torch.zeros(6), 0.0
    environment.reset(seed=0)
    for _ in range(3000):
        environment.unwrapped.s = 2  # type: ignore[attr-defined]
        after, reward, *_ = environment.step(1)
        counts[after] += 1
        earned += float(reward)
        environment.reset()
    assert torch.allclose(counts.double() / 3000, process.transition[2, 1], atol=0.04)
    assert earned / 3000 == pytest.approx(process.reward[2, 1].item(), abs=0.04)


EVEN = torch.full((2, 3, 2), 0.5)


@pytest.mark.parametrize(
    ("transition", "reward", "said"),
    [
        (torch.ones(2, 3, 4) / 4, torch.zeros(2, 3), "transition has the shape"),
        (torch.ones(2, 2), torch.zeros(2, 3), "transition has the shape"),
        (EVEN, torch.zeros(3, 2), "reward has the shape"),
        (EVEN * 1.1, torch.zeros(2, 3), r"transition\[0, 0\] sums to 1.1"),
        (torch.tensor([[[1.5, -0.5]], [[0, 1]]]), torch.zeros(2, 1), "an entry below 0"),
        (EVEN, torch.full((2, 3), float("nan")), "reward has an entry that is not finite"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_process_is_refused(
    transition: torch.Tensor, reward: torch.Tensor, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        MarkovDecisionProcess(transition, reward)


def test_spaces_must_be_discrete_and_tables_there() -> None:
    with pytest.raises(ValueError, match="observation_space is Box"):
        discrete_sizes(make("CartPole-v1"))
    with pytest.raises(ValueError, match="observation_space is Tuple"):
        read_process(make("Blackjack-v1"))
    environment = make("FrozenLake-v1")
    del environment.unwrapped.P  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="has no table P"):
        read_process(environment)
    environment = make("FrozenLake-v1")
    environment.action_space = gymnasium.spaces.Discrete(4, start=1)
    with pytest.raises(ValueError, match="action_space is Discrete"):
        read_process(environment)


def test_a_state_that_ends_or_not_as_it_is_entered_is_refused() -> None:
    """Taxi-v4 has such states, where nobody can get; here one is planted."""
    with pytest.raises(ValueError, match="in state 0 or not"):
        read_process(make("Taxi-v4"))
    environment = make("FrozenLake-v1", desc=["SFG"], is_slippery=False)
    environment.unwrapped.P[0][0] = [(1.0, 1, 0.0, True)]  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="in state 1 or not"):
        read_process(environment)


def test_the_row_that_is_no_distribution_is_named() -> None:
    p = torch.full((3, 2, 3), 1 / 3).double()
    p[1, 1, 0] = 0.9
    with pytest.raises(ValueError, match=r"transition\[1, 1\] sums to 1.567"):
        MarkovDecisionProcess(p, torch.zeros(3, 2).double())
