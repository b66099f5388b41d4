"""The stored study is the one that the script makes: the first steps are made once more."""

import math

import pytest
import torch

from linebyline.language.compression import compressed_bits_per_character
from linebyline.language.ngram import NGram
from linebyline.studies.small_gpt import CONTEXT, MODELS, corpus, gpt, learn, lstm, operations
from linebyline.studies.two_memories import (
    DROPOUTS,
    FIRST_STEPS,
    ORDERS,
    PASSAGE,
    PASSAGES,
    RATES,
    SEEN,
    STARTS,
    STEPS,
    TUNED_ON,
    counted,
    counters,
    mixed,
    nats_of_counts,
    nats_of_last,
    nats_of_rows,
    passages,
    twice,
)


@pytest.fixture(scope="module")
def data():
    return corpus(STARTS[0])


@pytest.mark.parametrize("name", MODELS)
def test_the_first_steps_are_those_that_are_stored(name, stored, data, first_losses):
    from linebyline.studies import small_gpt

    def train():
        chosen = stored["tuned"][name]
        model = MODELS[name](STARTS[0], chosen["dropout"])
        learn(model, data.train, rate=chosen["rate"], start=STARTS[0], steps=STEPS)

    found = first_losses(train, small_gpt, "cross_entropy", steps=FIRST_STEPS)
    row = stored["judged"][str(STARTS[0])]["first_losses"][name]
    assert found == pytest.approx(row, abs=2e-3)


def test_what_needs_no_training_is_as_stored(stored, data):
    row = stored["judged"][str(STARTS[0])]["bits"]
    order = int(min(stored["orders"]["byte pairs"], key=stored["orders"]["byte pairs"].get))
    model = NGram.train(data.train, order=order, vocab_size=1024)
    assert counted(model, data, "test") == pytest.approx(row["n-gram, byte pairs"], abs=0.03)
    xz = compressed_bits_per_character(data.text.test, primed=data.text.train)
    assert xz == pytest.approx(row["xz, primed"], abs=0.03)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "context": CONTEXT,
        "steps": STEPS,
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
        "rates": {name: [*rates] for name, rates in RATES.items()},
        "dropouts": [*DROPOUTS],
    }
    assert TUNED_ON not in STARTS
    assert stored["operations"] == {name: operations(make(0)) for name, make in MODELS.items()}
    assert list(stored["judged"]) == [str(start) for start in STARTS]
    for row in stored["judged"].values():
        assert all(len(row["seen"][name]) == len(SEEN) for name in MODELS)


def test_rates_and_dropouts_are_the_best_of_those_tried(stored):
    for row in stored["tuned"].values():
        assert row["rate"] == float(min(row["tried"], key=row["tried"].get))
        assert row["dropout"] == float(min(row["dropouts"], key=row["dropouts"].get))
    for kind, tried in stored["orders"].items():
        assert list(tried) == [str(order) for order in ORDERS[kind]]


def test_the_last_token_is_judged_behind_so_many_others():
    ids = torch.randint(1024, (CONTEXT + 9,)).tolist()
    model = gpt(0).eval()
    each = nats_of_last(model, ids, 5)
    assert each.shape == (3,)
    with torch.no_grad():
        logits = model(torch.tensor([ids[CONTEXT - 1 : CONTEXT + 4]]))[0, :, -1]
    truth = -logits.log_softmax(0)[ids[CONTEXT + 4]].item()
    assert each[1].item() == pytest.approx(truth, abs=1e-4)


def test_passages_are_pieces_of_the_text():
    text = list(range(5000))
    pieces = passages(text)
    assert pieces.shape == (PASSAGES, PASSAGE)
    assert (pieces.diff(dim=1) == 1).all()
    assert (pieces[0, 0], pieces[-1, -1]) == (0, 4999)


def test_whoever_copies_pays_once_and_whoever_counts_pays_twice(data):
    pieces = torch.randint(100, (4, PASSAGE))

    def copies(rows):
        nats = torch.full((len(rows), rows.shape[1] - 1), math.log(100))
        nats[:, PASSAGE:] = 0
        return nats

    assert twice(copies, pieces) == pytest.approx({"first": math.log2(100), "again": 0})
    model = NGram.train(data.train, order=1, vocab_size=1024)
    once, again = twice(lambda rows: nats_of_counts(model, rows), passages(data.test)).values()
    assert again == pytest.approx(once, abs=1e-9)


def test_rows_cost_what_their_tokens_cost():
    model, rows = lstm(0).eval(), torch.randint(1024, (2, 7))
    each = nats_of_rows(model, rows)
    with torch.no_grad():
        logits = model(rows[:, :3])[:, :, -1]
    truth = -logits.log_softmax(1).gather(1, rows[:, 3:4])[:, 0]
    torch.testing.assert_close(each[:, 2], truth, rtol=1e-4, atol=1e-4)


def test_mixed_is_the_mean_of_probabilities():
    p, q = torch.tensor([0.5, 1e-9]).double(), torch.tensor([0.25, 0.5]).double()
    torch.testing.assert_close(mixed(-p.log(), -q.log()), -((p + q) / 2).log())


def test_counters_are_of_all_orders(data):
    short = data._replace(train=data.train[:500], text=data.text._replace(train="abc " * 50))
    models = counters(short)
    assert {kind: tuple(row) for kind, row in models.items()} == ORDERS
    assert all(model.order == n for row in models.values() for n, model in row.items())
