"""The step of the LSTM, and the bias of its forget gates."""

import math
from collections.abc import Callable

import pytest
import torch

from linebyline.sequence.lstm import LSTM, lstm_gates, lstm_step
from linebyline.sequence.recurrent import Weights


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def test_one_step_by_hand() -> None:
    W, U = [[1.0], [2.0], [3.0], [4.0]], [[0.5], [-0.5], [0.25], [-0.25]]  # i, f, g, o
    weights = Weights(*map(torch.tensor, (W, U, [0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.0])))
    x, h, c = 0.3, -1.0, 0.7
    i = sigmoid(1.0 * x + 0.5 * h + 0.1)
    f = sigmoid(2.0 * x - 0.5 * h + 0.2 + 1.0)
    g = math.tanh(3.0 * x + 0.25 * h + 0.3)
    o = sigmoid(4.0 * x - 0.25 * h + 0.4)
    c_new = f * c + i * g
    found = lstm_step(torch.tensor([[x]]), (torch.tensor([[h]]), torch.tensor([[c]])), weights)
    expected = [o * math.tanh(c_new), c_new]
    assert [part.item() for part in found] == pytest.approx(expected)


def test_gates_by_hand_and_in_their_order() -> None:
    W, U = [[1.0], [2.0], [3.0], [4.0]], [[0.5], [-0.5], [0.25], [-0.25]]
    weights = Weights(*map(torch.tensor, (W, U, [0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.0])))
    gates = lstm_gates(torch.tensor([[0.3]]), torch.tensor([[-1.0]]), weights)
    assert gates.i.item() == pytest.approx(sigmoid(-0.1))
    assert gates.f.item() == pytest.approx(sigmoid(2.3))
    assert gates.g.item() == pytest.approx(math.tanh(0.95))
    assert gates.o.item() == pytest.approx(sigmoid(1.85))


def test_an_open_gate_keeps_what_is_in_the_cell() -> None:
    weights = Weights(torch.zeros(8, 1), torch.zeros(8, 2), torch.zeros(8), torch.zeros(8))
    weights.bias_ih[:2], weights.bias_ih[2:4] = -100.0, 100.0  # nothing in, nothing lost
    c = torch.tensor([[3.0, -2.0]])
    for _ in range(50):
        h, c = lstm_step(torch.ones(1, 1), (torch.zeros(1, 2), c), weights)
    assert c.tolist() == [[3.0, -2.0]]
    torch.testing.assert_close(h, torch.tanh(c) / 2)


def test_gradient_of_the_step(step_gradcheck: Callable[..., bool]) -> None:
    assert step_gradcheck(lstm_step, gates=4, parts=2)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}])
def test_forget_gates_start_where_they_are_asked_to(options: dict[str, object]) -> None:
    def make(forget_bias: float | None) -> LSTM:
        generator = torch.Generator().manual_seed(2)
        return LSTM(3, 4, forget_bias=forget_bias, generator=generator, **options)

    usual, open_ = make(None), make(1.5)
    open_.reset_parameters(torch.Generator().manual_seed(2))  # drawn anew, they start there again
    expected = {name: value.clone() for name, value in usual.state_dict().items()}
    for name, value in expected.items():
        if "bias" in name:
            value[4:8] = 1.5 if "bias_ih" in name else 0.0
    torch.testing.assert_close(dict(open_.state_dict()), expected, rtol=0, atol=0)
    assert not torch.equal(usual.bias_ih_l0[4:8], open_.bias_ih_l0[4:8])
    torch.testing.assert_close(dict(make(1.5).state_dict()), expected, rtol=0, atol=0)


def test_an_open_gate_passes_the_gradient_on() -> None:
    """σ(5) to the power of 60 is 0.67, where 1/2 to that power is nothing."""
    sizes = {}
    for forget_bias in (None, 5.0):
        generator = torch.Generator().manual_seed(0)
        model = LSTM(1, 8, forget_bias=forget_bias, generator=generator)
        x = torch.zeros(1, 60, 1, requires_grad=True)
        model(x)[0][:, -1].sum().backward()
        sizes[forget_bias] = x.grad[0, 0].norm().item()
    assert sizes[None] < 1e-6
    assert sizes[5.0] > 1e-2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"forget_bias": float("nan")}, "nan with bias=True"),
        ({"forget_bias": float("inf")}, "inf with bias=True"),
        ({"forget_bias": 1.0, "bias": False}, "1.0 with bias=False"),
    ],
)
def test_refuses_a_forget_bias(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=f"forget_bias must be finite, or None.* {said}"):
        LSTM(3, 2, **options)


def test_prints_its_forget_bias() -> None:
    assert repr(LSTM(2, 3, forget_bias=1.0)) == "LSTM(2, 3, forget_bias=1.0)"
