"""SARSA learns what its own way of acting is worth, and Q-learning what the best one is."""

from typing import Any

import gymnasium
import pytest
import torch

from linebyline.reinforcement.markov_decision_process import read_process
from linebyline.reinforcement.policy_iteration import policy_value
from linebyline.reinforcement.q_learning import QLearning
from linebyline.reinforcement.sarsa import Sarsa
from linebyline.reinforcement.step_size import polynomial
from linebyline.reinforcement.value_iteration import look_ahead, value_iteration


def test_aimless_it_learns_what_aimless_walks_are_worth() -> None:
    environment = gymnasium.make("FrozenLake-v1", desc=["SFF", "FHG"], disable_env_checker=True)
    process = read_process(environment)
    aimless = policy_value(process, torch.full((6, 4), 0.25).double(), 0.8)
    options: dict[str, Any] = {"discount": 0.8, "step_size": polynomial(0.8), "epsilon": 1.0}
    off = {}
    for kind, values in ((Sarsa, aimless), (QLearning, value_iteration(process, 0.8)[-1])):
        agent = kind(environment, **options)
        agent.run(800)
        off[kind] = agent.table - look_ahead(process, values, 0.8)
        assert off[kind].abs().max() < 0.12
    assert (look_ahead(process, aimless, 0.8) - exact_best(process)).abs().max() > 0.15


def exact_best(process: Any) -> torch.Tensor:
    return look_ahead(process, value_iteration(process, 0.8)[-1], 0.8)


def test_the_later_guess_is_that_of_the_action_that_is_taken() -> None:
    """With the seed that draws a bad action next, its guess counts; the largest does not."""
    agent = Sarsa(gymnasium.make("FrozenLake-v1", desc=["SFG"]), discount=0.9)
    agent.q[1] = [1.0, 2.0, 3.0, 4.0]
    assert [agent.later_guess(1, a) for a in range(4)] == [1.0, 2.0, 3.0, 4.0]


def test_the_action_that_was_looked_at_is_the_one_that_is_taken() -> None:
    taken = []

    class Spy(Sarsa):
        def later_guess(self, state: int, action: int) -> float:
            taken.append((state, action))
            return super().later_guess(state, action)

        def correct(self, state: int, action: int, target: float) -> None:
            if taken[:-1]:
                assert (state, action) == taken[-2]
            super().correct(state, action, target)

    environment = gymnasium.make("FrozenLake-v1", desc=["SFFF"], max_episode_steps=20)
    Spy(environment, discount=0.9, epsilon=1.0, seed=1).run(1)
    assert len(taken) == 20
    assert len(set(taken)) > 4


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="discount is 1"):
        Sarsa(gymnasium.make("FrozenLake-v1"), discount=1)
