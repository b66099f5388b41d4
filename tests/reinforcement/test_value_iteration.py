"""Sweeps end at what a linear program finds, and shrink every error by the discount."""

import pytest
import torch
from scipy.optimize import linprog

from linebyline.reinforcement.markov_decision_process import MarkovDecisionProcess
from linebyline.reinforcement.value_iteration import look_ahead, value_iteration


def random_process(seed: int = 0, states: int = 6, actions: int = 3) -> MarkovDecisionProcess:
    draw = torch.Generator().manual_seed(seed)
    p = torch.rand(states, actions, states, generator=draw).double() ** 3
    r = torch.randn(states, actions, generator=draw).double()
    return MarkovDecisionProcess(p / p.sum(2, keepdim=True), r)


def best_values(process: MarkovDecisionProcess, discount: float) -> torch.Tensor:
    """The least values that no action beats: a linear program."""
    states = len(process.reward)
    ahead = torch.eye(states).double()[:, None] - discount * process.transition
    found = linprog(
        torch.ones(states).numpy(),
        A_ub=-ahead.reshape(-1, states).numpy(),
        b_ub=-process.reward.reshape(-1).numpy(),
        bounds=(None, None),
    )
    return torch.tensor(found.x)


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.95])
def test_the_last_guess_is_the_solution_of_a_linear_program(discount: float) -> None:
    process = random_process()
    values = value_iteration(process, discount)[-1]
    assert torch.allclose(values, best_values(process, discount), atol=1e-7)


def test_every_sweep_shrinks_the_error_by_the_discount() -> None:
    process = random_process(1)
    guesses = value_iteration(process, 0.8, values=10 * torch.ones(6).double())
    errors = (guesses - best_values(process, 0.8)).abs().amax(1)
    assert (errors[1:60] <= 0.8 * errors[:59] + 1e-9).all()
    assert torch.equal(guesses[0], 10 * torch.ones(6).double())


def test_a_look_ahead_by_hand() -> None:
    """Stay and earn 1, or go to the other state, which is worth 10."""
    p = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    process = MarkovDecisionProcess(p, torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    q = look_ahead(process, torch.tensor([2.0, 10.0]), 0.5)
    assert q.tolist() == [[2.0, 5.0], [5.0, 5.0]]


def test_it_stops_when_told() -> None:
    process = random_process(2)
    assert len(value_iteration(process, 0.9, sweeps=3)) == 4
    guesses = value_iteration(process, 0.9, tolerance=0.01)
    assert (guesses[-1] - guesses[-2]).abs().max() <= 0.01 < (guesses[-2] - guesses[-3]).abs().max()


@pytest.mark.parametrize("discount", [-0.1, 1.0, float("nan")])
def test_a_discount_out_of_range_is_refused(discount: float) -> None:
    with pytest.raises(ValueError, match=f"discount is {discount}"):
        value_iteration(random_process(), discount)


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_named() -> None:
    process = random_process()
    with pytest.raises(ValueError, match="values has the shape"):
        look_ahead(process, torch.zeros(5).double(), 0.9)
    with pytest.raises(ValueError, match="tolerance must be 0 or more"):
        value_iteration(process, 0.9, tolerance=-1.0)
    with pytest.raises(ValueError, match="sweeps must be 1 or more"):
        value_iteration(process, 0.9, sweeps=0)
