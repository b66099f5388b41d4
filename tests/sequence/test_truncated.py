"""Chunks give the outputs of the whole, and the gradient of a state that was cut off."""

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.truncated import chunks, detached

Numbers = Callable[..., Tensor]
Make = Callable[..., Recurrent]


def gradients(model: Recurrent, *others: Tensor) -> list[Tensor]:
    """Those that there are, and from here on there are none."""
    found = [tensor.grad.clone() for tensor in (*model.parameters(), *others)]
    model.zero_grad()
    for tensor in others:
        tensor.grad = None
    return found


def test_outputs_are_those_of_the_whole(make: Make, numbers: Numbers) -> None:
    model, x = make(3, 4, num_layers=2), numbers(2, 11, 3)
    whole, end = model(x)
    found = list(chunks(model, x, 4))
    assert [chunk.span for chunk in found] == [slice(0, 4), slice(4, 8), slice(8, 11)]
    torch.testing.assert_close(torch.cat([chunk.outputs for chunk in found], dim=1), whole)
    torch.testing.assert_close(found[-1].state, end)


def test_gradients_are_those_of_a_state_cut_off_by_hand(make: Make, numbers: Numbers) -> None:
    model, x, weight = make(3, 4), numbers(2, 7, 3).requires_grad_(), numbers(2, 7, 4, seed=1)
    for span, outputs, _ in chunks(model, x, 3):
        (weight[:, span] * outputs).sum().backward()
    found = gradients(model, x)
    first, state = model(x[:, :3])
    cut = state.detach() if isinstance(state, Tensor) else tuple(part.detach() for part in state)
    second, state = model(x[:, 3:6], cut)
    cut = state.detach() if isinstance(state, Tensor) else tuple(part.detach() for part in state)
    third, _ = model(x[:, 6:], cut)
    (weight * torch.cat([first, second, third], dim=1)).sum().backward()
    torch.testing.assert_close(found, gradients(model, x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("steps", [7, 100])
def test_one_chunk_has_the_whole_gradient(make: Make, numbers: Numbers, steps: int) -> None:
    model, x, weight = make(3, 4), numbers(2, 7, 3).requires_grad_(), numbers(2, 7, 4, seed=1)
    begin = [numbers(1, 2, 4, seed=2).requires_grad_() for _ in range(model.parts)]
    state = begin[0] if model.parts == 1 else tuple(begin)
    ((span, outputs, _),) = chunks(model, x, steps, state)
    (weight[:, span] * outputs).sum().backward()
    found = gradients(model, x, *begin)
    (weight * model(x, state)[0]).sum().backward()
    whole = gradients(model, x, *begin)
    torch.testing.assert_close(found, whole, rtol=1e-12, atol=1e-14)
    for _, outputs, _ in chunks(model, x, 1, state):  # and with shorter ones it is another
        outputs.sum().backward()
    assert not torch.allclose(gradients(model, x, *begin)[1], whole[1])


def test_a_loss_may_be_of_the_state(make: Make, numbers: Numbers) -> None:
    model, x = make(3, 4), numbers(2, 4, 3).requires_grad_()
    found = []
    for run in (lambda: [each.state for each in chunks(model, x, 4)], lambda: [model(x)[1]]):
        (state,) = run()
        (state if isinstance(state, Tensor) else state[-1]).sum().backward()
        found.append(gradients(model, x))
    torch.testing.assert_close(*found)


def test_weights_may_change_between_two_chunks(make: Make, numbers: Numbers) -> None:
    model, x = make(3, 4), numbers(2, 6, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(20):
        for _, outputs, _ in chunks(model, x, 2):
            optimizer.zero_grad()
            loss = (outputs - 0.3).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert losses[-1] < losses[2] / 2


def test_the_model_is_called_when_a_chunk_is_asked_for() -> None:
    seen = []

    def model(x: Tensor, state: int | None) -> tuple[Tensor, int]:
        seen.append((x.shape[1], state))
        return x, (state or 0) + 1

    going = chunks(model, torch.zeros(1, 5, 2), 2)
    assert seen == []
    next(going)
    assert seen == [(2, None)]
    assert [chunk.state for chunk in going] == [2, 3]
    assert seen == [(2, None), (2, 1), (1, 2)]


class Two(NamedTuple):
    one: Tensor
    other: Tensor


def test_states_of_any_kind_are_detached() -> None:
    def tensor() -> Tensor:
        return torch.ones(2, requires_grad=True) * 2

    state = {"h": [tensor(), (tensor(), None)], "two": Two(tensor(), tensor()), "n": 3}
    found = detached(state)
    assert isinstance(found["two"], Two)
    assert found["h"][1][1] is None
    assert found["n"] == 3
    assert isinstance(found["h"], list)
    for part in (found["h"][0], found["h"][1][0], *found["two"]):
        assert not part.requires_grad
        assert part.tolist() == [2.0, 2.0]


def test_refuses_no_steps(make: Make, numbers: Numbers) -> None:
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        chunks(make(3, 4), numbers(2, 5, 3), 0)


@pytest.mark.parametrize("shape", [(2, 0, 3), (2,)])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_an_empty_sequence(make: Make, numbers: Numbers, shape: tuple[int, ...]) -> None:
    message = f"x must be (batch, time, ...) with a step, but its shape is {shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        chunks(make(3, 4), numbers(*shape), 2)


def test_refuses_two_directions(make: Make, numbers: Numbers) -> None:
    with pytest.raises(ValueError, match="model must read in one direction"):
        chunks(make(3, 4, bidirectional=True), numbers(2, 5, 3), 2)
