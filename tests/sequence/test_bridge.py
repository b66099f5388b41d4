"""Where the encoder ended the decoder begins, as it is or by a matrix for each layer."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from linebyline.sequence.bridge import Bridge
from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.rnn import RNN

Make, Numbers = Callable[..., Recurrent], Callable[..., Tensor]


def bridge(encoder: Recurrent, decoder: Recurrent, **options) -> Bridge:
    generator = torch.Generator().manual_seed(0)
    return Bridge(encoder, decoder, generator=generator, **options).double()


def test_states_that_fit_are_handed_on(make: Make, numbers: Numbers) -> None:
    module = bridge(make(3, 4, num_layers=2), make(5, 4, num_layers=2))
    _, state = make(3, 4, num_layers=2)(numbers(2, 6, 3))
    assert module(state) is state
    assert not list(module.parameters())


@pytest.mark.parametrize("both", [False, True])
def test_others_go_through_a_matrix(make: Make, numbers: Numbers, both: bool) -> None:
    encoder = make(3, 4, num_layers=2, bidirectional=both)
    module = bridge(encoder, make(3, 5, num_layers=2))
    _, state = encoder(numbers(2, 6, 3))
    found = module(state)
    parts = (state,) if isinstance(state, Tensor) else state
    ours = (found,) if isinstance(found, Tensor) else found
    assert len(ours) == len(parts) == len(module.maps)
    for part, one, map_ in zip(parts, ours, module.maps, strict=True):
        assert one.shape == (2, 2, 5)
        for layer in range(2):
            s = torch.cat([part[2 * layer], part[2 * layer + 1]], dim=1) if both else part[layer]
            expected = torch.tanh(s @ map_.weight.T + map_.bias)
            torch.testing.assert_close(one[layer], expected)


def test_a_matrix_where_none_is_needed(make: Make, numbers: Numbers) -> None:
    module = bridge(make(3, 4), make(3, 4), learned=True)
    _, state = make(3, 4)(numbers(2, 6, 3))
    found = module(state)
    first = state if isinstance(state, Tensor) else state[0]
    ours = found if isinstance(found, Tensor) else found[0]
    expected = torch.tanh(first @ module.maps[0].weight.T + module.maps[0].bias)
    torch.testing.assert_close(ours, expected)


def test_gradient(numbers: Numbers) -> None:
    module = bridge(GRU(3, 2, bidirectional=True), GRU(3, 2))
    state = numbers(2, 3, 2).requires_grad_()
    weight, bias = module.maps[0].parameters()

    def run(state: Tensor, *values: Tensor) -> Tensor:
        replaced = dict(zip(["maps.0.weight", "maps.0.bias"], values, strict=True))
        return torch.func.functional_call(module, replaced, (state,))

    assert torch.autograd.gradcheck(run, (state, weight, bias))


def test_learns_to_turn_a_state_round(numbers: Numbers) -> None:
    module = bridge(GRU(3, 2), GRU(3, 2), learned=True)
    states = 0.5 * torch.tanh(numbers(1, 50, 2))
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    for _ in range(150):
        loss = (module(states) - states.flip(2)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 1e-3


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (GRU(2, 3), GRU(2, 3, bidirectional=True), "decoder must read in one direction"),
        (
            GRU(2, 3, num_layers=2),
            GRU(2, 3),
            "decoder must have the encoder's num_layers, 2, not 1",
        ),
        (LSTM(2, 3), RNN(2, 3), "decoder must have the encoder's parts, 2, not 1"),
    ],
)
def test_refuses(encoder: Recurrent, decoder: Recurrent, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bridge(encoder, decoder)
