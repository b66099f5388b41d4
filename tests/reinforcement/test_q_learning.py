"""The table is corrected as by hand and ends at the exact values; a walk cut off has a future."""

from typing import Any

import gymnasium
import pytest
import torch

from linebyline.reinforcement.markov_decision_process import read_process
from linebyline.reinforcement.q_learning import QLearning
from linebyline.reinforcement.step_size import polynomial
from linebyline.reinforcement.value_iteration import look_ahead, value_iteration


def lake(rows: list[str], **options: Any) -> gymnasium.Env[Any, Any]:
    return gymnasium.make("FrozenLake-v1", desc=rows, disable_env_checker=True, **options)


def exact(environment: gymnasium.Env[Any, Any], discount: float) -> torch.Tensor:
    process = read_process(environment)
    return look_ahead(process, value_iteration(process, discount)[-1], discount)


class Scripted(gymnasium.Env[int, int]):
    """Answers with what it was given, one step after the other."""

    observation_space = gymnasium.spaces.Discrete(3)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, *answers: tuple[int, float, bool, bool]) -> None:
        self.answers = list(answers)
        self.seeds: list[int | None] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict[str, Any]]:
        self.seeds.append(seed)
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        return *self.answers.pop(0), {}


def test_one_episode_by_hand() -> None:
    agent = QLearning(
        Scripted((1, 2.0, False, False), (2, 4.0, True, False)),
        discount=0.5,
        step_size=0.5,
        epsilon=0.0,
    )
    agent.q = [[1.0, 0.0], [0.0, 6.0], [8.0, 8.0]]
    assert agent.run(1) == [6.0]
    # 1 + (2 + 0.5 * 6 - 1) / 2 = 3, and 6 + (4 - 6) / 2 = 5: nothing comes after the end.
    assert agent.q == [[3.0, 0.0], [0.0, 5.0], [8.0, 8.0]]
    assert agent.visits.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert agent.table.tolist() == agent.q


@pytest.mark.parametrize(
    ("terminated", "truncated", "wanted"),
    [(False, True, 5.0), (True, False, 1.0), (True, True, 1.0)],
)
def test_what_is_cut_off_is_not_at_its_end(
    terminated: bool, truncated: bool, wanted: float
) -> None:
    """The target of the last step: 1, and half of the guess of 8 if there is a future."""
    environment = Scripted((2, 1.0, terminated, truncated))
    agent = QLearning(environment, discount=0.5, step_size=1.0, epsilon=0.0)
    agent.q = [[3.0, 0.0], [0.0, 0.0], [8.0, 2.0]]
    agent.run(1)
    assert agent.q[0][0] == wanted
    assert environment.answers == []


def test_walks_that_are_cut_off_lead_to_the_same_values() -> None:
    environment = lake(["SFFG"], is_slippery=False, max_episode_steps=5)
    agent = QLearning(environment, discount=0.9, step_size=1.0, epsilon=1.0)
    agent.run(200)
    assert torch.allclose(agent.table, exact(environment, 0.9))


def test_it_ends_at_the_exact_values_from_steps_at_random() -> None:
    environment = lake(["SFF", "FHG"])
    agent = QLearning(environment, discount=0.8, step_size=polynomial(0.8), epsilon=1.0)
    agent.run(1000)
    assert (agent.table - exact(environment, 0.8)).abs().max() < 0.08


def test_shrinking_steps_count_the_visits_of_each_pair() -> None:
    asked = []
    environment = Scripted(*[(0, 1.0, False, False)] * 2, (0, 1.0, True, False))
    agent = QLearning(
        environment,
        discount=0.0,
        step_size=lambda n: asked.append(n) or 1 / n,  # type: ignore[func-returns-value]
        epsilon=0.0,
    )
    agent.q[0][0] = 9.0
    agent.run(1)
    assert asked in ([1, 1, 2, 3], [1, 1, 1, 2])  # the first is the check at the door


def test_runs_go_on_where_they_were_and_seeds_decide_all() -> None:
    environment = lake(["SFF", "FHG"])
    options: dict[str, Any] = {"discount": 0.9, "epsilon": 0.5}
    whole = QLearning(environment, **options, seed=3)
    whole.run(60)
    parts = QLearning(environment, **options, seed=3)
    assert len(parts.run(20)) == 20
    parts.run(40)
    assert parts.q == whole.q
    other = QLearning(environment, **options, seed=4)
    other.run(60)
    assert other.q != whole.q


def test_the_environment_is_seeded_once() -> None:
    environment = Scripted(*[(1, 0.0, True, False)] * 3)
    QLearning(environment, discount=0.5, seed=5).run(3)
    assert environment.seeds == [5, None, None]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"discount": 1.0}, r"discount is 1.0; it must be in \[0, 1\)"),
        ({"discount": -0.5}, "discount is -0.5"),
        ({"step_size": 0.0}, r"step_size is 0.0 at correction 1; it must be in \(0, 1\]"),
        ({"step_size": 1.5}, "step_size is 1.5"),
        ({"step_size": lambda n: 2.0 / n}, "step_size is 2.0 at correction 1"),
        ({"epsilon": 1.5}, "epsilon is 1.5"),
        ({"environment": gymnasium.make("CartPole-v1")}, "observation_space is Box"),
    ],
)
def test_bad_arguments_are_named(wrong: dict[str, Any], said: str) -> None:
    right: dict[str, Any] = {"environment": lake(["SFG"]), "discount": 0.9}
    with pytest.raises(ValueError, match=said):
        QLearning(**(right | wrong))


def test_a_step_that_goes_wrong_later_and_no_episode_are_refused() -> None:
    agent = QLearning(lake(["SFG"]), discount=0.9, step_size=lambda n: 1.5 - 0.5 * n)
    with pytest.raises(ValueError, match="at correction 3"):
        agent.run(100)
    with pytest.raises(ValueError, match="episodes must be 1 or more, not 0"):
        agent.run(0)
