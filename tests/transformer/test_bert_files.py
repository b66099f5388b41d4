"""BERT's files: old and new names, what stands twice, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_classifier import BERTClassifier
from linebyline.transformer.bert_files import read_bert, renamed
from linebyline.transformer.bert_pretraining import BERTPretraining

PublishedBERT = Callable[..., tuple[nn.Module, Path]]
IDS = torch.tensor([[2, 7, 9, 3, 11, 3]])


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file({name: value.clone() for name, value in weights.items()}, path)


def reset(folder: Path, **settings: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf8")) | settings), "utf8")


def test_google_s_names(published_bert: PublishedBERT) -> None:
    """Its file of 2018 calls γ gamma and β beta, and has no ε and no number of segments."""
    _, folder = published_bert("BertForPreTraining")
    expected = BERTPretraining.from_pretrained(folder)(IDS)

    def older(weights: dict[str, torch.Tensor]) -> None:
        for name in [name for name in weights if "LayerNorm" in name]:
            old = name.replace("weight", "gamma").replace("bias", "beta")
            weights[old] = weights.pop(name)
        weights["bert.embeddings.position_ids"] = torch.arange(12)[None]
        weights["cls.predictions.decoder.weight"] = weights[
            "bert.embeddings.word_embeddings.weight"
        ]
        weights["cls.predictions.decoder.bias"] = weights["cls.predictions.bias"]

    rewrite(folder, older)
    found = BERTPretraining.from_pretrained(folder)(IDS)
    torch.testing.assert_close(found, expected)


def test_what_stands_twice_must_be_the_same(published_bert: PublishedBERT) -> None:
    _, folder = published_bert("BertForPreTraining")
    weights = load_file(folder / "model.safetensors")
    bias = weights.pop("cls.predictions.bias")
    weights["cls.predictions.decoder.bias"] = bias
    assert torch.equal(renamed(weights)["words.bias"], bias)
    weights["cls.predictions.decoder.weight"] = torch.zeros(31, 12)
    with pytest.raises(ValueError, match=r"whose cls\.predictions\.decoder\.weight is bert\.token"):
        renamed(weights)


def test_settings_are_read(published_bert: PublishedBERT) -> None:
    _, folder = published_bert("BertModel", hidden_dropout_prob=0.25, layer_norm_eps=0.5)
    config, _ = read_bert(folder)
    assert (config.vocab_size, config.context, config.num_segments, config.num_blocks) == (
        *(31, 12, 2, 2),
    )
    block = config.block
    assert (block.model_size, block.num_heads, block.hidden_size) == (12, 3, 20)
    assert (block.dropout, block.attention_dropout, block.eps) == (0.25, 0.1, 0.5)
    assert not block.norm_first


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model_type": "roberta"}, "model of type bert, but model_type is 'roberta'"),
        ({"hidden_act": "relu"}, "hidden_act 'gelu', but in "),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'absolute', but in"),
        ({"is_decoder": True}, "is_decoder False, but in"),
        ({"hidden_size": 15}, "'token.weight' is (31, 12) in"),
        ({"num_hidden_layers": 3}, "lacks 'encoder.blocks.2.attention.query.weight'"),
        ({"num_hidden_layers": 1}, "has 'encoder.blocks.1.attention_norm.bias', which"),
        ({"vocab_size": 30}, "'token.weight' is (31, 12) in"),
    ],
)
def test_another_architecture_is_refused(
    settings: dict[str, object], message: str, published_bert: PublishedBERT
) -> None:
    _, folder = published_bert("BertModel")
    reset(folder, **settings)
    with pytest.raises(ValueError, match=re.escape(message)):
        BERT.from_pretrained(folder)


def test_a_head_that_is_missing_is_named(published_bert: PublishedBERT) -> None:
    _, folder = published_bert("BertModel")
    with pytest.raises(ValueError, match=r"lacks 'words\."):
        BERTPretraining.from_pretrained(folder)
    with pytest.raises(ValueError, match=r"lacks 'classifier\.weight'"):
        BERTClassifier.from_pretrained(folder)
    _, other = published_bert("BertForPreTraining")
    with pytest.raises(ValueError, match=r"lacks 'classifier\.weight', and has 'words\.bias'"):
        BERTClassifier.from_pretrained(other)
    with pytest.raises(FileNotFoundError, match=r"must have the file config\.json"):
        BERT.from_pretrained(folder.parent)


def test_a_name_that_is_not_known_stays(published_bert: PublishedBERT) -> None:
    assert list(renamed({"bert.embeddings.x.weight": torch.zeros(1)})) == [
        "bert.embeddings.x.weight"
    ]
    _, folder = published_bert("BertModel")
    rewrite(folder, lambda weights: weights.update({"bert.more.weight": torch.zeros(1)}))
    with pytest.raises(ValueError, match=r"has 'more\.weight', which the model lacks"):
        BERT.from_pretrained(folder)
