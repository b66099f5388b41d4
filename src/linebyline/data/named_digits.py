"""A task of two memories: each name has a digit, in one sequence the one that it always had, in
another a fresh one.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from linebyline.data.at_least import at_least


class NamedDigits(NamedTuple):
    """Sequences of names, each with its digit behind it."""

    ids: Int[Tensor, "count places"]
    """Name, digit, name, digit; the names have the ids from 0 on, the digits those behind them."""

    fresh: Bool[Tensor, " count"]
    """Whether the digits were drawn for this sequence alone."""

    @property
    def seen(self) -> Bool[Tensor, "count pairs"]:
        """Whether the name of a pair stood in the same sequence before."""
        names = self.ids[:, ::2]
        same = names[:, :, None] == names[:, None, :]  # (count, pair, earlier pair)
        return same.tril(-1).any(2)


def named_digits(
    count: int,
    pairs: int,
    known: Int[Tensor, " names"],
    *,
    digits: int,
    share: float,
    seed: int = 0,
) -> NamedDigits:
    """Sequences in which a name has one digit from the beginning to the end.

    After the tasks of Chan et al. 2022, *Data distributional properties drive emergent in-context
    learning in Transformers*, where a label is either always the same or drawn for the sequence.
    Deviations: no images; and the question is asked at each pair.

    Args:
        count: how many sequences.
        pairs: names in a sequence, drawn evenly, so that some come again.
        known: the digit that each name always has, from 0 on.
        digits: how many digits there are.
        share: of the sequences, those in which the digits are the known ones, by chance; in the
            others each name has one that is drawn evenly for this sequence.
        seed: of all that.

    Raises:
        ValueError: a number is below 1, a known digit is none of the digits, `share` is no
            probability.
    """
    at_least(count=(count, 1), pairs=(pairs, 1), digits=(digits, 1), names=(len(known), 1))
    _check(known, digits, share)
    generator = torch.Generator().manual_seed(seed)
    fresh = torch.rand(count, generator=generator) >= share
    drawn = torch.randint(digits, (count, len(known)), generator=generator)
    mapping = torch.where(fresh[:, None], drawn, known)
    names = torch.randint(len(known), (count, pairs), generator=generator)
    answers = len(known) + mapping.gather(1, names)
    return NamedDigits(torch.stack([names, answers], dim=2).flatten(1), fresh)


def best_guesses(
    ids: Int[Tensor, "count places"], known: Int[Tensor, " names"], *, digits: int, share: float
) -> Float[Tensor, "count pairs digits"]:
    """P(digit | name, all pairs before it): what no network can beat, by Bayes' rule.

    A digit that stood behind the name before stands there again. Else it is the known one as surely
    as the sequence is an old one, and beyond that any. The sequence is an old one with the odds
    share : (1 - share) at first; each new name that has its known digit multiplies them by the
    number of digits, and one that has not makes them 0.

    Args:
        ids: as in `NamedDigits`.
        known: as for `named_digits`, like the others.
        digits: how many there are.
        share: of the sequences with known digits.

    Raises:
        ValueError: as `named_digits`.
    """
    _check(known, digits, share)
    names, answers = ids[:, ::2], ids[:, 1::2] - len(known)
    count, pairs = names.shape
    found = torch.empty(count, pairs, digits, dtype=torch.float64)
    old = torch.full((count,), share, dtype=torch.float64)  # P(known digits | pairs so far)
    written = torch.full((count, len(known)), -1)  # the digit of each name so far
    rows = torch.arange(count)
    for t in range(pairs):
        name, answer = names[:, t], answers[:, t]
        guess = ((1 - old) / digits)[:, None].repeat(1, digits)
        guess[rows, known[name]] += old
        before = written[rows, name]
        sure = torch.nn.functional.one_hot(before.clamp(0), digits).double()
        guess = torch.where((before >= 0)[:, None], sure, guess)
        found[:, t] = guess
        right = (answer == known[name]).double()
        posterior = old * right / (old * right + (1 - old) / digits)
        old = torch.where(before >= 0, old, posterior)
        written[rows, name] = answer
    return found


def _check(known: Tensor, digits: int, share: float) -> None:
    if not 0 <= int(known.min()) <= int(known.max()) < digits:
        raise ValueError(f"known must be digits from 0 to {digits - 1}, but is {known.tolist()}")
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1, not {share}")
