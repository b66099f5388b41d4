"""A wide beam finds what exhaustive search finds, a beam of one what greedy decoding finds."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from linebyline.decoding.beam_search import Beams, beam_search, length_penalty, select_rows
from linebyline.decoding.greedy import greedy

END, VOCABULARY = 2, 4


def answers_of(found: Beams, number: int) -> list[tuple[float, tuple[int, ...]]]:
    """Scores and tokens of one sequence's answers."""
    rows = zip(
        found.scores[number].tolist(),
        found.tokens[number].tolist(),
        found.lengths[number].tolist(),
        strict=True,
    )
    return [(score, tuple(tokens[:length])) for score, tokens, length in rows]


@pytest.mark.parametrize("alpha", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("end", [END, None])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_is_exhaustive(
    book: Callable[..., Any],
    exhaustive: Callable[..., Any],
    alpha: float,
    end: int | None,
    seed: int,
) -> None:
    model, longest = book(seed), 3
    k = VOCABULARY**longest
    options = {"end": end, "max_length": longest, "alpha": alpha}
    found = beam_search(model, *model.begin(), beam_size=k, **options)
    for number in range(3):
        expected = exhaustive(model, number, **options)
        ours = answers_of(found, number)
        assert [tokens for _, tokens in ours[: len(expected)]] == [each for _, each in expected]
        assert [s for s, _ in ours[: len(expected)]] == pytest.approx([s for s, _ in expected])
        assert ours[len(expected) :] == [(-math.inf, ())] * (k - len(expected))
        behind = zip(found.tokens[number], found.lengths[number], strict=True)
        assert all((row[length:] == (end or 0)).all() for row, length in behind)
        best = found.log_probs[number, 0].item()
        assert best == pytest.approx(model.log_prob(number, expected[0][1]))


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy(book: Callable[..., Any], seed: int) -> None:
    model = book(seed)
    beams = beam_search(model, *model.begin(), end=END, max_length=6, beam_size=1)
    expected = greedy(model, *model.begin(), end=END, max_length=6)
    assert torch.equal(beams.tokens[:, 0], expected.tokens)
    assert torch.equal(beams.lengths[:, 0], expected.lengths)
    torch.testing.assert_close(beams.log_probs[:, 0], expected.log_probs)
    torch.testing.assert_close(beams.scores, beams.log_probs)


def plain_beam_search(
    model: Any, number: int, *, beam_size: int, max_length: int, alpha: float
) -> list[tuple[float, tuple[int, ...]]]:
    """The same of one sequence with lists, and to the very end."""
    begun: list[tuple[int, ...]] = [()]
    answers: list[tuple[float, tuple[int, ...]]] = []

    def score(answer: tuple[int, ...]) -> float:
        return model.log_prob(number, answer) / length_penalty(len(answer), alpha)

    for _ in range(max_length):
        longer = [(*one, token) for one in begun for token in range(VOCABULARY)]
        longer.sort(key=lambda one: model.log_prob(number, one), reverse=True)
        answers += [(score(one), one) for one in longer[:beam_size] if one[-1] == END]
        begun = [one for one in longer if one[-1] != END][:beam_size]
    answers += [(score(one), one) for one in begun]
    return sorted(answers, reverse=True)[:beam_size]


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("beam_size", [2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_is_that_of_lists(
    book: Callable[..., Any], seed: int, beam_size: int, alpha: float
) -> None:
    model = book(seed, spread=3.0)
    options = {"max_length": 6, "beam_size": beam_size, "alpha": alpha}
    found = beam_search(model, *model.begin(), end=END, **options)
    for number in range(3):
        expected = plain_beam_search(model, number, **options)
        ours = answers_of(found, number)
        assert [tokens for _, tokens in ours] == [tokens for _, tokens in expected]
        assert [s for s, _ in ours] == pytest.approx([s for s, _ in expected])


def test_stops_when_nothing_better_can_come(book: Callable[..., Any]) -> None:
    def step(token: Tensor, state: Any) -> tuple[Tensor, Any]:
        calls.append(1)
        return torch.tensor([0.0, 0.0, 5.0, 0.0]).expand(len(token), 4), state

    calls: list[int] = []
    options = {"end": END, "max_length": 50, "beam_size": 2}
    found = beam_search(step, torch.zeros(1).long(), torch.zeros(1), **options)
    assert len(calls) == 2  # the second best answer ends at the second step
    assert found.tokens.shape == (1, 2, 2)
    assert found.lengths.tolist() == [[1, 2]]
    calls.clear()  # with normalization a long one might still catch up
    beam_search(step, torch.zeros(1).long(), torch.zeros(1), **options, alpha=2.0)
    assert len(calls) > 2


def test_normalization_prefers_longer_answers() -> None:
    """Two certain tokens after one that is a little less probable than the end."""
    after = torch.tensor([[0.45, 0.55], [0.999, 0.001]]).log()  # 1 is the end

    def step(token: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return after[(state > 0).long()], state + 1

    lengths = {}
    for alpha in (0.0, 1.0):
        found = beam_search(
            step,
            torch.zeros(1).long(),
            torch.zeros(1),
            end=1,
            max_length=4,
            beam_size=2,
            alpha=alpha,
        )
        lengths[alpha] = found.lengths[0, 0].item()
    assert lengths == {0.0: 1, 1.0: 4}


def test_the_penalty_is_the_papers() -> None:
    assert length_penalty(1, 0.6) == 1
    assert length_penalty(13, 0.5) == pytest.approx(math.sqrt(3))
    assert length_penalty(40, 0) == 1
    torch.testing.assert_close(length_penalty(torch.tensor([1, 7]), 1.0), torch.tensor([1.0, 2.0]))


def test_a_batch_is_as_good_as_one_alone(book: Callable[..., Any]) -> None:
    model = book(5)
    first, (numbers, tokens) = model.begin()
    options = {"end": END, "max_length": 6, "beam_size": 3, "alpha": 0.5}
    together = beam_search(model, first, (numbers, tokens), **options)
    for n in range(3):
        alone = beam_search(
            model, first[n : n + 1], (numbers[n : n + 1], tokens[n : n + 1]), **options
        )
        assert torch.equal(alone.lengths[0], together.lengths[n])
        time = alone.tokens.shape[2]
        assert torch.equal(alone.tokens[0], together.tokens[n, :, :time])
        torch.testing.assert_close(alone.scores[0], together.scores[n])


def test_a_state_may_have_its_sequences_elsewhere(book: Callable[..., Any]) -> None:
    model = book(2)
    first, (numbers, tokens) = model.begin()

    def step(token: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        logits, (n, said) = model(token, (state[0], state[1:].T))
        return logits, torch.cat([n[None], said.T])

    options = {"end": END, "max_length": 5, "beam_size": 3}
    other = torch.cat([numbers[None], tokens.T])
    found = beam_search(
        step, first, other, reorder=lambda state, rows: state.index_select(1, rows), **options
    )
    expected = beam_search(model, first, (numbers, tokens), **options)
    assert torch.equal(found.tokens, expected.tokens)


class Two(NamedTuple):
    one: Tensor
    other: Tensor


def test_rows_of_states_of_any_kind() -> None:
    x, rows = torch.arange(6).view(3, 2), torch.tensor([2, 2, 0])
    state = {"h": [x, (x, None)], "two": Two(x, x + 1), "n": 3}
    found = select_rows(state, rows)
    expected = [[4, 5], [4, 5], [0, 1]]
    assert found["h"][0].tolist() == found["h"][1][0].tolist() == expected
    assert found["h"][1][1] is None
    assert found["n"] == 3
    assert isinstance(found["h"], list)
    assert isinstance(found["two"], Two)
    assert found["two"].other.tolist() == [[5, 6], [5, 6], [1, 2]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size must be at least 1, not 0"),
        ({"alpha": -0.1}, "alpha must be at least 0 and finite, not -0.1"),
        ({"alpha": math.inf}, "alpha must be at least 0 and finite, not inf"),
        ({"alpha": math.nan}, "alpha must be at least 0 and finite, not nan"),
        ({"max_length": 0}, "max_length must be at least 1, not 0"),
        ({"end": 9}, "end must be a token of the vocabulary, below 4, not 9"),
    ],
)
def test_refuses_an_argument(
    book: Callable[..., Any], options: dict[str, float], message: str
) -> None:
    model = book(0)
    with pytest.raises(ValueError, match=message):
        beam_search(
            model, *model.begin(), **{"end": END, "max_length": 3, "beam_size": 2, **options}
        )


def test_refuses_logits_of_another_shape() -> None:
    def step(token: Tensor, state: None) -> tuple[Tensor, None]:
        return torch.zeros(2, 4), None

    with pytest.raises(ValueError, match=r"step must give logits of shape \(6, vocabulary\)"):
        beam_search(step, torch.zeros(2).long(), None, end=0, max_length=1, beam_size=3)


def test_records_no_gradient() -> None:
    weight = torch.zeros(4, requires_grad=True)

    def step(token: Tensor, state: None) -> tuple[Tensor, None]:
        return (weight * 2).expand(len(token), 4), None

    found = beam_search(step, torch.zeros(1).long(), None, end=0, max_length=2, beam_size=2)
    assert not found.scores.requires_grad
