"""The stored study is the one that the script makes: what is quick of it is made once more."""

import pytest
import torch

from linebyline.data.number_texts import number_texts
from linebyline.language.ngram import NGram
from linebyline.studies.masked_numbers import (
    DRAWS,
    JUDGED,
    LABELS,
    MANY,
    PENALTIES,
    RUNS,
    STARTS,
    STEPS,
    TEXTS,
    TUNE_RATES,
    TUNED_ON,
    Singles,
    counted_runs,
    fit_of_runs,
    learn_pieces,
    pair_task,
    paired_pages,
    read_off,
    single_task,
    small_bert,
    told_apart,
)
from linebyline.studies.number_tasks import PAIRS, SINGLE
from linebyline.transformer.framed_texts import frame_texts

WAYS = [*RUNS, "trigrams", "from scratch", "pre-trained", "fit of words"]


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "steps": STEPS,
        "labels": LABELS,
        "judged": JUDGED,
        "draws": DRAWS,
        "tuned_on": [*TUNED_ON],
        "starts": [*STARTS],
    }
    assert not set(TUNED_ON) & set(STARTS)
    assert {kind: [*row] for kind, row in stored["tasks"].items()} == dict.fromkeys(SINGLE, WAYS)
    for rows in (*stored["tasks"].values(), stored["pages"]):
        assert all(len(row) == len(STARTS) for row in rows.values())


def test_settings_are_the_best_of_those_tried(stored):
    for way, row in stored["tried"].items():
        values = PENALTIES if way in RUNS else TUNE_RATES
        assert stored["best"][way] == values[row.index(max(row))]


def test_pages_have_every_kind_and_way(stored):
    names = [f"asked, {kind}" for kind in PAIRS]
    names += [f"{way}, hidden words" for way in ("with", "without")]
    for way in ("from scratch", "with", "without"):
        names += [f"{way}, {kind}, {LABELS}" for kind in PAIRS] + [f"{way}, stranger, {MANY}"]
    assert sorted(stored["pages"]) == sorted(names)


@pytest.mark.parametrize("kind", SINGLE)
def test_what_needs_no_training_ends_as_stored(stored, kind):
    seed = STARTS[0]
    judged = single_task(kind, JUDGED, 1000 * seed)
    draws = [single_task(kind, LABELS, 1000 * seed + draw) for draw in range(1, DRAWS + 1)]
    for way, longest in RUNS.items():
        shares = [
            read_off(counted_runs(few, longest), few, judged, penalty=stored["best"][way])
            for few in draws
        ]
        assert sum(shares) / DRAWS == pytest.approx(stored["tasks"][kind][way][0], abs=0.01)


def test_trigrams_end_as_stored(stored):
    seed = STARTS[0]
    texts = number_texts(TEXTS, seed=seed)
    tokenizer = learn_pieces(texts)
    framed = frame_texts(tokenizer, texts)
    ids = framed.ids[framed.inside].tolist()
    table = NGram.train(ids, order=3, vocab_size=tokenizer.vocab_size)
    judged = single_task("units", JUDGED, 1000 * seed)
    shares = [
        read_off(
            fit_of_runs(table, tokenizer), single_task("units", LABELS, 1000 * seed + draw), judged
        )
        for draw in range(1, DRAWS + 1)
    ]
    found = stored["tasks"]["units"]["trigrams"][0]
    assert sum(shares) / DRAWS == pytest.approx(found, abs=0.01)


def test_a_network_from_scratch_ends_as_stored(stored):
    seed = STARTS[0]
    singles = Singles.__new__(Singles)
    singles.seed, singles.tokenizer = seed, learn_pieces(number_texts(TEXTS, seed=seed))
    model = small_bert(singles.tokenizer.vocab_size, seed)
    judged = single_task("units", JUDGED, 1000 * seed)
    rate = stored["best"]["from scratch"]
    shares = [
        singles.tuned(model, single_task("units", LABELS, 1000 * seed + draw), judged, rate)
        for draw in range(1, DRAWS + 1)
    ]
    found = stored["tasks"]["units"]["from scratch"][0]
    assert sum(shares) / DRAWS == pytest.approx(found, abs=0.1)  # rounding differs by processor


def test_pairs_are_cut_from_pages():
    pages = paired_pages(3)
    assert 0.3 < pages.follows.float().mean() < 0.5
    tokens = pages.texts.inside.sum(1)
    assert tokens.max() <= 16 + 3
    both = (pages.texts.segments == 1).any(1)
    assert both.all()


def test_the_second_head_is_read(monkeypatch):
    task = pair_task("stranger", 10, 0)
    pages = paired_pages(3)
    model = small_bert(pages.tokenizer.vocab_size, 0).eval()
    with torch.no_grad():
        model.follows.weight.zero_()
        model.follows.bias.copy_(torch.tensor([1.0, 0.0]))
    assert told_apart(model, pages.tokenizer, task) == 0.5
    only = task._replace(labels=torch.zeros(10, dtype=torch.int64))
    assert told_apart(model, pages.tokenizer, only) == 1
