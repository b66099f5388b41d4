"""The step of the GRU, and where it deviates from the paper."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from linebyline.sequence.gru import gru_step
from linebyline.sequence.recurrent import Weights

Numbers = Callable[..., Tensor]


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def test_one_step_by_hand() -> None:
    W, U = [[1.0], [2.0], [3.0]], [[0.5], [-0.5], [0.25]]  # r, z, h̃
    weights = Weights(*map(torch.tensor, (W, U, [0.1, 0.2, 0.3], [0.0, 1.0, -0.6])))
    x, h = 0.3, -1.0
    r = sigmoid(1.0 * x + 0.5 * h + 0.1)
    z = sigmoid(2.0 * x - 0.5 * h + 0.2 + 1.0)
    new = math.tanh(3.0 * x + 0.3 + r * (0.25 * h - 0.6))
    found = gru_step(torch.tensor([[x]]), torch.tensor([[h]]), weights)
    assert found.item() == pytest.approx(z * h + (1 - z) * new)


def test_gradient_of_the_step(step_gradcheck: Callable[..., bool]) -> None:
    assert step_gradcheck(gru_step, gates=3, parts=1)


def test_is_the_papers_where_the_reset_gate_may_stand_on_either_side(numbers: Numbers) -> None:
    """U (r h) = r (U h) for a diagonal U, and for no other."""
    H = 3
    x, h, W = numbers(2, 4, seed=1), numbers(2, H, seed=2), numbers(3 * H, 4, seed=3)
    full = numbers(3 * H, H, seed=4)
    diagonal = full.clone()
    diagonal[2 * H :] = torch.diag(full[2 * H :].diagonal())
    for U, same in ((diagonal, True), (full, False)):
        r, z = (torch.sigmoid(x @ W[i : i + H].T + h @ U[i : i + H].T) for i in (0, H))
        candidate = torch.tanh(x @ W[2 * H :].T + (r * h) @ U[2 * H :].T)  # equation 8
        expected = z * h + (1 - z) * candidate  # equation 7
        assert torch.allclose(gru_step(x, h, Weights(W, U)), expected) == same
