"""Pairs of texts as a translator is trained on them: ids, padded, with a begin and an end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Int
from torch import Tensor

from linebyline.data.examples import Examples
from linebyline.data.translation import Pairs

PADDING, BEGIN, END = 0, 1, 2
"""Ids that no text has by itself: what fills a row behind its end, what a decoder reads before it
has said anything, and what it says when it is done.
"""

_NAMES = ("<pad>", "<begin>", "<end>")


@runtime_checkable
class Tokenizer(Protocol):
    """What a vocabulary asks of a tokenizer; those of `linebyline.tokenizers` have all of it."""

    @property
    def vocab_size(self) -> int:
        """How many ids there are."""

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids."""

    def token(self, index: int) -> str:
        """What an id stands for."""


class Vocabulary:
    """A tokenizer's ids behind `PADDING`, `BEGIN` and `END`, the same three in all languages.

    Args:
        tokenizer: of characters, words, or what you like; its id i is 3 + i here.

    Raises:
        ValueError: a text that the tokenizer refuses, or an id out of range.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        """See the class."""
        self.tokenizer = tokenizer

    def __len__(self) -> int:
        """How many ids there are."""
        return len(_NAMES) + self.tokenizer.vocab_size

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without a begin and an end."""
        return [len(_NAMES) + index for index in self.tokenizer.encode(text)]

    def decode(self, ids: Sequence[int] | Int[Tensor, " time"]) -> str:
        """The text of ids, up to the first `END`; a begin and paddings say nothing."""
        ids = self._list(ids)
        ids = ids[: ids.index(END)] if END in ids else ids
        return self.tokenizer.decode([index - len(_NAMES) for index in ids if index > END])

    def tokens(self, ids: Sequence[int] | Int[Tensor, " time"]) -> list[str]:
        """What each id stands for, to be shown to people."""
        names = [None if index > END else _NAMES[index] for index in self._list(ids)]
        pairs = zip(names, self._list(ids), strict=True)
        return [name or self.tokenizer.token(index - len(_NAMES)) for name, index in pairs]

    def _list(self, ids: Sequence[int] | Tensor) -> list[int]:
        found = ids.tolist() if isinstance(ids, Tensor) else list(ids)
        for index in found:
            if not 0 <= index < len(self):
                raise ValueError(f"ids has {index}; an id is from 0 to {len(self) - 1}")
        return found


def padded(rows: Sequence[Sequence[int]], *, time: int | None = None) -> Int[Tensor, "rows time"]:
    """Rows of ids as one tensor, filled up with `PADDING`.

    Args:
        rows: ids, as many as you like in each.
        time: how long the rows become; by default as long as the longest is.

    Raises:
        ValueError: there is no row, or one is longer than `time`.
    """
    if not rows:
        raise ValueError("rows must hold at least one row of ids")
    longest = max(map(len, rows))
    time = longest if time is None else time
    if longest > time:
        raise ValueError(f"time must be at least {longest}, the length of the longest, not {time}")
    table = torch.full((len(rows), time), PADDING)
    for row, ids in zip(table, rows, strict=True):
        row[: len(ids)] = torch.tensor(ids, dtype=torch.long)
    return table


def token_pairs(
    pairs: Pairs, source: Vocabulary, target: Vocabulary, *, time: int | None = None
) -> Examples:
    """Pairs as `fit` takes them: what is read, and beside it what is to be said.

    A decoder that is taught reads, at each step, the token *before* the one that it is to say
    (teacher forcing: Williams & Zipser 1989, *A learning algorithm for continually running fully
    recurrent neural networks*). So a model has two inputs, the source and the target one step
    late. They stand one above the other in one tensor of whole numbers, because `fit` shuffles,
    cuts and moves one tensor of inputs; both are filled up to the same length, so that which is
    which needs no further number::

        inputs[n, 0]   twenty  -  one  <pad>          the source
        inputs[n, 1]   <begin>  이  십  일             what the decoder reads
        targets[n]     이  십  일  <end>               what it should say

    Args:
        pairs: of texts.
        source: the vocabulary of the sources.
        target: the vocabulary of the targets.
        time: how long all rows become; by default as long as the longest needs.

    Returns:
        Inputs (pairs, 2, time) and targets (pairs, time), both int64.

    Raises:
        ValueError: there is no pair, a text has another number of translations, a source is
            empty, or a row is longer than `time`.
    """
    if len(pairs.sources) != len(pairs.targets) or not pairs.sources:
        raise ValueError(
            f"pairs must have a target for each of at least one source, not {len(pairs.targets)} "
            f"for {len(pairs.sources)}"
        )
    sources = [source.encode(text) for text in pairs.sources]
    if not all(sources):
        place = sources.index([])
        raise ValueError(f"pairs must have something to translate, but source {place} is empty")
    targets = [target.encode(text) for text in pairs.targets]
    longest = max(len(ids) for ids in [*sources, *([*ids, END] for ids in targets)])
    time = longest if time is None else time
    read, said = shifted(targets, time=time)
    return Examples(torch.stack([padded(sources, time=time), read], dim=1), said)


def shifted(
    rows: Sequence[Sequence[int]], *, time: int | None = None
) -> tuple[Int[Tensor, "rows time"], Int[Tensor, "rows time"]]:
    """What a decoder reads, from `BEGIN` on, and what it is to say, up to `END`: a step apart."""
    read = padded([[BEGIN, *ids] for ids in rows], time=time)
    said = padded([[*ids, END] for ids in rows], time=time)
    return read, said
