"""Masked tokens: how many, what becomes of them, and what is left alone."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Generator, Tensor

from linebyline.data.masked_tokens import NO_TARGET, MaskedTokens, mask_tokens

PAD, CLS, SEP, MASK, SIZE = 0, 1, 2, 3, 5000


def texts(*lengths: int, time: int = 50, seed: int = 0) -> Tensor:
    draws = torch.randint(5, SIZE, (len(lengths), time), generator=Generator().manual_seed(seed))
    ids = torch.full_like(draws, PAD)
    for row, length in enumerate(lengths):
        ids[row, : length + 2] = torch.tensor([CLS, *draws[row, :length].tolist(), SEP])
    return ids


def hide(ids: Tensor, *, seed: int = 0, **options: object) -> MaskedTokens:
    arguments = {"mask_id": MASK, "special_ids": [PAD, CLS, SEP], "vocab_size": SIZE} | options
    return mask_tokens(ids, generator=Generator().manual_seed(seed), **arguments)


def test_the_share_of_each_row_is_chosen_and_nothing_special() -> None:
    ids = texts(1, 3, 10, 20, 46)
    for seed in range(20):
        inputs, targets = hide(ids, seed=seed)
        chosen = targets != NO_TARGET
        assert chosen.sum(1).tolist() == [1, 1, 2, 3, 7]  # 0.15 of each, rounded, or one
        assert not (chosen & (ids < 3)).any()
        assert torch.equal(targets[chosen], ids[chosen])
        assert torch.equal(inputs[~chosen], ids[~chosen])


def test_every_place_is_chosen_as_often() -> None:
    ids = texts(10, time=12).expand(4000, -1)
    chosen = hide(ids).targets != NO_TARGET
    often = chosen[:, 1:11].float().mean(0)  # 2 of 10
    assert (often - 0.2).abs().max() < 5 * math.sqrt(0.2 * 0.8 / 4000)


@pytest.mark.parametrize(("masked", "replaced"), [(0.8, 0.1), (1.0, 0.0), (0.0, 0.3), (0.0, 0.0)])
def test_what_becomes_of_the_chosen(masked: float, replaced: float) -> None:
    ids = texts(*[40] * 1000)
    inputs, targets = hide(ids, masked=masked, replaced=replaced)
    at = targets != NO_TARGET
    new, old = inputs[at], ids[at]
    shares = {
        masked: (new == MASK).double().mean(),
        1 - masked - replaced: (new == old).double().mean(),
    }
    for expected, found in shares.items():
        sigma = math.sqrt(expected * (1 - expected) / len(new))
        assert abs(found - expected) <= 5 * sigma + 2 / SIZE


def test_a_random_token_is_any_of_the_vocabulary() -> None:
    inputs, targets = hide(texts(*[40] * 2000), masked=0.0, replaced=1.0)
    drawn = inputs[targets != NO_TARGET]
    assert drawn.min() == 0
    assert drawn.max() == SIZE - 1
    assert drawn.double().mean() == pytest.approx((SIZE - 1) / 2, rel=0.05)


def test_draws_are_the_generator_s() -> None:
    ids, before = texts(20, 30), torch.get_rng_state()
    one, same, other = hide(ids, seed=1), hide(ids, seed=1), hide(ids, seed=2)
    assert all(map(torch.equal, one, same))
    assert not torch.equal(one.targets, other.targets)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(ids, texts(20, 30))  # the texts stay as they are


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share": 0}, "share must be above 0 and at most 1, not 0"),
        ({"share": 1.5}, "share must be above 0 and at most 1, not 1.5"),
        ({"masked": 0.9, "replaced": 0.2}, "from 0 to 1 together, not 0.9 and 0.2"),
        ({"masked": -0.1}, "from 0 to 1 together, not -0.1 and 0.1"),
        ({"mask_id": SIZE}, f"mask_id must be from 0 to {SIZE - 1}, not {SIZE}"),
    ],
)
def test_refuses(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        hide(texts(5), **change)


def test_refuses_a_row_without_a_word() -> None:
    message = "a token that may be hidden in each row, but not in 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        hide(texts(5, 0))
