"""A small BERT learns to count: what it is asked, and what few labels can read off it.

This writes `masked_numbers.json` beside the file::

    python -m linebyline.studies.masked_numbers

The texts are numbers in English words. A BERT of two blocks, 64 features wide, is asked for hidden
words (80/10/10) for some hundred steps of AdamW; then it is fine-tuned on `LABELS` labelled texts,
and judged on others, in tasks that are about the order of words, and in one that is not. Rivals
have the same labels: the same network that was not pre-trained, TF-IDF over words and over runs of
three, and trigrams that were counted on the texts without labels. In the last way nothing of the
network is changed: a text is described by how well its words fit.

A second pair of networks reads two pieces of a page that counts on, one with the question whether
the second piece follows, one without. Rates of fine-tuning and penalties are chosen on the seeds
`TUNED_ON`, and everything is judged on `STARTS`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from linebyline.data.masked_tokens import NO_TARGET, mask_tokens
from linebyline.data.number_texts import (
    counting_pages,
    exchange_units,
    exchange_words,
    number_texts,
    replace_word,
)
from linebyline.language.bag_of_words import BagOfWords
from linebyline.language.ngram import NGram
from linebyline.language.tf_idf import inverse_document_frequency, tf_idf
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.self_supervised.linear_probe import linear_probe
from linebyline.studies import record
from linebyline.tokenizers.wordpiece import WordPieceTokenizer
from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_classifier import BERTClassifier
from linebyline.transformer.bert_config import BERT_BASE_BLOCK, BERTConfig
from linebyline.transformer.bert_pretraining import (
    BERTPretraining,
    pretraining_loss,
    pretraining_targets,
)
from linebyline.transformer.expected_words import hidden_log_probability
from linebyline.transformer.framed_texts import FramedTexts, frame_texts

BLOCK = replace(
    BERT_BASE_BLOCK,
    model_size=64,
    num_heads=4,
    hidden_size=256,
    dropout=0.0,
    attention_dropout=0.0,
)
WIDER = 5
"""First weights are so much larger than BERT's 0.02, which is meant for 768 features."""

CONTEXT, VOCABULARY, TEXTS, PAGES = 32, 170, 8000, 3000
STEPS, BATCH_SIZE, RATE = 600, 64, 3e-3
LABELS, JUDGED = 20, 300
TUNE_STEPS, TUNE_RATES = 100, (3e-4, 1e-3, 3e-3)
PENALTIES = (0.001, 0.01, 0.1)
TUNED_ON = (100, 101)
STARTS = tuple(range(201, 206))


class Task(NamedTuple):
    """Texts, maybe in pairs, with 0 for each that is as it should be and 1 for each other."""

    firsts: list[str]
    seconds: list[str] | None
    labels: Tensor


def learn_pieces(texts: list[str]) -> WordPieceTokenizer:
    """A vocabulary for numbers in English, in which every word is one token."""
    return WordPieceTokenizer.train(texts, vocab_size=VOCABULARY, score="frequency")


def small_bert(vocab_size: int, seed: int) -> BERTPretraining:
    """Two blocks of 64 features, with first weights for this width."""
    draw = torch.Generator().manual_seed(seed)
    config = BERTConfig(vocab_size=vocab_size, context=CONTEXT, num_blocks=2, block=BLOCK)
    model = BERTPretraining(BERT(config, generator=draw), generator=draw)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 2:
                weight.mul_(WIDER)
    return model


def pretrain(
    texts: FramedTexts,
    tokenizer: WordPieceTokenizer,
    *,
    seed: int,
    steps: int = STEPS,
    follows: Tensor | None = None,
    masked: float = 0.8,
    replaced: float = 0.1,
) -> tuple[BERTPretraining, list[float]]:
    """Ask for hidden words, and, with `follows`, whether the second piece follows.

    The loss of the words at each step is the second answer.
    """
    model = small_bert(tokenizer.vocab_size, seed)
    draw = torch.Generator().manual_seed(seed)
    special = tokenizer.special_tokens
    advance = optimizer(model, RATE, steps)
    losses = []
    for _ in range(steps):
        rows = torch.randint(len(texts.ids), (BATCH_SIZE,), generator=draw)
        ids, segments, inside = texts.at(rows)
        asked = mask_tokens(
            ids,
            mask_id=special["[MASK]"],
            special_ids=[special[name] for name in ("[PAD]", "[CLS]", "[SEP]")],
            vocab_size=tokenizer.vocab_size,
            masked=masked,
            replaced=replaced,
            generator=draw,
        )
        logits = model(asked.inputs, segments, inside)
        loss = words = cross_entropy(logits.words, asked.targets, ignore_index=NO_TARGET)
        if follows is not None:
            loss = pretraining_loss(logits, pretraining_targets(asked.targets, follows[rows]))
        advance(loss)
        losses.append(words.item())
    return model.eval(), losses


def optimizer(model: torch.nn.Module, rate: float, steps: int) -> Callable[[Tensor], None]:
    """One step of AdamW, with a rate that rises for a tenth of the steps and falls to 0."""
    adam = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    warm = max(1, steps // 10)
    rise_and_fall = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min((step + 1) / warm, (steps - step) / (steps - warm))
    )

    def advance(loss: Tensor) -> None:
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        rise_and_fall.step()

    return advance


def fine_tune(
    bert: BERT,
    texts: FramedTexts,
    labels: Tensor,
    *,
    rate: float,
    seed: int,
    steps: int = TUNE_STEPS,
) -> BERTClassifier:
    """A copy of BERT with a new layer on [CLS], all of it trained on all labelled texts at once."""
    draw = torch.Generator().manual_seed(seed)
    model = BERTClassifier(deepcopy(bert), 2, dropout=0.0, generator=draw).train()
    advance = optimizer(model, rate, steps)
    for _ in range(steps):
        advance(cross_entropy(model(*texts), labels))
    return model.eval()


@torch.no_grad()
def right(model: torch.nn.Module, texts: FramedTexts, labels: Tensor) -> float:
    """The share of texts that a model labels rightly."""
    return (model(*texts).argmax(1) == labels).float().mean().item()


def single_task(kind: str, count: int, seed: int) -> Task:
    """Half of the texts broken: "units", "words" or "replaced"; or, not broken, "size".

    In "size" a text is one of at most six digits, or one of more; a single word tells it.
    """
    draw = random.Random(seed)
    digits = {"units": (7, 9), "size": (4, 9)}.get(kind, (5, 9))
    texts = number_texts(5 * count, digits=digits, seed=seed)
    if kind == "units":
        texts = [text for text in texts if "thousand" in text]
    if kind == "size":
        return Task(texts[:count], None, torch.tensor(["million" in t for t in texts[:count]]).long())
    known = sorted({word for text in texts for word in text.split()})
    change: dict[str, Callable[[str], str]] = {
        "units": exchange_units,
        "words": lambda text: exchange_words(text, draw),
        "replaced": lambda text: replace_word(text, known, draw).text,
    }
    labels = torch.arange(count) % 2
    found = [change[kind](text) if bad else text for text, bad in zip(texts, labels, strict=False)]
    return Task(found, None, labels)


def pair_task(kind: str, count: int, seed: int) -> Task:
    """Half of the pairs are a number and the next; the others "stranger", "turned" or "skipped"."""
    pages = counting_pages(2 * count, lines=4, seed=seed)
    labels = torch.arange(count) % 2
    firsts, seconds = [], []
    for number, bad in enumerate(labels.tolist()):
        first, second, _, later = pages[number]
        if bad and kind == "stranger":
            second = pages[count + number][0]
        elif bad and kind == "turned":
            first, second = second, first
        elif bad:
            second = later
        firsts.append(first)
        seconds.append(second)
    return Task(firsts, seconds, labels)


def read_off(
    see: Callable[[Task], Tensor], few: Task, judged: Task, *, penalty: float = 0.01
) -> float:
    """The share that a linear probe labels rightly, on descriptions that stay as they are."""
    features, others = see(few), see(judged)
    centre, spread = features.mean(0), features.std().clamp(min=1e-6)
    probe = linear_probe(
        (features - centre) / spread, few.labels, penalty=penalty, tolerance=1e-5
    )
    return (probe((others - centre) / spread).argmax(1) == judged.labels).float().mean().item()


def words_of(task: Task) -> list[list[str]]:
    """The words of each text; of a pair both, with a mark between."""
    seconds = [""] * len(task.firsts) if task.seconds is None else task.seconds
    return [f"{a} | {b}".split() for a, b in zip(task.firsts, seconds, strict=True)]


def counted_runs(few: Task, longest: int) -> Callable[[Task], Tensor]:
    """TF-IDF over runs of up to so many words, as the labelled texts have them."""
    bag = BagOfWords.learn(words_of(few), longest=longest)
    idf = inverse_document_frequency(bag(words_of(few)))
    return lambda task: tf_idf(bag(words_of(task)), idf)


def fit_of_words(model: BERTPretraining, tokenizer: WordPieceTokenizer) -> Callable[[Task], Tensor]:
    """How well the worst word fits all others, and how well all do on average."""
    mask_id = tokenizer.special_tokens["[MASK]"]

    def see(task: Task) -> Tensor:
        texts = frame_texts(tokenizer, task.firsts, task.seconds)
        fits = hidden_log_probability(model, *texts, mask_id=mask_id)
        return least_and_mean(fits, texts)

    return see


def fit_of_runs(table: NGram, tokenizer: WordPieceTokenizer) -> Callable[[Task], Tensor]:
    """The same for a table of trigrams, which sees the two tokens before."""

    def see(task: Task) -> Tensor:
        texts = frame_texts(tokenizer, task.firsts, task.seconds)
        fits = torch.zeros(texts.ids.shape)
        for row, inside in enumerate(texts.inside.sum(1).tolist()):
            ids = texts.ids[row, :inside].tolist()
            for t in range(1, inside):
                fits[row, t] = table.probability(ids[t], ids[max(0, t - 2) : t])
        return least_and_mean(fits.clamp(min=1e-9).log(), texts, end=True)

    return see


def least_and_mean(fits: Tensor, texts: FramedTexts, *, end: bool = False) -> Tensor:
    """Of the places with a word, two figures for each text; with `end` of the last [SEP], too."""
    length = texts.inside.sum(1, keepdim=True) - (0 if end else 1)
    place = torch.arange(fits.shape[1])
    counted = (place > 0) & (place < length)
    least = fits.masked_fill(~counted, 0.0).amin(1)
    mean = fits.masked_fill(~counted, 0.0).sum(1) / counted.sum(1)
    return torch.stack([least, mean], 1)
