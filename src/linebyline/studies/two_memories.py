"""A GPT and its rivals on one text: what each keeps in its weights, and what in its context.

This writes `two_memories.json` beside the file::

    python -m linebyline.studies.two_memories

The text is the language reference of Python, in byte pairs. A GPT and an LSTM have as many
operations for each step, as many steps, and the same windows; each has the rate, and then the
dropout, that is best for the validation text of the start `TUNED_ON` in whole runs. They are
judged by the test texts of `STARTS`, each with other topics, in bits per character. Beside them
stand n-grams, whose order the validation text chose, and `xz`, which has read the training text
before or has not. Then the networks are shown less of what stood before, and passages twice; and
their predictions are mixed with those of an n-gram, half and half.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from linebyline.data.text import ALPHABET
from linebyline.language.bits_per_character import bits_per_character
from linebyline.language.compression import compressed_bits_per_character
from linebyline.language.ngram import NGram
from linebyline.sequence.token_model import TokenModel
from linebyline.studies import record
from linebyline.studies.small_gpt import (
    CONTEXT,
    MODELS,
    VOCABULARY,
    Corpus,
    Model,
    bits,
    corpus,
    learn,
    nats,
    nats_carried,
    operations,
)
from linebyline.tokenizers.character import CharacterTokenizer

STEPS = 800
TUNED_ON, STARTS = 100, (101, 102, 103)
RATES = {"GPT": (0.003, 0.006, 0.012), "LSTM": (0.005, 0.01, 0.02)}
DROPOUTS = (0.0, 0.1, 0.2)
"""The second is that of Radford et al. 2018, section 4.1; with it the rate is chosen."""

ORDERS = {"characters": (4, 6, 8, 10), "byte pairs": (2, 3, 4, 5)}
SEEN = (1, 2, 4, 8, 16, 32, 64)
"""Of how many tokens the last one is shown, where less is shown."""

PASSAGE, PASSAGES = 30, 200
"""Tokens of a passage that is read twice, and how many passages."""

LAST = 50
"""The loss at the end is the mean of so many steps."""

FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""


@torch.no_grad()
def nats_of_last(model: Model, ids: Sequence[int], seen: int, every: int = 4) -> Tensor:
    """-log P of each fourth token behind so many others, the same tokens for each `seen`."""
    places = torch.arange(CONTEXT, len(ids), every)
    text = torch.tensor(ids)
    x = text[places[:, None] + torch.arange(-seen, 0)]
    parts = zip(x.split(256), text[places].split(256), strict=True)
    each = [cross_entropy(model(some)[:, :, -1], y, reduction="none") for some, y in parts]
    return torch.cat(each)


def passages(ids: Sequence[int]) -> Tensor:
    """Pieces of a text from one end of it to the other, (passages, tokens)."""
    first = torch.linspace(0, len(ids) - PASSAGE, PASSAGES).long()
    return torch.tensor(ids)[first[:, None] + torch.arange(PASSAGE)]


def twice(each: Callable[[Tensor], Tensor], pieces: Tensor) -> dict[str, float]:
    """Bits for each token of passages that are read twice in a row: the first time, the second.

    The first token of a passage has nothing before it, and is left out of both.

    Args:
        each: from ids (passages, tokens) to -log P of all but the first, (passages, tokens - 1).
        pieces: the passages.
    """
    nats = each(torch.cat([pieces, pieces], dim=1)).double() / math.log(2)
    size = pieces.shape[1]
    return {"first": nats[:, : size - 1].mean().item(), "again": nats[:, size:].mean().item()}


@torch.no_grad()
def nats_of_rows(model: Model, rows: Tensor) -> Tensor:
    """What `twice` asks of a network."""
    return cross_entropy(model(rows[:, :-1]), rows[:, 1:], reduction="none")


def nats_of_counts(model: NGram, rows: Tensor) -> Tensor:
    """What `twice` asks of an n-gram."""
    n = model.order
    found = [
        [-math.log(model.probability(row[t], row[max(t - n, 0) : t])) for t in range(1, len(row))]
        for row in rows.tolist()
    ]
    return torch.tensor(found)


def mixed(one: Tensor, other: Tensor) -> Tensor:
    """-log of the mean of two probabilities, from -log of each."""
    return math.log(2) - torch.logaddexp(-one, -other)


def counters(data: Corpus) -> dict[str, dict[int, NGram]]:
    """N-grams of characters and of byte pairs, of all `ORDERS`."""
    letters = CharacterTokenizer(ALPHABET)
    ids = {"characters": letters.encode(data.text.train), "byte pairs": data.train}
    sizes = {"characters": letters.vocab_size, "byte pairs": VOCABULARY}
    return {
        kind: {n: NGram.train(ids[kind], order=n, vocab_size=sizes[kind]) for n in orders}
        for kind, orders in ORDERS.items()
    }


def counted(model: NGram, data: Corpus, part: str) -> float:
    """An n-gram's bits per character on the validation text or the test text."""
    text = getattr(data.text, part)
    pairs = model.vocab_size == VOCABULARY
    ids = getattr(data, part) if pairs else CharacterTokenizer(ALPHABET).encode(text)
    return bits_per_character(model.negative_log_likelihood(ids), characters=len(text))


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose by the validation text of one start, and judge on the test texts of others."""
    data = corpus(TUNED_ON)
    tuned = {name: _tuned(name, data) for name in MODELS}
    orders = {
        kind: {str(n): round(counted(model, data, "validation"), 4) for n, model in models.items()}
        for kind, models in counters(data).items()
    }
    return {
        "settings": {"context": CONTEXT, "steps": STEPS}
        | {"tuned_on": TUNED_ON, "starts": STARTS, "rates": RATES, "dropouts": DROPOUTS},
        "operations": {name: operations(make(0)) for name, make in MODELS.items()},
        "tuned": tuned,
        "orders": orders,
        "judged": {str(start): _judged(start, tuned, orders) for start in STARTS},
    }


def _tuned(name: str, data: Corpus) -> dict[str, Any]:
    """The best rate, then the best dropout, by bits per character of the validation text."""
    rates = {str(rate): _tried(name, data, rate, DROPOUTS[1]) for rate in RATES[name]}
    rate = min(rates, key=rates.__getitem__)
    dropouts = {
        str(dropout): rates[rate]
        if dropout == DROPOUTS[1]
        else _tried(name, data, float(rate), dropout)
        for dropout in DROPOUTS
    }
    dropout = min(dropouts, key=dropouts.__getitem__)
    return {"tried": rates, "rate": float(rate), "dropouts": dropouts, "dropout": float(dropout)}


def _tried(name: str, data: Corpus, rate: float, dropout: float) -> float:
    model = MODELS[name](TUNED_ON, dropout)
    learn(model, data.train, rate=rate, start=TUNED_ON, steps=STEPS)
    return round(bits(nats(model, data.validation), data.validation, data.tokenizer), 4)


def _judged(
    start: int, tuned: Mapping[str, Mapping[str, Any]], orders: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Bits per character of all rivals; with less of the context; and of passages read twice."""
    data = corpus(start)
    pieces = passages(data.test)
    found: dict[str, Any] = {"bits": {}, "mixed": {}, "seen": {}, "twice": {}, "train_loss": {}}
    models = counters(data)
    for kind, tried in orders.items():
        best = models[kind][int(min(tried, key=tried.__getitem__))]
        found["bits"][f"n-gram, {kind}"] = round(counted(best, data, "test"), 4)
    pairs = models["byte pairs"][4]
    found["twice"]["n-gram"] = _rounded(twice(lambda rows: nats_of_counts(pairs, rows), pieces))
    for name, before in (("xz", ""), ("xz, primed", data.text.train)):
        share = compressed_bits_per_character(data.text.test, primed=before)
        found["bits"][name] = round(share, 4)
    by_counts = nats_of_counts(pairs, torch.tensor([data.test]))[0]
    first_losses = {}
    for name, make in MODELS.items():
        model = make(start, tuned[name]["dropout"])
        losses = learn(model, data.train, rate=tuned[name]["rate"], start=start, steps=STEPS)
        each = nats(model, data.test)
        found["bits"][name] = round(bits(each, data.test, data.tokenizer), 4)
        both = mixed(each, by_counts[: len(each)])
        found["mixed"][name] = round(bits(both, data.test, data.tokenizer), 4)
        if isinstance(model, TokenModel):
            each = nats_carried(model, data.test)
            found["bits"]["LSTM, reading on"] = round(bits(each, data.test, data.tokenizer), 4)
        found["train_loss"][name] = round(sum(losses[-LAST:]) / LAST, 4)
        first_losses[name] = [round(loss, 5) for loss in losses[:FIRST_STEPS]]
        less = {n: nats_of_last(model, data.test, n).mean().item() / math.log(2) for n in SEEN}
        found["seen"][name] = [round(value, 4) for value in less.values()]
        found["twice"][name] = _rounded(
            twice(lambda rows, m=model: nats_of_rows(m, rows), pieces)  # type: ignore[misc]
        )
    return found | {"first_losses": first_losses}


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    record.run_and_store(__file__, study)
