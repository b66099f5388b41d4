"""What gets through one vector: translators of numbers that read forwards and backwards.

This writes `one_vector.json` beside the file::

    python -m linebyline.studies.one_vector

The task is numbers of one to seven digits, from English words to Korean ones. All networks have
GRUs of 64 units, and read equally many sentences in equally many steps. The vector of the source
is given to the decoder at the start (Sutskever et al. 2014), or at every step (Cho et al. 2014).

"orders" asks whether it helps to read backwards, where the vector is given at the start. Each
order's learning rate is the best of `RATES` on the validation part of a start of its own; judged
are other starts, by their test parts. "writers" takes readers that are trained, freezes them, and
trains a new decoder of either kind behind them: what is in the vector, and what is made of it?
"narrow" lets a few numbers through between reader and writer, and changes nothing else. "longer" is
the plain translator after three times as many steps. All have the plain translator's rate. The
chapter trains one start with the same functions.
"""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from linebyline.data.examples import Examples
from linebyline.data.token_pairs import BEGIN, END, PADDING, Vocabulary, token_pairs
from linebyline.data.translation import number_pairs, split_pairs
from linebyline.decoding.greedy import greedy
from linebyline.layers.linear import Linear
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.optim.clipping import clip_by_norm
from linebyline.optim.lr_schedules import linear_warmup
from linebyline.sequence.decoder import ContextDecoder
from linebyline.sequence.encoder import Encoded, Encoder
from linebyline.sequence.gru import GRU
from linebyline.sequence.scheduled_sampling import linear_decay
from linebyline.sequence.seq2seq import Seq2Seq
from linebyline.studies import record
from linebyline.tokenizers.character import CharacterTokenizer
from linebyline.tokenizers.word import WordTokenizer
from linebyline.training.loop import fit

DIGITS, UNITS, TOKEN = 7, 64, 32
PAIRS, STEPS, BATCH_SIZE, WARM_UP = 24_000, 600, 128, 20
ARMS = {
    "forwards, start": {"backwards": False, "every_step": False},
    "backwards, start": {"backwards": True, "every_step": False},
    "forwards, every step": {"backwards": False, "every_step": True},
    "backwards, every step": {"backwards": True, "every_step": True},
}
RATES = (0.003, 0.01, 0.03)
ORDERS = ("forwards, start", "backwards, start")
"""The arms that the study compares."""
TUNED_ON, STARTS = 100, tuple(range(101, 119))
FEW = STARTS[:3]
"""The starts of what has large effects: there is no need of more."""
PLAIN, AGAIN = "forwards, start", "forwards, every step"
NARROW, LONGER = 4, 3 * STEPS
FIRST_STEPS = 4


class Task(NamedTuple):
    """Sentences as `fit` takes them, how many digits those to judge by have, and the words."""

    train: Examples
    validation: Examples
    test: Examples
    digits: tuple[list[int], list[int]]
    """Of the validation and the test part."""
    source: Vocabulary
    target: Vocabulary


class Scores(NamedTuple):
    """Of sentences of one length."""

    exact: float
    """The share of sentences that greedy decoding translates without a mistake."""
    tokens: float
    """The share of tokens that are right when the true ones before are given."""
    lost: float
    """-log₂ P(translation given source), a mean over sentences: the bits that are missing."""


def task(start: int) -> Task:
    """Numbers of one to `DIGITS` digits."""
    pairs = number_pairs(PAIRS, digits=(1, DIGITS), seed=start)
    source = Vocabulary(WordTokenizer.train(pairs.sources))
    target = Vocabulary(CharacterTokenizer.train(pairs.targets))
    parts = split_pairs(pairs, seed=start)
    train, validation, test = (token_pairs(part, source, target) for part in parts)
    digits_of = [[int(kind) for kind in part.kinds] for part in parts]
    return Task(train, validation, test, (digits_of[1], digits_of[2]), source, target)


def translator(
    words: Task, start: int, *, backwards: bool, every_step: bool, units: int = UNITS
) -> Seq2Seq:
    """An encoder-decoder of two GRUs, untrained."""
    random = torch.Generator().manual_seed(start)
    reader = GRU(TOKEN, units, generator=random)
    encoder = Encoder(reader, len(words.source), backwards=backwards, generator=random)
    size = units if every_step else 0
    writer = GRU(TOKEN + size, units, generator=random)
    decoder = ContextDecoder(writer, len(words.target), context_size=size, generator=random)
    return Seq2Seq(encoder, decoder, generator=random)


def narrowed(model: Seq2Seq, numbers: int, start: int) -> Seq2Seq:
    """The same, but between its encoder and its decoder so many numbers get through, not more."""
    random = torch.Generator().manual_seed(start)
    units = model.encoder.width
    squeeze = nn.Sequential(
        Linear(units, numbers, generator=random),
        nn.Tanh(),
        Linear(numbers, units, generator=random),
    )
    model.encoder.squeeze = squeeze  # its weights are trained, too

    def through(_: nn.Module, __: Any, encoded: Encoded) -> Encoded:
        context = squeeze(encoded.context)
        return encoded._replace(context=context, state=context[None])

    model.encoder.register_forward_hook(through)
    return model


def behind(encoder: Encoder, model: Seq2Seq) -> Seq2Seq:
    """The model with another reader, which is trained already and stays as it is."""
    model.encoder = copy.deepcopy(encoder).requires_grad_(False)
    return model


def learn(
    model: Seq2Seq,
    train: Examples,
    start: int,
    *,
    rate: float,
    steps: int = STEPS,
    least: float = 1,
) -> list[float]:
    """Train a translator in place by Adam, its rate rising at first, then falling to 0.

    Args:
        model: an untrained translator.
        train: sentences.
        start: the seed of their order.
        rate: the highest.
        steps: how many batches, rounded up to whole passes through the sentences.
        least: the share of true tokens that the decoder reads in the end; 1 is teacher forcing.

    Returns:
        The losses, step by step.
    """
    epochs = math.ceil(steps * BATCH_SIZE / len(train.inputs))
    total = epochs * math.ceil(len(train.inputs) / BATCH_SIZE)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)

    def shape(step: int) -> float:
        model.truth = linear_decay(step, slope=(1 - least) / total, least=least)
        return linear_warmup(step, steps=WARM_UP) * (1 - step / total)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
    optimizer.register_step_pre_hook(lambda *_: _clip(model))
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    loss = CrossEntropy(ignore_index=PADDING)
    settings: dict[str, Any] = {"batch_size": BATCH_SIZE, "device": "cpu", "seed": start}
    return fit(model, loss, optimizer, train, epochs=epochs, **settings).step_loss


def _clip(model: Seq2Seq) -> None:
    clip_by_norm(model.named_parameters(), 1.0)


@torch.no_grad()
def judge(model: Seq2Seq, test: Examples, digits: list[int]) -> dict[int, Scores]:
    """What a translator can do, by the number of digits."""
    model.eval()
    source, y = test.inputs[:, 0], test.targets
    there = y != PADDING
    first = torch.full((len(y),), BEGIN)
    said = greedy(model.step, first, model.begin(source), end=END, max_length=y.shape[1]).tokens
    said = functional.pad(said, (0, y.shape[1] - said.shape[1]))
    exact = ((said == y) | ~there).all(1).double()
    logits = model(test.inputs)
    right = ((logits.argmax(1) == y) & there).sum(1)
    nats = functional.cross_entropy(logits, y, ignore_index=PADDING, reduction="none").sum(1)
    of = torch.tensor(digits)
    scores = {}
    for each in sorted(set(digits)):
        rows = of == each
        tokens = right[rows].sum() / there[rows].sum()
        lost = nats[rows].mean() / math.log(2)
        scores[each] = Scores(*(round(x.item(), 4) for x in (exact[rows].mean(), tokens, lost)))
    return scores


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def _row(scores: list[dict[int, Scores]]) -> dict[str, Any]:
    """Of several starts, by the score's name and the number of digits, where all have such."""
    common = [d for d in scores[0] if all(d in each for each in scores)]
    return {
        name: {str(d): [getattr(each[d], name) for each in scores] for d in common}
        for name in Scores._fields
    }


def study() -> dict[str, Any]:
    """Tune each order's rate on one start, judge it on the others; then the controls."""
    tuning, *judging = (task(start) for start in (TUNED_ON, *STARTS))
    orders: dict[str, Any] = {}
    readers: dict[str, list[Encoder]] = {}
    for arm in ORDERS:
        tried = []
        for rate in RATES:
            model = translator(tuning, TUNED_ON, **ARMS[arm])
            learn(model, tuning.train, TUNED_ON, rate=rate)
            scores = judge(model, tuning.validation, tuning.digits[0])
            tried.append(scores[DIGITS].exact)
        rate = RATES[tried.index(max(tried))]
        runs, first, trained = [], [], []
        for start, words in zip(STARTS, judging, strict=True):
            model = translator(words, start, **ARMS[arm])
            first.append(learn(model, words.train, start, rate=rate)[:FIRST_STEPS])
            runs.append(judge(model, words.test, words.digits[1]))
            trained.append(model.encoder)
        first_losses = [round(loss, 5) for loss in first[0]]
        readers[arm] = trained
        orders[arm] = {"tried": tried, "rate": rate, **_row(runs), "first_losses": first_losses}
    rate = orders[PLAIN]["rate"]

    def runs_of(arm: str, *, reader: str = "", numbers: int = 0, steps: int = STEPS) -> Any:
        found, trained = [], []
        for i, start in enumerate(FEW):
            words = judging[i]
            model = translator(words, start, **ARMS[arm])
            model = behind(readers[reader][i], model) if reader else model
            model = narrowed(model, numbers, start) if numbers else model
            learn(model, words.train, start, rate=rate, steps=steps)
            found.append(judge(model, words.test, words.digits[1]))
            trained.append(model.encoder)
        readers.setdefault(arm, trained)  # of the first call, which is not behind another's
        return _row(found)

    again = runs_of(AGAIN)
    writers = {
        reader: {writer: runs_of(writer, reader=reader) for writer in (PLAIN, AGAIN)}
        for reader in (PLAIN, AGAIN)
    }
    return {
        "settings": {"rates": RATES, "units": UNITS, "steps": STEPS, "pairs": PAIRS}
        | {"tuned_on": TUNED_ON, "starts": STARTS},
        "orders": orders,
        "again": again,
        "writers": writers,
        "narrow": runs_of(AGAIN, numbers=NARROW),
        "longer": runs_of(PLAIN, steps=LONGER),
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
