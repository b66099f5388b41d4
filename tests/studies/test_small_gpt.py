"""The small GPT and its rival: what they cost, how they learn, how their bits are counted."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from linebyline.studies import small_gpt
from linebyline.studies.small_gpt import (
    CONTEXT,
    MODELS,
    SIZE,
    STRIDE,
    VOCABULARY,
    bits,
    corpus,
    gpt,
    learn,
    lstm,
    nats,
    nats_carried,
    operations,
    widened,
)


@pytest.fixture(scope="module")
def data():
    return corpus(0)


@pytest.fixture(scope="module")
def ids():
    return torch.randint(VOCABULARY, (CONTEXT + 3 * STRIDE + 5,)).tolist()


def test_both_have_as_many_operations():
    first, second = (operations(make(0)) for make in MODELS.values())
    assert first <= second <= 1.011 * first  # and the GPT not more


def test_operations_of_an_lstm_are_those_that_torch_counts_when_it_is_written_out():
    model = lstm(0)
    one = torch.zeros(1, CONTEXT, dtype=torch.int64)
    with FlopCounterMode(display=False) as counter:
        h, _ = model.recurrent.explicit(model.embedding(one))
        cross_entropy(model.output(h).mT, one).backward()
    assert operations(model) == pytest.approx(counter.get_total_flops() / CONTEXT, rel=0.02)


def test_matrices_are_as_wide_as_the_root_of_the_size_says():
    query = gpt(0).blocks[0].attention.query
    assert query.weight.std().item() == pytest.approx(0.02 * math.sqrt(768 / SIZE), rel=0.05)
    model = gpt(0)
    norm, before = model.norm.weight.clone(), model.token.weight.clone()
    widened(model, 3.0)
    assert torch.equal(model.token.weight, 3 * before)
    assert torch.equal(model.norm.weight, norm)


@pytest.mark.parametrize("name", MODELS)
def test_dropout_is_where_it_is_asked_for(name, ids):
    x = torch.tensor([ids[:CONTEXT]])
    for dropout, same in ((0.0, True), (0.5, False)):
        model = MODELS[name](0, dropout)
        assert torch.equal(model(x), model(x)) is same
        model.eval()
        assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("name", MODELS)
def test_a_network_learns_a_text_by_heart(name):
    text = torch.randint(50, (CONTEXT + 1,), generator=torch.Generator().manual_seed(0)).tolist()
    model = MODELS[name](0)
    losses = learn(model, [*text, 0], rate=0.006, start=0, steps=80)
    assert losses[0] > 6
    assert losses[-1] < 0.2 * losses[0]
    assert not model.training


def test_the_global_generator_is_left_alone(data):
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    learn(gpt(0, 0.1), data.train, rate=0.001, start=0, steps=1)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("make", [gpt, lstm])
def test_each_token_is_judged_once_behind_enough_others(make, ids):
    model = make(0).eval()
    each = nats(model, ids)
    count = CONTEXT + 3 * STRIDE
    assert each.shape == (count,)
    for t in (0, CONTEXT - 1, CONTEXT, CONTEXT + STRIDE - 1, count - 1):
        step = max(0, -(-(t + 1 - CONTEXT) // STRIDE)) * STRIDE  # the window's first place
        with torch.no_grad():
            logits = model(torch.tensor([ids[step : t + 1]]))[0, :, -1]
        truth = -logits.log_softmax(0)[ids[t + 1]].item()
        assert each[t].item() == pytest.approx(truth, abs=1e-4)
        assert step == 0 or t + 1 - step > CONTEXT - STRIDE


def test_a_carried_state_has_read_everything(ids):
    model = lstm(0).eval()
    each = nats_carried(model, ids)
    with torch.no_grad():
        logits = model(torch.tensor([ids[:-1]]))[0].T
    truth = cross_entropy(logits, torch.tensor(ids[1:]), reduction="none")
    torch.testing.assert_close(each, truth)


def test_bits_are_per_character_of_what_was_judged(data):
    some = data.test[:50]
    characters = len(data.tokenizer.decode(some[1:41]))
    each = torch.full((40,), math.log(2))
    assert bits(each, some, data.tokenizer) == pytest.approx(40 / characters)


def test_a_corpus_learns_its_byte_pairs_from_the_training_text(data):
    assert data.tokenizer.vocab_size == VOCABULARY
    assert data.tokenizer.decode(data.train) == data.text.train
    assert data.tokenizer.decode(data.test) == data.text.test
    assert small_gpt.corpus(1).text.test != data.text.test
