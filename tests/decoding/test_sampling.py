"""Samples are as frequent as the truncated distribution says."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from linebyline.decoding.sampling import draw, keep_top_k, keep_top_p, sample, sharpened

LOGITS = torch.tensor([0.5, 0.1, 0.25, 0.15], dtype=torch.float64).log()


def shares(logits: Tensor) -> list[float]:
    return torch.softmax(logits, dim=-1).tolist()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.5, 0.1, 0.25, 0.15]),
        ({"temperature": 0.5}, [0.25 / 0.345, 0.01 / 0.345, 0.0625 / 0.345, 0.0225 / 0.345]),
        ({"top_k": 1}, [1, 0, 0, 0]),
        ({"top_k": 2}, [2 / 3, 0, 1 / 3, 0]),
        ({"top_k": 9}, [0.5, 0.1, 0.25, 0.15]),
        ({"top_p": 0.01}, [1, 0, 0, 0]),
        ({"top_p": 0.5}, [1, 0, 0, 0]),
        ({"top_p": 0.51}, [2 / 3, 0, 1 / 3, 0]),
        ({"top_p": 0.8}, [0.5 / 0.9, 0, 0.25 / 0.9, 0.15 / 0.9]),
        ({"top_p": 1}, [0.5, 0.1, 0.25, 0.15]),
        ({"top_k": 2, "top_p": 0.6}, [1, 0, 0, 0]),  # of the two, the first has 2/3
        ({"temperature": 0.5, "top_p": 0.7}, [1, 0, 0, 0]),  # 0.25/0.345 = 0.72
        ({"temperature": 0.5, "top_k": 3, "top_p": 0.75}, [0.8, 0, 0.2, 0]),  # 0.25/0.335 = 0.746
    ],
    ids=str,
)
def test_what_is_left_by_hand_and_drawn(options: dict[str, float], expected: list[float]) -> None:
    assert shares(sharpened(LOGITS, **options)) == pytest.approx(expected)
    draws = 4000

    def step(token: Tensor, state: None) -> tuple[Tensor, None]:
        return LOGITS.expand(draws, 4), None

    found = sample(
        step,
        torch.zeros(draws).long(),
        None,
        end=None,
        max_length=2,
        generator=torch.Generator().manual_seed(0),
        **options,
    )
    for time in range(2):
        counts = torch.bincount(found.tokens[:, time], minlength=4) / draws
        for share, wanted in zip(counts.tolist(), expected, strict=True):
            deviation = math.sqrt(wanted * (1 - wanted) / draws)
            assert abs(share - wanted) <= 4 * deviation
    own = LOGITS[found.tokens].sum(1)  # the model's own distribution, not the truncated one
    torch.testing.assert_close(found.log_probs, own)


@settings(deadline=None, max_examples=100)
@given(
    logits=st.lists(st.floats(-5, 5), min_size=1, max_size=8),
    top_k=st.integers(1, 9),
    top_p=st.floats(0.01, 1),
)
def test_as_few_as_are_asked_for(logits: list[float], top_k: int, top_p: float) -> None:
    z = torch.tensor(logits, dtype=torch.float64)
    probabilities = torch.softmax(z, dim=0)
    for kept in (keep_top_k(z, top_k).isfinite(), keep_top_p(z, top_p).isfinite()):
        least = probabilities[kept].min()
        assert (probabilities[~kept] <= least).all()
    assert keep_top_k(z, top_k).isfinite().sum() == min(top_k, len(z))
    kept = keep_top_p(z, top_p).isfinite()
    assert probabilities[kept].sum() >= top_p - 1e-12
    if kept.sum() > 1 and top_p < 1:
        assert probabilities[kept].sum() - probabilities[kept].min() < top_p
    assert torch.equal(keep_top_p(z, top_p)[kept], z[kept])


def test_each_row_for_itself() -> None:
    rows = torch.stack([LOGITS, LOGITS.flip(0)])
    for keep in (lambda z: keep_top_k(z, 2), lambda z: keep_top_p(z, 0.7)):
        assert torch.equal(keep(rows)[0], keep(LOGITS))
        assert torch.equal(keep(rows)[1], keep(LOGITS).flip(0))


def test_all_is_kept_where_rounding_would_drop_the_last() -> None:
    z = torch.cat([torch.zeros(1000), torch.full((10,), -40.0)])
    assert torch.equal(keep_top_p(z, 1), z)


def test_sequences_are_as_frequent_as_their_probability(
    book: Callable[..., Any], exhaustive: Callable[..., Any]
) -> None:
    draws = 1500
    model = book(3, spread=1.0)
    number = torch.zeros(draws, dtype=torch.long)
    found = sample(
        model,
        number,
        (number, torch.zeros(draws, 0).long()),
        end=2,
        max_length=2,
        generator=torch.Generator().manual_seed(0),
    )
    said = [
        tuple(row[:length])
        for row, length in zip(found.tokens.tolist(), found.lengths.tolist(), strict=True)
    ]
    answers = exhaustive(model, 0, end=2, max_length=2)
    assert set(said) <= {answer for _, answer in answers}
    for log_prob, answer in answers:
        p = math.exp(log_prob)
        assert abs(said.count(answer) / draws - p) <= 4 * math.sqrt(p * (1 - p) / draws)


def test_a_generator_leaves_the_global_one_alone(book: Callable[..., Any]) -> None:
    model = book(0)
    before = torch.get_rng_state()
    found = [
        sample(
            model,
            *model.begin(),
            end=None,
            max_length=8,
            generator=torch.Generator().manual_seed(seed),
        ).tokens
        for seed in (4, 4, 5)
    ]
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 0.0}, "temperature must be positive and finite, not 0.0; greedy"),
        ({"temperature": math.inf}, "temperature must be positive and finite, not inf"),
        ({"temperature": math.nan}, "temperature must be positive and finite, not nan"),
        ({"top_k": 0}, "top_k must be at least 1, not 0"),
        ({"top_p": 0.0}, "top_p must be above 0 and at most 1, not 0.0"),
        ({"top_p": 1.1}, "top_p must be above 0 and at most 1, not 1.1"),
    ],
)
def test_refuses_an_argument_before_the_model_is_asked(
    book: Callable[..., Any], options: dict[str, float], message: str
) -> None:
    model = book(0)
    with pytest.raises(ValueError, match=message):
        sample(model, *model.begin(), end=2, max_length=3, **options)
    assert model.calls == 0


class Darts:
    """What `torch.rand` answers when it is this test that throws."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *darts: float) -> None:
        def rand(rows: int, one: int, **options: Any) -> Tensor:
            assert (rows, one) == (len(darts), 1)
            return torch.tensor(darts, dtype=options["dtype"])[:, None]

        monkeypatch.setattr(torch, "rand", rand)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_dart_by_hand(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype) -> None:
    pieces = torch.tensor([0.0, 0.5, 0.0, 0.25, 0.25, 0.0], dtype=dtype)
    darts = [0.0, 0.49, 0.5, 0.74, 0.75, 0.999]  # on an edge it falls on the right; none on nothing
    Darts(monkeypatch, *darts)
    assert draw(pieces.expand(6, 6)).tolist() == [1, 1, 3, 3, 4, 4]


def test_a_dart_beyond_the_last_edge_falls_on_the_last_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = torch.full((1, 10), 0.0999999)  # ends at 0.999999
    Darts(monkeypatch, 1 - 2**-24)
    assert draw(short).tolist() == [9]


def test_the_generator_throws() -> None:
    pieces = torch.softmax(torch.randn(50, 8, generator=torch.Generator().manual_seed(0)), 1)
    one, same, other = (draw(pieces, torch.Generator().manual_seed(n)) for n in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
