"""BERT's pre-training: logits and loss are transformers', and it learns both tasks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from linebyline.data.masked_tokens import NO_TARGET, mask_tokens
from linebyline.data.sentence_pairs import pair_batch, sentence_pairs
from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.bert_pretraining import (
    BERTPretraining,
    PretrainingLogits,
    pretraining_loss,
    pretraining_targets,
)
from linebyline.transformer.block import BlockConfig

Small = Callable[..., BlockConfig]
PublishedBERT = Callable[..., tuple[nn.Module, Path]]

IDS = torch.tensor([[2, 4, 9, 3, 11, 3, 0, 0], [2, 30, 4, 8, 3, 5, 6, 3]])
SEGMENTS = torch.tensor([[0, 0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1]])
INSIDE = IDS != 0
WORDS = torch.full((2, 8), NO_TARGET)
WORDS[0, 1], WORDS[1, 2], WORDS[1, 5] = 7, 8, 5
FOLLOWS = torch.tensor([True, False])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_logits_and_loss_are_those_of_transformers(published_bert: PublishedBERT) -> None:
    theirs, folder = published_bert("BertForPreTraining")
    ours, theirs = BERTPretraining.from_pretrained(folder).double(), theirs.double()
    assert not ours.training
    assert sum(p.numel() for p in ours.parameters()) == theirs.num_parameters()
    found = ours(IDS, SEGMENTS, INSIDE)
    expected = theirs(
        IDS,
        attention_mask=INSIDE.long(),
        token_type_ids=SEGMENTS,
        labels=WORDS,
        next_sentence_label=(~FOLLOWS).long(),
    )
    words = expected.prediction_logits.transpose(1, 2)
    torch.testing.assert_close(found.words, words, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(
        found.follows, expected.seq_relationship_logits, rtol=1e-9, atol=1e-9
    )
    loss = pretraining_loss(found, pretraining_targets(WORDS, FOLLOWS))
    torch.testing.assert_close(loss, expected.loss, rtol=1e-10, atol=1e-10)
    loss.backward()
    expected.loss.backward()
    rows = theirs.bert.embeddings.word_embeddings.weight.grad
    torch.testing.assert_close(ours.bert.token.weight.grad[1:], rows[1:], rtol=1e-8, atol=1e-10)
    head = theirs.cls.predictions
    torch.testing.assert_close(
        ours.words.hidden.weight.grad, head.transform.dense.weight.grad, rtol=1e-8, atol=1e-10
    )
    torch.testing.assert_close(ours.words.bias.grad, head.bias.grad, rtol=1e-8, atol=1e-10)


def test_targets_of_both_tasks_are_one_tensor() -> None:
    targets = pretraining_targets(WORDS, FOLLOWS)
    assert targets[:, 0].tolist() == [0, 1]
    assert torch.equal(targets[:, 1:], WORDS[:, 1:])


def test_the_loss_is_the_sum_of_two_means() -> None:
    words = torch.randn(2, 31, 8, generator=generator(), dtype=torch.float64)
    follows = torch.randn(2, 2, generator=generator(1), dtype=torch.float64)
    loss = pretraining_loss(PretrainingLogits(words, follows), pretraining_targets(WORDS, FOLLOWS))
    log_p, log_q = words.log_softmax(1), follows.log_softmax(1)
    expected = -(log_p[0, 7, 1] + log_p[1, 8, 2] + log_p[1, 5, 5]) / 3
    torch.testing.assert_close(loss, expected - (log_q[0, 0] + log_q[1, 1]) / 2)


def test_learns_hidden_words_and_what_follows(small: Small) -> None:
    """Each document counts upwards in numbers of its own, so both tasks can be done."""
    documents = [[[5 + 6 * d + s % 6] for s in range(20)] for d in range(4)]
    pairs = sentence_pairs(documents, max_tokens=8, short_share=0)
    batch = pair_batch(pairs, cls_id=1, sep_id=2)
    inputs, words = mask_tokens(
        batch.ids, mask_id=3, special_ids=[0, 1, 2], vocab_size=29, generator=generator()
    )
    targets = pretraining_targets(words, batch.follows)
    block = small(model_size=32, num_heads=4, hidden_size=64)
    config = BERTConfig(29, 12, 2, 2, block)
    model = BERTPretraining(BERT(config, generator=generator()), generator=generator(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(150):
        optimizer.zero_grad()
        logits = model(inputs, batch.segments, batch.inside)
        loss = pretraining_loss(logits, targets)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    hidden = words != NO_TARGET
    assert torch.equal(logits.words.argmax(1)[hidden], words[hidden])
    assert torch.equal(logits.follows.argmax(1) == 0, batch.follows)


def test_heads_start_small_and_from_their_generator(small: Small) -> None:
    bert = BERT(BERTConfig(31, 8, 2, 1, small()), generator=generator())
    one, other = (BERTPretraining(bert, generator=generator(1)) for _ in range(2))
    for mine, again in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, again)
    assert one.words.hidden.weight.std().item() == pytest.approx(0.02, rel=0.3)
    assert one.follows.weight.abs().max() < 0.1


def test_gradient(small: Small) -> None:
    config = BERTConfig(6, 8, 2, 1, small(model_size=4, num_heads=2, hidden_size=6))
    model = BERTPretraining(BERT(config, generator=generator())).double()
    names = [name for name, _ in model.named_parameters()]
    ids, words = torch.tensor([[1, 4, 0]]), torch.tensor([[NO_TARGET, 3, NO_TARGET]])
    targets = pretraining_targets(words, torch.tensor([True]))

    def run(*values: Tensor) -> Tensor:
        parameters = dict(zip(names, values, strict=True))
        return pretraining_loss(torch.func.functional_call(model, parameters, (ids,)), targets)

    assert torch.autograd.gradcheck(run, tuple(model.parameters()), atol=1e-4)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_targets() -> None:
    message = "follows must have one answer for each row of words, (2, 8), but its shape is (3,)"
    with pytest.raises(ValueError, match=re.escape(message)):
        pretraining_targets(WORDS, torch.ones(3, dtype=torch.bool))
    with pytest.raises(ValueError, match="words must ask for nothing at the first place"):
        pretraining_targets(torch.ones(2, 3, dtype=torch.long), FOLLOWS)
