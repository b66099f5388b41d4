"""Fine-tuning: logits are those of transformers' classifier, and it learns from labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_classifier import BERTClassifier
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.block import BlockConfig

Small = Callable[..., BlockConfig]
PublishedBERT = Callable[..., tuple[nn.Module, Path]]
IDS = torch.tensor([[2, 4, 9, 3, 11, 3, 0, 0], [2, 30, 4, 8, 3, 5, 6, 3]])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("classes", [2, 5])
def test_equals_transformers(classes: int, published_bert: PublishedBERT) -> None:
    theirs, folder = published_bert("BertForSequenceClassification", num_labels=classes)
    ours, theirs = BERTClassifier.from_pretrained(folder).double(), theirs.double()
    assert not ours.training
    assert sum(p.numel() for p in ours.parameters()) == theirs.num_parameters()
    found = ours(IDS, None, IDS != 0)
    expected = theirs(IDS, attention_mask=(IDS != 0).long()).logits
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    for logits in (found, expected):
        functional.cross_entropy(logits, torch.tensor([1, 0])).backward()
    torch.testing.assert_close(ours.classifier.weight.grad, theirs.classifier.weight.grad)
    torch.testing.assert_close(
        ours.bert.pooler.weight.grad, theirs.bert.pooler.dense.weight.grad, rtol=1e-8, atol=1e-10
    )


def test_a_new_head_on_a_published_model(published_bert: PublishedBERT) -> None:
    _, folder = published_bert("BertForPreTraining")
    bert = BERT.from_pretrained(folder)
    model = BERTClassifier(bert, 3, generator=generator())
    assert model(IDS).shape == (2, 3)
    assert model.classifier.weight.std().item() == pytest.approx(0.02, rel=0.4)
    assert (model.classifier.bias == 0).all()
    assert torch.equal(
        BERTClassifier(bert, 3, generator=generator()).classifier.weight, model.classifier.weight
    )


def test_features_are_dropped_in_training_only(small: Small) -> None:
    bert = BERT(BERTConfig(31, 8, 2, 1, small()), generator=generator())
    model = BERTClassifier(bert, 2, dropout=0.9, generator=generator())
    torch.manual_seed(0)
    assert not torch.equal(model(IDS), model(IDS))
    assert torch.equal(model.eval()(IDS), model(IDS))


def test_learns_whether_a_word_is_in_a_text(small: Small) -> None:
    ids = torch.randint(3, 9, (40, 6), generator=generator())
    ids = torch.cat([torch.full((40, 1), 1), ids], dim=1)
    labels = (ids == 5).any(1).long()
    assert 10 < labels.sum() < 30
    block = small(model_size=32, num_heads=4, hidden_size=64)
    bert = BERT(BERTConfig(9, 8, 2, 2, block), generator=generator())
    model = BERTClassifier(bert, 2, dropout=0.0, generator=generator(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(100):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(ids), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_refuses_one_class(small: Small) -> None:
    bert = BERT(BERTConfig(31, 8, 2, 1, small()), generator=generator())
    with pytest.raises(ValueError, match="num_classes must be at least 2, not 1"):
        BERTClassifier(bert, 1)
    with pytest.raises(ValueError, match="p must be at least 0 and below 1, not 1"):
        BERTClassifier(bert, 2, dropout=1)
