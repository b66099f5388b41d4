"""All three equal torch's whatever their shape, also of sequences of different lengths."""

import copy
import math
import re
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.rnn import RNN

Numbers = Callable[..., Tensor]
Make = Callable[..., Recurrent]
OURS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
THEIRS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, object]:
    batch, time = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    each = st.lists(st.integers(1, time), min_size=batch, max_size=batch)
    layers = draw(st.integers(1, 3))
    lengths = draw(st.none() | each)
    # Of packed sequences torch draws in another order.
    drops = layers > 1 and lengths is None and draw(st.booleans())
    return {
        "sizes": (draw(st.integers(1, 4)), draw(st.integers(1, 5))),
        "batch": batch,
        "time": time,
        "state": draw(st.booleans()),
        "lengths": lengths,
        "options": {
            "num_layers": layers,
            "bias": draw(st.booleans()),
            "bidirectional": draw(st.booleans()),
            "dropout": 0.4 if drops else 0.0,
        },
    }


@settings(deadline=None, max_examples=150)
@given(
    kind=st.sampled_from(list(OURS)),
    path=st.sampled_from(["forward", "explicit"]),
    configuration=configurations(),
)
def test_equals_torch(
    equal: Callable[..., None], kind: str, path: str, configuration: dict[str, object]
) -> None:
    equal(kind, path, **configuration)


def test_equals_torch_with_all_at_once(equal: Callable[..., None], kind: str, path: str) -> None:
    options = {"num_layers": 2, "bidirectional": True}
    sizes, lengths = (3, 4), [2, 5, 1, 3]
    equal(kind, path, sizes, batch=4, time=6, state=True, lengths=lengths, options=options)


def test_equals_torch_in_single_precision(kind: str, path: str, numbers: Numbers) -> None:
    theirs = THEIRS[kind](3, 4, num_layers=2, batch_first=True)
    ours = OURS[kind](3, 4, num_layers=2)
    ours.load_state_dict(theirs.state_dict())
    x = numbers(2, 5, 3).float()
    torch.testing.assert_close(getattr(ours, path)(x), theirs(x))


def test_a_sequence_does_not_see_its_padding(make: Make, path: str, numbers: Numbers) -> None:
    model = make(3, 4, num_layers=2, bidirectional=True)
    x = numbers(2, 6, 3)
    x[0, 4:] = math.nan
    x.requires_grad_()
    y, state = getattr(model, path)(x, lengths=torch.tensor([4, 6]))
    alone, state_alone = getattr(model, path)(x[:1, :4])
    torch.testing.assert_close(y[:1, :4], alone)
    assert torch.equal(y[0, 4:], torch.zeros_like(y[0, 4:]))
    for part, part_alone in zip(
        *((s,) if isinstance(s, Tensor) else s for s in (state, state_alone)), strict=True
    ):
        torch.testing.assert_close(part[:, :1], part_alone)
    y.square().sum().backward()
    assert torch.equal(x.grad[0, 4:], torch.zeros(2, 3, dtype=x.dtype))
    assert x.grad.isfinite().all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_a_state_carries_on(make: Make, path: str, numbers: Numbers) -> None:
    model = make(3, 4, num_layers=2)
    x = numbers(2, 7, 3)
    run = getattr(model, path)
    whole, end = run(x)
    first, state = run(x[:, :3])
    second, last = run(x[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(last, end)


def test_drops_between_layers_only(make: Make, path: str, numbers: Numbers) -> None:
    model = make(2, 400, num_layers=2, bidirectional=True, dropout=0.25)
    with torch.no_grad():  # only the second layer's first weights tell what came in
        for name, parameter in model.named_parameters():
            if "l1" in name:
                parameter.zero_()
    seen = {}
    model.weight_ih_l1.register_hook(lambda gradient: seen.update(dropped=gradient))
    x, lengths = numbers(1, 3, 2), torch.tensor([1])  # of one step, so that a sum is one number
    torch.manual_seed(0)
    y, _ = getattr(model, path)(x, lengths=lengths)
    y.sum().backward()
    row = seen["dropped"].abs().amax(0)  # ∂L/∂W ∝ x of the layer
    assert (row == 0).double().mean().item() == pytest.approx(0.25, abs=0.06)


def test_drops_nothing_in_evaluation(make: Make, path: str, numbers: Numbers) -> None:
    model, whole = make(3, 4, num_layers=2, dropout=0.5), make(3, 4, num_layers=2)
    x = numbers(2, 5, 3)
    assert not torch.equal(getattr(model, path)(x)[0], whole(x)[0])
    torch.testing.assert_close(getattr(model.eval(), path)(x)[0], whole(x)[0])


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_a_seed_gives_what_it_gives_torch(kind: str, options: dict[str, object]) -> None:
    torch.manual_seed(5)
    theirs = THEIRS[kind](4, 6, **options)
    torch.manual_seed(5)
    ours = OURS[kind](4, 6, **options)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))
    before = torch.get_rng_state()
    again = OURS[kind](4, 6, **options, generator=torch.Generator().manual_seed(5))
    assert torch.equal(before, torch.get_rng_state())
    torch.testing.assert_close(dict(again.state_dict()), dict(theirs.state_dict()))


def test_learns_to_say_again_what_it_heard(make: Make) -> None:
    """Three letters, then three blanks in which they must be said."""
    generator = torch.Generator().manual_seed(1)
    letters = torch.randint(3, (16, 3), generator=generator)
    x = functional.one_hot(torch.cat([letters, torch.full_like(letters, 3)], dim=1), 4).double()
    model = make(4, 24)
    head = nn.Linear(24, 3, dtype=torch.float64)
    nn.init.normal_(head.weight, std=0.1, generator=generator)
    nn.init.zeros_(head.bias)
    optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.02)
    for _ in range(120):
        optimizer.zero_grad()
        y, _ = model(x)
        logits = head(y[:, 3:])
        loss = functional.cross_entropy(logits.flatten(0, 1), letters.flatten())
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    assert torch.equal(logits.argmax(-1), letters)


def test_weights_in_one_piece_are_the_same_weights(make: Make, numbers: Numbers) -> None:
    model = make(3, 4, num_layers=2, bidirectional=True)
    x = numbers(2, 5, 3)
    before, names = model(x)[0], dict(model.named_parameters())
    torch.set_rng_state(state := torch.get_rng_state())
    model.flatten_parameters()
    assert torch.equal(state, torch.get_rng_state())
    assert all(model.get_parameter(name) is parameter for name, parameter in names.items())
    assert torch.equal(model(x)[0], before)
    assert torch.equal(copy.deepcopy(model)(x)[0], before)


def test_weights_may_be_made_of_others(make: Make, path: str, numbers: Numbers) -> None:
    model = make(3, 4)
    x = numbers(2, 5, 3)
    before = getattr(model, path)(x)[0]
    nn.utils.parametrizations.weight_norm(model, "weight_hh_l0")
    torch.testing.assert_close(getattr(model, path)(x)[0], before)
    with torch.no_grad():
        model.parametrizations.weight_hh_l0.original0.mul_(2)
    assert not torch.allclose(getattr(model, path)(x)[0], before)
    model.flatten_parameters()


@pytest.mark.parametrize("name", ["input_size", "hidden_size", "num_layers"])
def test_refuses_a_size_below_one(kind: str, name: str) -> None:
    sizes = {"input_size": 3, "hidden_size": 2, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        OURS[kind](**sizes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout": 1.0, "num_layers": 2}, "dropout must be at least 0 and below 1, not 1.0"),
        ({"dropout": -0.1, "num_layers": 2}, "dropout must be at least 0 and below 1, not -0.1"),
        ({"dropout": 0.5}, "dropout must be 0 with one layer, for it stands between two, not 0.5"),
    ],
)
def test_refuses_a_dropout(kind: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OURS[kind](3, 2, **options)


@pytest.mark.parametrize("shape", [(2, 5, 4), (5, 3), (2, 0, 3), (0, 5, 3), (2, 5, 3, 1)])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_an_input(make: Make, path: str, shape: tuple[int, ...], numbers: Numbers) -> None:
    message = (
        "x must be (batch, time, 3) with at least one sequence and one step, "
        f"but its shape is {shape}"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(make(3, 2), path)(numbers(*shape))


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([3, 5, 1], "lengths must be 2, one for each sequence of x, but their shape is (3,)"),
        ([[3, 5]], "lengths must be 2, one for each sequence of x, but their shape is (1, 2)"),
        ([3, 6], "lengths must be from 1 to 5, the steps that x has, but they are from 3 to 6"),
        ([0, 5], "lengths must be from 1 to 5, the steps that x has, but they are from 0 to 5"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_lengths(
    make: Make, path: str, lengths: list[int], message: str, numbers: Numbers
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(make(3, 2), path)(numbers(2, 5, 3), lengths=torch.tensor(lengths))


@pytest.mark.parametrize("shape", [(2, 2, 2), (4, 3, 2), (4, 2, 3), (2, 2)])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_a_state_of_another_shape(
    make: Make, path: str, shape: tuple[int, ...], numbers: Numbers
) -> None:
    model = make(3, 2, num_layers=2, bidirectional=True)
    state = numbers(*shape) if model.parts == 1 else (numbers(4, 2, 2), numbers(*shape))
    message = f"of shape (4, 2, 2), (layers · directions, batch, hidden), but has .*{shape}"
    expected = re.escape(message).replace(re.escape(".*"), ".*")
    with pytest.raises(ValueError, match=f"state must be a .*{expected}"):
        getattr(model, path)(numbers(2, 5, 3), state)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_a_state_of_another_kind(make: Make, path: str, numbers: Numbers) -> None:
    model = make(3, 2)
    part = numbers(1, 2, 2)
    state, kind = ((part, part), "a tensor") if model.parts == 1 else (part, "a tuple of 2 tensors")
    with pytest.raises(ValueError, match=f"state must be {kind} of shape"):
        getattr(model, path)(numbers(2, 5, 3), state)


def test_prints_its_sizes(kind: str) -> None:
    assert repr(OURS[kind](2, 3)) == f"{kind}(2, 3)"
    model = OURS[kind](2, 3, num_layers=2, bias=False, dropout=0.5, bidirectional=True)
    others = "num_layers=2, bias=False, dropout=0.5, bidirectional=True"
    assert repr(model) == f"{kind}(2, 3, {others})"
