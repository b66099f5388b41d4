"""Numbers from English to Korean, by translators that look back and by those that must remember.

This writes `where_to_look.json` beside the file::

    python -m linebyline.studies.where_to_look

An arm is a decoder with its attention, or without one. Every arm takes the rate with the most
validation numbers right on the start `TUNED_ON`, and is judged by the test numbers of `STARTS`. A
start is the seed of the numbers, of their split, of the first weights and of the batches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from linebyline.data.examples import Examples
from linebyline.data.token_pairs import BEGIN, END, PADDING, Vocabulary, token_pairs
from linebyline.data.translation import Pairs, PairsSplit, number_pairs, split_pairs
from linebyline.decoding.greedy import greedy
from linebyline.layers.attention import AdditiveAttention, DotAttention, GeneralAttention
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.optim.lr_schedules import Schedule, cosine_decay
from linebyline.sequence.attention_decoder import BahdanauDecoder, LuongDecoder
from linebyline.sequence.decoder import ContextDecoder, Decoder
from linebyline.sequence.encoder import Encoder
from linebyline.sequence.gru import GRU
from linebyline.sequence.seq2seq import Seq2Seq
from linebyline.studies import record
from linebyline.tokenizers.character import CharacterTokenizer
from linebyline.tokenizers.word import WordTokenizer
from linebyline.training.loop import fit
from linebyline.transformer.transformer import Transformer

DIGITS = (1, 10)
COUNT = 9000
EMBEDDING = 32
HIDDEN = 32
BATCH = 128
EPOCHS = 5
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
TUNED_ON = 100
STARTS = (101, 102)
FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""


class Arm(NamedTuple):
    """A decoder, how it scores, and how many times as long it learns."""

    decoder: str
    scores: str = ""
    patience: int = 1


ARMS: Mapping[str, Arm] = {
    "fixed": Arm("context"),
    "patient": Arm("context", patience=2),
    "even": Arm("bahdanau", "even"),
    "bahdanau": Arm("bahdanau", "additive"),
    "dot": Arm("luong", "dot"),
    "general": Arm("luong", "general"),
    "additive": Arm("luong", "additive"),
}


class Task(NamedTuple):
    """Pairs in three parts, the same as ids, and the two vocabularies."""

    pairs: PairsSplit
    train: Examples
    validation: Examples
    test: Examples
    english: Vocabulary
    korean: Vocabulary

    def ids(self, pairs: Pairs) -> Examples:
        """Other pairs, in the vocabularies of these."""
        return token_pairs(pairs, self.english, self.korean)


class Run(NamedTuple):
    """A translator that has learned, its task, and its loss at every step."""

    model: Seq2Seq
    task: Task
    losses: list[float]


def words_only(pairs: Pairs) -> Pairs:
    """Without the commas and hyphens of the sources: seventy-eight becomes two words."""
    cut = str.maketrans({",": " ", "-": " "})
    sources = [" ".join(source.translate(cut).split()) for source in pairs.sources]
    return pairs._replace(sources=sources)


def numbers(start: int) -> Task:
    """Numbers of up to ten digits: 7,650 to learn from, 450 to choose by, 900 to judge by."""
    pairs = words_only(number_pairs(COUNT, digits=DIGITS, seed=start))
    english = Vocabulary(WordTokenizer.train(pairs.sources))
    korean = Vocabulary(CharacterTokenizer.train(pairs.targets))
    parts = split_pairs(pairs, validation_share=0.05, test_share=0.1, seed=start)
    train, validation, test = (token_pairs(part, english, korean) for part in parts)
    return Task(parts, train, validation, test, english, korean)


def translator(arm: str, english: int, korean: int, *, start: int) -> Seq2Seq:
    """An arm's translator as it begins, for vocabularies of these sizes.

    An encoder in two directions with half the units each, so that an h_j is as long as the
    decoder's state, and the dot product exists.

    Raises:
        ValueError: there is no such arm.
    """
    own = _named(arm)
    g = torch.Generator().manual_seed(start)
    H = HIDDEN
    reader = GRU(EMBEDDING, H // 2, bidirectional=True, generator=g)
    encoder = Encoder(reader, english, generator=g)
    beside = 0 if own.decoder == "luong" else H
    writer = GRU(EMBEDDING + beside, H, generator=g)
    decoder: Decoder
    if own.decoder == "context":
        decoder = ContextDecoder(writer, korean, context_size=H, generator=g)
    elif own.decoder == "bahdanau":
        decoder = BahdanauDecoder(writer, korean, H, generator=g)
        if own.scores == "even":
            hold_even(decoder)
    else:
        attention: dict[str, Callable[[], nn.Module]] = {
            "dot": DotAttention,
            "general": lambda: GeneralAttention(H, H, generator=g),
            "additive": lambda: AdditiveAttention(H, H, H, generator=g),
        }
        looks = attention[own.scores]()
        decoder = LuongDecoder(writer, korean, looks, H, generator=g)
    return Seq2Seq(encoder, decoder, generator=g)


def hold_even(decoder: BahdanauDecoder) -> None:
    """Let v be 0 for ever, so that all scores are 0 and all weights equal: the same network, which
    looks at everything alike.
    """
    decoder.attention.score.weight.requires_grad_(False).zero_()


def learn(arm: str, start: int, *, rate: float, epochs: int | None = None) -> Run:
    """Train one translator by Adam, its rate falling to 0 along a cosine.

    Args:
        arm: one of `ARMS`.
        start: the seed of everything.
        rate: Adam's first rate.
        epochs: `EPOCHS`, times the arm's patience, unless you say otherwise; the rate has fallen
            to 0 when they are over.

    Returns:
        The run; its model is in evaluation mode.

    Raises:
        ValueError: as for `translator`.
    """
    own = _named(arm)
    task = numbers(start)
    model = translator(arm, len(task.english), len(task.korean), start=start)
    free = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(free, lr=rate)
    epochs = epochs or EPOCHS * own.patience
    steps = epochs * -(-len(task.train.inputs) // BATCH)
    schedule = Schedule(optimizer, cosine_decay, steps=steps)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    history = fit(
        model,
        CrossEntropy(ignore_index=PADDING),
        optimizer,
        task.train,
        epochs=epochs,
        batch_size=BATCH,
        device="cpu",
        seed=start,
    )
    return Run(model.eval(), task, history.step_loss)


def right(model: Seq2Seq | Transformer, examples: Examples) -> Bool[Tensor, " pairs"]:
    """Which sources are translated to the last character, by greedy decoding."""
    sources, longest = examples.inputs[:, 0], examples.targets.shape[1]
    first = torch.full((len(sources),), BEGIN)
    said = greedy(model.step, first, model.begin(sources), end=END, max_length=longest)
    inside = torch.arange(said.tokens.shape[1]) < said.lengths[:, None]
    tokens = said.tokens.masked_fill(~inside, PADDING)
    padded = torch.full_like(examples.targets, PADDING)
    padded[:, : tokens.shape[1]] = tokens
    return (padded == examples.targets).all(1)


def by_digits(correct: Bool[Tensor, " pairs"], pairs: Pairs) -> dict[int, float]:
    """The share that is right of the numbers of each length, from 3 digits on.

    Of one and two digits there are hardly any.
    """
    lengths = torch.tensor([int(kind) for kind in pairs.kinds])
    present = sorted(set(lengths[lengths > 2].tolist()))
    return {n: correct[lengths == n].double().mean().item() for n in present}


def _named(arm: str) -> Arm:
    if arm not in ARMS:
        raise ValueError(f"arm must be one of {', '.join(ARMS)}, not {arm!r}")
    return ARMS[arm]


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate, then judge it on other starts."""
    return {
        "settings": {"digits": DIGITS, "count": COUNT, "epochs": EPOCHS, "rates": RATES},
        "arms": {arm: _judge(arm) for arm in ARMS},
    }


def _judge(arm: str) -> dict[str, Any]:
    """From the middle rate on, walk to the best one; what was not tried is no rival."""
    tried: dict[float, float] = {}

    def share(place: int) -> float:
        rate = RATES[place]
        if rate not in tried:
            run = learn(arm, TUNED_ON, rate=rate)
            correct = right(run.model, run.task.validation)
            tried[rate] = round(correct.double().mean().item(), 4)
        return tried[rate]

    best = len(RATES) // 2
    while True:
        near = [place for place in (best - 1, best, best + 1) if 0 <= place < len(RATES)]
        better = max(near, key=share)
        if better == best or share(better) == share(best):
            break
        best = better
    runs = [learn(arm, start, rate=RATES[best]) for start in STARTS]
    correct = [right(run.model, run.task.test) for run in runs]
    lengths = [by_digits(c, run.task.pairs.test) for c, run in zip(correct, runs, strict=True)]
    return {
        "tried": {str(rate): tried[rate] for rate in sorted(tried)},
        "rate": RATES[best],
        "parameters": sum(p.numel() for p in runs[0].model.parameters()),
        "right": [round(c.double().mean().item(), 4) for c in correct],
        "by_digits": {str(n): [round(one[n], 3) for one in lengths] for n in lengths[0]},
        "first_losses": [round(loss, 5) for loss in runs[0].losses[:FIRST_STEPS]],
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
