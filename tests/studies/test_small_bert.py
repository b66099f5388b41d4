"""The small BERT: its first weights, what it is asked, and that it learns."""

import pytest
import torch

from linebyline.data.number_texts import number_texts
from linebyline.studies import small_bert as subject
from linebyline.studies.small_bert import (
    VOCABULARY,
    WIDER,
    fine_tune,
    learn_pieces,
    optimizer,
    pretrain,
    right,
    small_bert,
)
from linebyline.transformer.bert import STD
from linebyline.transformer.framed_texts import FramedTexts, frame_texts

TEXTS = number_texts(200, digits=(1, 3), seed=0)


@pytest.fixture(scope="module")
def tokenizer():
    return learn_pieces(TEXTS)


@pytest.fixture(scope="module")
def framed(tokenizer):
    return frame_texts(tokenizer, TEXTS)


def test_every_word_is_one_token():
    texts = number_texts(2000, seed=1)
    tokenizer = learn_pieces(texts)
    assert tokenizer.vocab_size <= VOCABULARY
    assert all(len(tokenizer.encode(text)) == len(text.split()) for text in texts)


def test_first_weights_are_wider_and_have_their_seed():
    model, same, other = small_bert(60, 0), small_bert(60, 0), small_bert(60, 1)
    spread = model.bert.encoder.blocks[0].feed_forward.hidden.weight.std().item()
    assert spread == pytest.approx(WIDER * STD, rel=0.05)
    pairs = zip(model.parameters(), same.parameters(), strict=True)
    assert all(a.equal(b) for a, b in pairs)
    assert not model.bert.token.weight.equal(other.bert.token.weight)


def test_hidden_words_are_learned(tokenizer, framed):
    model, losses = pretrain(framed, tokenizer, seed=0, steps=60)
    assert not model.training
    assert len(losses) == 60
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    again, repeated = pretrain(framed, tokenizer, seed=0, steps=60)
    assert losses == repeated
    assert again.words.bias.equal(model.words.bias)


def test_shares_reach_the_question(tokenizer, framed, monkeypatch):
    seen = []
    true = subject.mask_tokens

    def watched(*args, **options):
        seen.append(options)
        return true(*args, **options)

    monkeypatch.setattr(subject, "mask_tokens", watched)
    pretrain(framed, tokenizer, seed=0, steps=2, masked=0.5, replaced=0.4)
    assert [(o["masked"], o["replaced"]) for o in seen] == [(0.5, 0.4)] * 2


def test_the_second_question_is_asked_only_if_there_is_an_answer(tokenizer, framed):
    follows = torch.arange(len(framed.ids)) % 2 == 0
    before = small_bert(tokenizer.vocab_size, 0).follows.weight
    without, _ = pretrain(framed, tokenizer, seed=0, steps=3)
    asked, _ = pretrain(framed, tokenizer, seed=0, steps=3, follows=follows)
    assert torch.allclose(without.follows.weight, before, atol=1e-3)  # it decays, no more
    assert not torch.allclose(asked.follows.weight, before, atol=1e-3)


def test_the_rate_rises_and_falls():
    layer = torch.nn.Linear(1, 1)
    steps, sizes = 20, []
    advance = optimizer(layer, 0.01, steps)
    for _ in range(steps):
        before = layer.bias.item()
        advance(layer.bias.sum())
        sizes.append(before - layer.bias.item())
    assert max(sizes) == pytest.approx(0.01, rel=0.05)
    assert sizes[0] == pytest.approx(0.005, rel=0.05)
    assert sizes[-1] < 0.001


def test_fine_tuning_learns_its_labels_and_leaves_the_start_alone(tokenizer):
    texts = frame_texts(tokenizer, TEXTS[:12])
    labels = torch.arange(12) % 2
    start = small_bert(tokenizer.vocab_size, 0).bert
    before = start.token.weight.clone()
    model = fine_tune(start, texts, labels, rate=3e-3, seed=0)
    assert right(model, texts, labels) == 1
    assert right(model, texts, 1 - labels) == 0
    assert start.token.weight.equal(before)
    barely = fine_tune(start, texts, labels, rate=1e-9, seed=0, steps=2)
    torch.testing.assert_close(barely.bert.token.weight, before)


def test_texts_stay_in_the_order_of_their_labels(tokenizer, framed):
    assert isinstance(framed.at(slice(0, 3)), FramedTexts)
    assert framed.at(torch.tensor([5])).ids[0, 0] == tokenizer.special_tokens["[CLS]"]
