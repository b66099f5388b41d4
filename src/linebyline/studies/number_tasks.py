"""Tasks about numbers in words with few labels, and what can be read off them.

Half of the texts of a task are as they should be. Rivals of a network are TF-IDF over words and
over runs of words, and a table of trigrams; all are judged by the linear probe that they are given.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from linebyline.data.number_texts import (
    counting_pages,
    exchange_units,
    exchange_words,
    number_of,
    number_texts,
    replace_word,
)
from linebyline.language.bag_of_words import BagOfWords
from linebyline.language.ngram import NGram
from linebyline.language.tf_idf import inverse_document_frequency, tf_idf
from linebyline.self_supervised.linear_probe import linear_probe
from linebyline.tokenizers.wordpiece import WordPieceTokenizer
from linebyline.transformer.bert_pretraining import BERTPretraining
from linebyline.transformer.expected_words import hidden_log_probability
from linebyline.transformer.framed_texts import FramedTexts, frame_texts

SINGLE = ("units", "words", "replaced", "size")
PAIRS = ("stranger", "turned", "skipped")
DIGITS = (3, 4)
"""Of the first number of a page that counts on."""


class Task(NamedTuple):
    """Texts, maybe in pairs, with 0 for each that is as it should be and 1 for each other."""

    firsts: list[str]
    seconds: list[str] | None
    labels: Tensor


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
        return Task(
            texts[:count], None, torch.tensor(["million" in t for t in texts[:count]]).long()
        )
    known = sorted({word for text in texts for word in text.split()})
    change: dict[str, Callable[[str], str]] = {
        "units": exchange_units,
        "words": lambda text: exchange_words(text, draw),
        "replaced": lambda text: replace_word(text, known, draw).text,
    }
    labels = torch.arange(count) % 2
    found = [
        broken(text, change[kind]) if bad else text
        for text, bad in zip(texts, labels, strict=False)
    ]
    return Task(found, None, labels)


def broken(text: str, change: Callable[[str], str]) -> str:
    """What a change makes of a text, drawn again while it is still a number."""
    while True:
        found = change(text)
        if number_of(found) is None:
            return found


def pair_task(kind: str, count: int, seed: int) -> Task:
    """Half of the pairs are a number and the next; the others "stranger", "turned" or "skipped"."""
    pages = counting_pages(2 * count, lines=4, digits=DIGITS, seed=seed)
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
    probe = linear_probe((features - centre) / spread, few.labels, penalty=penalty, tolerance=1e-5)
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
