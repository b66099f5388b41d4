"""One token after another: what is fed back, where a sequence ends, what is counted."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from linebyline.decoding.generate import generate

END = 2


def always(*tokens: list[int]) -> Callable[[Tensor], Tensor]:
    """Chooses what is written down, whatever the model says."""
    left = iter(tokens)
    return lambda logits: torch.tensor(next(left))


def test_sequences_end_at_different_times(book: Callable[..., Any]) -> None:
    model = book(0)
    first, state = model.begin()
    choose = always([1, 2, 3], [0, 0, 1], [2, 3, 0], [1, 1, 1], [1, 1, 2])
    found = generate(model, first, state, choose, end=END, max_length=9)
    assert found.tokens.tolist() == [[1, 0, 2, 2, 2], [2, 2, 2, 2, 2], [3, 1, 0, 1, 2]]
    assert found.lengths.tolist() == [3, 1, 5]
    assert model.calls == 5
    said = [(1, 0, 2), (2,), (3, 1, 0, 1, 2)]
    expected = [model.log_prob(number, answer) for number, answer in enumerate(said)]
    torch.testing.assert_close(found.log_probs, torch.tensor(expected, dtype=torch.float64))


def test_what_has_not_ended_is_cut_off(book: Callable[..., Any]) -> None:
    model = book(1)
    found = generate(
        model, *model.begin(), always([1, 2, 3], [0, 0, 1], [1, 3, 0]), end=END, max_length=2
    )
    assert found.tokens.tolist() == [[1, 0], [2, 2], [3, 1]]
    assert found.lengths.tolist() == [2, 1, 2]


def test_without_an_end_all_are_equally_long(book: Callable[..., Any]) -> None:
    model = book(1)
    found = generate(model, *model.begin(), always(*[[2, 2, 2]] * 4), end=None, max_length=4)
    assert found.tokens.tolist() == [[2] * 4] * 3
    assert found.lengths.tolist() == [4, 4, 4]
    expected = [model.log_prob(number, (2,) * 4) for number in range(3)]
    torch.testing.assert_close(found.log_probs, torch.tensor(expected, dtype=torch.float64))


def test_reads_the_first_token_and_then_its_own() -> None:
    read = []

    def step(token: Tensor, state: int) -> tuple[Tensor, int]:
        read.append((token.tolist(), state))
        return torch.zeros(1, 5), state + 1

    generate(step, torch.tensor([4]), 7, always([3], [1], [0]), end=None, max_length=3)
    assert read == [([4], 7), ([3], 8), ([1], 9)]


def test_records_no_gradient() -> None:
    weight = torch.zeros(1, 3, requires_grad=True)

    def step(token: Tensor, state: None) -> tuple[Tensor, None]:
        logits = weight * 2
        assert not logits.requires_grad
        return logits, None

    found = generate(step, torch.tensor([0]), None, always([1]), end=None, max_length=1)
    assert not found.log_probs.requires_grad


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"end": -1}, "end must be a token, from 0 on, or None, not -1"),
        ({"end": 4}, "end must be a token of the vocabulary, below 4, not 4"),
        ({"max_length": 0}, "max_length must be at least 1, not 0"),
    ],
)
def test_refuses_an_argument(
    book: Callable[..., Any], options: dict[str, int], message: str
) -> None:
    model = book(0)
    with pytest.raises(ValueError, match=message):
        generate(
            model, *model.begin(), always([0, 0, 0]), **{"end": END, "max_length": 1, **options}
        )


@pytest.mark.parametrize("shape", [(0,), (2, 1), ()])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_first_tokens_of_another_shape(
    book: Callable[..., Any], shape: tuple[int, ...]
) -> None:
    message = f"first must be (batch,), one token for each .* but its shape is {shape}"
    expected = re.escape(message).replace(re.escape(".*"), ".*")
    with pytest.raises(ValueError, match=expected):
        generate(book(0), torch.zeros(shape).long(), None, always(), end=0, max_length=1)


@pytest.mark.parametrize("shape", [(2, 1, 4), (4,), (3, 4)])
def test_refuses_logits_of_another_shape(shape: tuple[int, ...]) -> None:
    def step(token: Tensor, state: None) -> tuple[Tensor, None]:
        return torch.zeros(shape), None

    expected = re.escape("step must give logits of shape (2, vocabulary)") + ".*"
    with pytest.raises(ValueError, match=expected + re.escape(f"their shape is {shape}")):
        generate(step, torch.zeros(2).long(), None, always(), end=0, max_length=1)


def test_what_is_said_of_a_sequence_that_has_ended_is_not_looked_at() -> None:
    def step(token: Tensor, state: None) -> tuple[Tensor, None]:
        logits = torch.zeros(2, 4)
        logits[token == END] = torch.nan
        return logits, None

    choose = always([END, 1], [0, 1])
    found = generate(step, torch.zeros(2).long(), None, choose, end=END, max_length=2)
    expected = torch.tensor([0.25, 0.25**2]).log()
    torch.testing.assert_close(found.log_probs, expected)
