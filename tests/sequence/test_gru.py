"""The step of the GRU, and where it deviates from the paper."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from linebyline.sequence.gru import GRU, gru_step
from linebyline.sequence.recurrent import Weights

Numbers = Callable[..., Tensor]


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


@pytest.mark.parametrize("reset", ["after", "before"])
def test_one_step_by_hand(reset: str) -> None:
    W, U = [[1.0], [2.0], [3.0]], [[0.5], [-0.5], [0.25]]  # r, z, h̃
    weights = Weights(*map(torch.tensor, (W, U, [0.1, 0.2, 0.3], [0.0, 1.0, -0.6])))
    x, h = 0.3, -1.0
    r = sigmoid(1.0 * x + 0.5 * h + 0.1)
    z = sigmoid(2.0 * x - 0.5 * h + 0.2 + 1.0)
    looked_at = r * (0.25 * h - 0.6) if reset == "after" else 0.25 * (r * h) - 0.6
    new = math.tanh(3.0 * x + 0.3 + looked_at)
    found = gru_step(torch.tensor([[x]]), torch.tensor([[h]]), weights, reset=reset)
    assert found.item() == pytest.approx(z * h + (1 - z) * new)


def test_gradient_of_the_step(step_gradcheck: Callable[..., bool]) -> None:
    assert step_gradcheck(gru_step, gates=3, parts=1)


def test_gradient_of_the_step_with_the_papers_order(step_gradcheck: Callable[..., bool]) -> None:
    def step(*arguments: object) -> Tensor:
        return gru_step(*arguments, reset="before")

    assert step_gradcheck(step, gates=3, parts=1)


@pytest.mark.parametrize("bias", [True, False])
def test_the_papers_order(numbers: Numbers, bias: bool) -> None:
    """Equations 5 to 8, and U (r h) = r (U h) for a diagonal U, and for no other."""
    H = 3
    x, h, W = numbers(2, 4, seed=1), numbers(2, H, seed=2), numbers(3 * H, 4, seed=3)
    full = numbers(3 * H, H, seed=4)
    b, b_h = (numbers(3 * H, seed=5), numbers(3 * H, seed=6)) if bias else (None, None)
    at = b + b_h if bias else torch.zeros(3 * H, dtype=x.dtype)
    diagonal = full.clone()
    diagonal[2 * H :] = torch.diag(full[2 * H :].diagonal())
    for U, same in ((diagonal, not bias), (full, False)):  # b' of h̃ goes through r, or does not
        r, z = (
            torch.sigmoid(x @ W[i : i + H].T + h @ U[i : i + H].T + at[i : i + H]) for i in (0, H)
        )
        candidate = torch.tanh(x @ W[2 * H :].T + (r * h) @ U[2 * H :].T + at[2 * H :])
        expected = z * h + (1 - z) * candidate  # equation 7
        weights = Weights(W, U, b, b_h)
        torch.testing.assert_close(gru_step(x, h, weights, reset="before"), expected)
        assert torch.allclose(gru_step(x, h, weights), expected) == same


def test_forward_has_the_papers_order_too(numbers: Numbers) -> None:
    x = numbers(3, 5, 4, seed=1)
    gru = GRU(4, 6, reset="before", num_layers=2, bidirectional=True).double()
    lengths = torch.tensor([5, 2, 4])
    for one, other in zip(gru(x, lengths=lengths), gru.explicit(x, lengths=lengths), strict=True):
        assert torch.equal(one, other)
    h, by_hand = x.new_zeros(3, 6), []
    for t in range(5):
        h = gru_step(x[:, t], h, gru.weights(0), reset="before")
        by_hand.append(h)
    alone = GRU(4, 6, reset="before").double()
    names = {name for name, _ in alone.named_parameters()}
    alone.load_state_dict({name: p for name, p in gru.state_dict().items() if name in names})
    torch.testing.assert_close(alone(x)[0], torch.stack(by_hand, 1))
    as_torch = GRU(4, 6).double()
    as_torch.load_state_dict(alone.state_dict())
    assert (as_torch(x)[0] - alone(x)[0]).abs().max() > 1e-3


@pytest.mark.parametrize("reset", ["after", "before"])
def test_learns_which_of_two_comes_first(reset: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 6, 1, generator=generator)
    gru = GRU(1, 8, reset=reset, generator=generator)
    adam = torch.optim.Adam(gru.parameters(), lr=0.03)
    for _ in range(200):
        loss = mse_loss(gru(x)[0][:, -1, 0], x[:, 0, 0].tanh())
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss < 0.01


def test_update_bias_is_where_the_gates_start() -> None:
    gru = GRU(3, 5, update_bias=2.5, num_layers=2, bidirectional=True)
    usual = GRU(3, 5, num_layers=2, bidirectional=True)
    for module in (gru, usual):
        module.reset_parameters(torch.Generator().manual_seed(0))
    rows = torch.arange(15)
    inside = (rows >= 5) & (rows < 10)  # r, then z, then h̃
    for name, parameter in gru.named_parameters():
        other = usual.get_parameter(name)
        if name.startswith("bias"):
            assert (parameter[inside] == (2.5 if "ih" in name else 0)).all()
            assert torch.equal(parameter[~inside], other[~inside])
        else:
            assert torch.equal(parameter, other)
    assert "update_bias=2.5" in repr(gru)
    assert repr(usual) == "GRU(3, 5, num_layers=2, bidirectional=True)"
    assert repr(GRU(3, 5, reset="before")) == "GRU(3, 5, reset='before')"


@pytest.mark.parametrize("reset", ["after", "before"])
def test_what_was_watched_makes_the_states(numbers: Numbers, reset: str) -> None:
    x = numbers(3, 7, 4, seed=1)
    gru = GRU(4, 5, reset=reset).double()
    r, z, new = gru.watch(x)
    h, states = x.new_zeros(3, 5), []
    for t in range(7):
        h = z[:, t] * h + (1 - z[:, t]) * new[:, t]
        states.append(h)
    torch.testing.assert_close(torch.stack(states, 1), gru(x)[0])
    assert (r > 0).all()
    assert (r < 1).all()
    H = slice(0, 5)  # at the first step the state is zero
    first = x[:, 0] @ gru.weight_ih_l0[H].T + gru.bias_ih_l0[H] + gru.bias_hh_l0[H]
    torch.testing.assert_close(r[:, 0], first.sigmoid().detach())


def test_refuses() -> None:
    with pytest.raises(ValueError, match=r"^reset must be 'after' or 'before', not 'first'$"):
        GRU(3, 5, reset="first")
    with pytest.raises(ValueError, match=r"^update_bias must be finite.* 1\.0 with bias=False$"):
        GRU(3, 5, update_bias=1.0, bias=False)
    with pytest.raises(ValueError, match=r"^update_bias must be finite.* inf with bias=True$"):
        GRU(3, 5, update_bias=math.inf)
