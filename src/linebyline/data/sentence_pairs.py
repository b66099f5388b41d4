"""Sentence pairs: two pieces of text, of which the second follows the first, or does not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

Sentence = Sequence[int]
Document = Sequence[Sentence]


class SentencePair(NamedTuple):
    """Ids of two pieces of text, and whether the second stood behind the first."""

    first: list[int]
    second: list[int]
    follows: bool


class PairBatch(NamedTuple):
    """Pairs as BERT reads them: [CLS] first [SEP] second [SEP], then padding."""

    ids: Int[Tensor, "pairs time"]
    segments: Int[Tensor, "pairs time"]
    """0 up to the first [SEP] with it, 1 up to the second, 0 in the padding."""

    inside: Bool[Tensor, "pairs time"]
    """True where there is no padding."""

    follows: Bool[Tensor, " pairs"]


def sentence_pairs(
    documents: Sequence[Document],
    *,
    max_tokens: int,
    short_share: float = 0.1,
    seed: int = 0,
) -> list[SentencePair]:
    """Cut documents into pairs of pieces; half of the seconds are from another document.

    Source: Devlin, Chang, Lee & Toutanova 2019, *BERT: pre-training of deep bidirectional
    transformers for language understanding*, appendix A.2, and Google's
    ``create_pretraining_data.py``, which says how. Sentences are collected until they fill a pair;
    they are cut in two between any two of them; the second piece stays, or makes way for sentences
    of another document, and is then used again for the next pair. What is too long loses tokens at
    either end. One pair in ten is made shorter, because the model will be used on short texts, too.

    A single sentence at a document's end has nothing behind it, and always gets a stranger: so a
    little more than half of the pairs do not follow.

    Args:
        documents: each a list of sentences, each a list of ids; two or more documents.
        max_tokens: of both pieces together, without [CLS] and [SEP].
        short_share: of the pairs that are made shorter, of a length drawn evenly from 2 on.
        seed: the same seed gives the same pairs.

    Raises:
        ValueError: there are fewer than two documents, one has no sentence, or a sentence has no
            token; `max_tokens` is below 2; `short_share` is no probability.
    """
    _check(documents, max_tokens, short_share)
    rng = random.Random(seed)
    pairs = []
    for number, document in enumerate(documents):
        chunk: list[Sentence] = []
        position = 0
        target = _target(max_tokens, short_share, rng)
        while position < len(document):
            chunk.append(document[position])
            position += 1
            if sum(map(len, chunk)) < target and position < len(document):
                continue
            cut = rng.randint(1, len(chunk) - 1) if len(chunk) > 1 else 1
            first, second = _joined(chunk[:cut]), _joined(chunk[cut:])
            follows = len(chunk) > 1 and rng.random() < 0.5
            if not follows:
                second = _stranger(documents, number, target - len(first), rng)
                position -= len(chunk) - cut  # to be used again
            _shorten(first, second, max_tokens, rng)
            pairs.append(SentencePair(first, second, follows))
            chunk = []
            target = _target(max_tokens, short_share, rng)
    return pairs


def pair_batch(
    pairs: Sequence[SentencePair],
    *,
    cls_id: int,
    sep_id: int,
    pad_id: int = 0,
    time: int | None = None,
) -> PairBatch:
    """Pairs side by side, filled up to one length.

    Args:
        pairs: as `sentence_pairs` gives them.
        cls_id: of [CLS].
        sep_id: of [SEP].
        pad_id: of [PAD].
        time: how long all rows become; by default as long as the longest.

    Raises:
        ValueError: there is no pair, or one needs more than `time`.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one")
    longest = max(len(pair.first) + len(pair.second) + 3 for pair in pairs)
    time = longest if time is None else time
    if longest > time:
        raise ValueError(f"time must be at least {longest}, the length of the longest, not {time}")
    ids = torch.full((len(pairs), time), pad_id)
    segments = torch.zeros_like(ids)
    inside = torch.zeros_like(ids, dtype=torch.bool)
    for row, (first, second, _) in enumerate(pairs):
        framed = [cls_id, *first, sep_id, *second, sep_id]
        ids[row, : len(framed)] = torch.tensor(framed)
        segments[row, len(first) + 2 : len(framed)] = 1
        inside[row, : len(framed)] = True
    follows = torch.tensor([pair.follows for pair in pairs])
    return PairBatch(ids, segments, inside, follows)


def _joined(sentences: Sequence[Sentence]) -> list[int]:
    return [token for sentence in sentences for token in sentence]


def _target(max_tokens: int, short_share: float, rng: random.Random) -> int:
    """How many tokens the next pair is to have."""
    return rng.randint(2, max_tokens) if rng.random() < short_share else max_tokens


def _stranger(
    documents: Sequence[Document], number: int, length: int, rng: random.Random
) -> list[int]:
    """Sentences of another document, from any on, until they have so many tokens or it ends."""
    other = rng.randrange(len(documents) - 1)
    document = documents[other + (other >= number)]
    taken: list[int] = []
    for sentence in document[rng.randrange(len(document)) :]:
        taken += sentence
        if len(taken) >= length:
            break
    return taken


def _shorten(
    first: list[int],
    second: list[int],
    max_tokens: int,
    rng: random.Random,
) -> None:
    """Take tokens from the longer of the two, from its front or its end, until both fit."""
    while len(first) + len(second) > max_tokens:
        longer = first if len(first) > len(second) else second
        longer.pop(0 if rng.random() < 0.5 else -1)


def _check(documents: Sequence[Document], max_tokens: int, short_share: float) -> None:
    if len(documents) < 2:
        raise ValueError(
            f"documents must be two or more, for strangers are from another, not {len(documents)}"
        )
    for number, document in enumerate(documents):
        if not document or not all(document):
            raise ValueError(
                f"documents must have sentences, and each a token, but document {number} has none "
                "or an empty one"
            )
    if max_tokens < 2:
        raise ValueError(f"max_tokens must be at least 2, a token for each piece, not {max_tokens}")
    if not 0 <= short_share <= 1:
        raise ValueError(f"short_share must be from 0 to 1, not {short_share}")
