"""The step of the simple recurrent network, and what stands in the class itself."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch

from linebyline.sequence.recurrent import Weights
from linebyline.sequence.rnn import NONLINEARITIES, RNN, rnn_step


def test_one_step_by_hand() -> None:
    weights = Weights(*map(torch.tensor, ([[2.0]], [[0.5]], [0.1], [-0.4])))
    x, h = torch.tensor([[0.3]]), torch.tensor([[-1.0]])
    a = 2 * 0.3 + 0.5 * -1.0 + 0.1 - 0.4
    assert rnn_step(x, h, weights).item() == pytest.approx(math.tanh(a))
    assert rnn_step(x, h, weights, nonlinearity="relu").item() == 0.0
    assert rnn_step(-x, -h, weights, nonlinearity="relu").item() == 0.0
    assert rnn_step(2 * x, h, weights, nonlinearity="relu").item() == pytest.approx(0.4)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_gradient_of_the_step(step_gradcheck: Callable[..., bool], nonlinearity: str) -> None:
    assert step_gradcheck(partial(rnn_step, nonlinearity=nonlinearity), gates=1, parts=1)


@pytest.mark.parametrize("lengths", [None, [2, 5, 3]])
def test_equals_torch_with_rectifiers(
    equal: Callable[..., None], path: str, lengths: list[int] | None
) -> None:
    options = {"nonlinearity": "relu", "num_layers": 2, "bidirectional": True}
    shape = {"batch": 3, "time": 5}
    equal("RNN", path, (2, 3), **shape, state=True, lengths=lengths, options=options)


def test_refuses_another_nonlinearity() -> None:
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', not 'sigmoid'"):
        RNN(3, 2, nonlinearity="sigmoid")


def test_prints_its_nonlinearity() -> None:
    assert repr(RNN(2, 3, nonlinearity="relu")) == "RNN(2, 3, nonlinearity='relu')"
