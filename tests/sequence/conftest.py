"""Random sequences, and the three recurrent networks beside those of torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.recurrent import Recurrent, Weights
from linebyline.sequence.rnn import RNN

PAIRS = {"RNN": (RNN, nn.RNN), "LSTM": (LSTM, nn.LSTM), "GRU": (GRU, nn.GRU)}


def random(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers in double precision."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def tensors(state: Tensor | tuple[Tensor, ...]) -> list[Tensor]:
    """The parts of a state."""
    return [state] if isinstance(state, Tensor) else list(state)


def same_gradients(
    ours: list[Tensor], theirs: list[Tensor], by_ours: list[Tensor], by_theirs: list[Tensor]
) -> None:
    """Of a sum in which every number has a weight of its own."""
    gradients = []
    for outputs, inputs in ((ours, by_ours), (theirs, by_theirs)):
        total = sum((random(*y.shape, seed=7 + n) * y).sum() for n, y in enumerate(outputs))
        gradients.append(torch.autograd.grad(total, inputs))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def check_equal(
    kind: str,
    path: str,
    sizes: tuple[int, int],
    *,
    batch: int,
    time: int,
    state: bool,
    lengths: list[int] | None,
    options: dict[str, Any],
) -> None:
    """Outputs, states and all gradients are torch's, packed where there are lengths."""
    ours_class, theirs_class = PAIRS[kind]
    ours = ours_class(*sizes, **options).double()
    theirs = theirs_class(*sizes, **options, batch_first=True, dtype=torch.float64)
    for number, parameter in enumerate(theirs.parameters()):
        nn.init.normal_(parameter, std=0.7, generator=torch.Generator().manual_seed(number))
    ours.load_state_dict(theirs.state_dict())
    x_ours, x_theirs = (random(batch, time, sizes[0]).requires_grad_() for _ in range(2))
    shape = (ours.num_layers * ours.directions, batch, sizes[1])
    begins: list[list[Tensor]] = [
        [random(*shape, seed=1 + n).requires_grad_() for n in range(ours.parts if state else 0)]
        for _ in range(2)
    ]
    begin_ours, begin_theirs = (
        None if not begin else begin[0] if len(begin) == 1 else tuple(begin) for begin in begins
    )
    at = None if lengths is None else torch.tensor(lengths)
    torch.manual_seed(3)  # dropout draws
    y_ours, end_ours = getattr(ours, path)(x_ours, begin_ours, lengths=at)
    torch.manual_seed(3)
    if at is None:
        y_theirs, end_theirs = theirs(x_theirs, begin_theirs)
    else:
        packed = pack_padded_sequence(x_theirs, at, batch_first=True, enforce_sorted=False)
        packed, end_theirs = theirs(packed, begin_theirs)
        y_theirs, _ = pad_packed_sequence(packed, batch_first=True, total_length=time)
    found, expected = [y_ours, *tensors(end_ours)], [y_theirs, *tensors(end_theirs)]
    assert type(end_ours) is type(end_theirs)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-12)
    by = [
        [x, *begin, *module.parameters()]
        for x, begin, module in zip((x_ours, x_theirs), begins, (ours, theirs), strict=True)
    ]
    same_gradients(found, expected, *by)


@pytest.fixture(params=["forward", "explicit"])
def path(request: pytest.FixtureRequest) -> str:
    """The two ways: PyTorch's kernel, and step by step."""
    return request.param


@pytest.fixture(params=list(PAIRS))
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the three."""
    return request.param


@pytest.fixture
def make(kind: str) -> Callable[..., Recurrent]:
    """One of the three in double precision, with the same weights each time."""

    def make(*sizes: int, seed: int = 0, **options: Any) -> Recurrent:
        generator = torch.Generator().manual_seed(seed)
        return PAIRS[kind][0](*sizes, **options, generator=generator).double()

    return make


@pytest.fixture
def numbers() -> Callable[..., Tensor]:
    """Random numbers in double precision."""
    return random


@pytest.fixture(scope="session")  # one for all examples of hypothesis
def equal() -> Callable[..., None]:
    """One of ours equals torch's."""
    return check_equal


@pytest.fixture
def step_gradcheck() -> Callable[..., bool]:
    """`gradcheck` of a step function by x, the parts of the state and the weights."""

    def check(step: Callable[..., Any], gates: int, parts: int) -> bool:
        inputs, hidden, rows = 3, 2, 2 * gates
        shapes = [(4, inputs), *[(4, hidden)] * parts, (rows, inputs), (rows, hidden), (rows,)]
        every = [random(*shape, seed=n).requires_grad_() for n, shape in enumerate(shapes)]
        every.append(random(rows, seed=9).requires_grad_())

        def run(x: Tensor, *others: Tensor) -> Any:
            state = others[0] if parts == 1 else others[:parts]
            return step(x, state, Weights(*others[parts:]))

        return torch.autograd.gradcheck(run, every)

    return check


@pytest.fixture
def source() -> Tensor:
    """Three texts of 4, 2 and 5 tokens."""
    return torch.tensor([[3, 4, 5, 6, 0], [6, 3, 0, 0, 0], [5, 5, 4, 3, 6]])


@pytest.fixture
def tokens() -> Tensor:
    """What a decoder reads for each of them."""
    return torch.tensor([[1, 3, 4, 5], [1, 6, 0, 0], [1, 4, 4, 0]])
