"""The LSTM of one gate less."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from linebyline.sequence.coupled_gates import couple_gates
from linebyline.sequence.lstm import LSTM

Numbers = Callable[..., Tensor]


def coupled_by_hand(lstm: LSTM, x: Tensor) -> Tensor:
    """The cell is f c + (1 - f) g and h = o tanh(c), from the rows of f, g and o alone."""
    H = lstm.hidden_size
    h = c = x.new_zeros(len(x), H)
    every = []
    W, U, b, b_h = (
        lstm.parametrizations[name].original
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    )
    for x_t in x.unbind(1):
        _, f, g, o = (x_t @ W.T + b + h @ U.T + b_h).chunk(4, dim=-1)
        f = f.sigmoid()
        c = f * c + (1 - f) * g.tanh()
        h = o.sigmoid() * c.tanh()
        every.append(h)
    return torch.stack(every, 1)


def test_equals_its_formula_on_both_paths(numbers: Numbers) -> None:
    x = numbers(3, 7, 4, seed=1)
    lstm = couple_gates(LSTM(4, 5, forget_bias=1.0).double())
    expected = coupled_by_hand(lstm, x)
    for path in (lstm.forward, lstm.explicit):
        torch.testing.assert_close(path(x)[0], expected)
    trained = [p for name, p in lstm.named_parameters()]
    for one, other in zip(
        torch.autograd.grad(lstm(x)[0].square().sum(), trained),
        torch.autograd.grad(coupled_by_hand(lstm, x).square().sum(), trained),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
        assert (one[:5] == 0).all()
        assert (one[5:] != 0).any()


def test_learns_and_stays_coupled() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 6, 1, generator=generator)
    lstm = couple_gates(LSTM(1, 8, generator=generator))
    adam = torch.optim.Adam(lstm.parameters(), lr=0.03)
    for _ in range(200):
        loss = (lstm(x)[0][:, -1, 0] - x[:, 0, 0].tanh() / 2).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss < 0.01
    for part in (lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, lstm.bias_hh_l0):
        assert torch.equal(part[:8], -part[8:16])


def test_the_cell_is_bounded(numbers: Numbers) -> None:
    """An average of what is between -1 and 1; a usual cell adds up to more at once."""
    x = 3 * numbers(2, 200, 4, seed=1)
    usual = LSTM(4, 6, forget_bias=5.0, generator=torch.Generator().manual_seed(0)).double()
    assert usual(x)[1][1].abs().max() > 1
    _, (_, c) = couple_gates(usual)(x)
    assert c.abs().max() < 1


def test_layers_and_directions(numbers: Numbers) -> None:
    x = numbers(2, 3, 4, seed=1)
    lstm = couple_gates(LSTM(4, 5, num_layers=2, bidirectional=True).double())
    assert torch.equal(lstm.weight_hh_l1_reverse[:5], -lstm.weight_hh_l1_reverse[5:10])
    torch.testing.assert_close(lstm(x)[0], lstm.explicit(x)[0])


def test_refuses_what_is_coupled_already() -> None:
    lstm = couple_gates(LSTM(2, 3))
    with pytest.raises(ValueError, match=r"^lstm has weights that are made of others"):
        couple_gates(lstm)
