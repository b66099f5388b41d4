"""Tasks are labelled rightly, and each way to describe texts sees what it should."""

import math

import pytest
import torch

from linebyline.data.number_texts import number_of, number_texts
from linebyline.language.ngram import NGram
from linebyline.studies.number_tasks import (
    PAIRS,
    SINGLE,
    Task,
    broken,
    counted_runs,
    fit_of_runs,
    fit_of_words,
    least_and_mean,
    pair_task,
    read_off,
    single_task,
    words_of,
)
from linebyline.studies.small_bert import learn_pieces, small_bert
from linebyline.transformer.expected_words import hidden_log_probability
from linebyline.transformer.framed_texts import frame_texts


@pytest.mark.parametrize("kind", SINGLE)
def test_labels_say_which_texts_are_numbers(kind):
    task = single_task(kind, 60, 3)
    assert len(task.firsts) == len(task.labels) == 60
    assert task.seconds is None
    assert 10 < task.labels.sum() < 50
    for text, label in zip(task.firsts, task.labels.tolist(), strict=True):
        if kind == "size":
            assert label == ("million" in text)
        else:
            assert (number_of(text) is None) == label
    assert task.firsts == single_task(kind, 60, 3).firsts
    assert task.firsts != single_task(kind, 60, 4).firsts


@pytest.mark.parametrize("kind", PAIRS)
def test_labels_say_which_pairs_count_on(kind):
    task = pair_task(kind, 40, 5)
    numbers = [[number_of(text) for text in texts] for texts in (task.firsts, task.seconds)]
    for first, second, label in zip(*numbers, task.labels.tolist(), strict=True):
        assert (second != first + 1) == label
        if label and kind != "stranger":
            assert second - first == {"turned": -1, "skipped": 3}[kind]


def test_a_change_that_leaves_a_number_is_drawn_again():
    answers = iter(["one", "two thousand", "thousand two"])
    assert broken("two", lambda _: next(answers)) == "thousand two"


def test_words_of_a_pair_are_marked():
    assert words_of(Task(["one two"], ["three"], torch.zeros(1))) == [["one", "two", "|", "three"]]


def test_a_probe_reads_what_is_there():
    few, judged = single_task("size", 40, 0), single_task("size", 100, 1)
    assert read_off(counted_runs(few, 1), few, judged) > 0.85
    blind = lambda task: torch.ones(len(task.firsts), 2)  # noqa: E731
    assert read_off(blind, few, judged) == pytest.approx(0.5, abs=0.2)


def test_longer_runs_are_more_columns():
    few = single_task("words", 20, 0)
    one, three = (counted_runs(few, longest)(few) for longest in (1, 3))
    assert three.shape[1] > 2 * one.shape[1]
    torch.testing.assert_close(three.square().sum(1), torch.ones(20))


@pytest.fixture(scope="module")
def tokenizer():
    return learn_pieces(number_texts(300, seed=0))


def test_the_fit_of_words_is_the_least_and_the_mean(tokenizer):
    task = single_task("words", 4, 0)
    model = small_bert(tokenizer.vocab_size, 0).eval()
    found = fit_of_words(model, tokenizer)(task)
    texts = frame_texts(tokenizer, task.firsts)
    mask_id = tokenizer.special_tokens["[MASK]"]
    fits = hidden_log_probability(model, *texts, mask_id=mask_id)
    length = len(task.firsts[2].split())
    expected = fits[2, 1 : length + 1]
    torch.testing.assert_close(found[2], torch.stack([expected.min(), expected.mean()]))


def test_the_fit_of_runs_is_the_tables(tokenizer):
    task = single_task("words", 3, 0)
    texts = frame_texts(tokenizer, task.firsts)
    table = NGram.train(texts.ids[texts.inside].tolist(), order=3, vocab_size=tokenizer.vocab_size)
    found = fit_of_runs(table, tokenizer)(task)
    ids = tokenizer.frame(task.firsts[1]).ids
    fits = [math.log(table.probability(i, ids[max(0, t - 2) : t])) for t, i in enumerate(ids) if t]
    assert found[1].tolist() == pytest.approx([min(fits), sum(fits) / len(fits)], rel=1e-5)


def test_padding_and_frame_do_not_count(tokenizer):
    texts = frame_texts(tokenizer, ["two", "two thousand and five"])
    fits = -torch.arange(6.0).repeat(2, 1)
    assert least_and_mean(fits, texts).tolist() == [[-1, -1], [-4, -2.5]]
    assert least_and_mean(fits, texts, end=True).tolist() == [[-2, -1.5], [-5, -3]]
