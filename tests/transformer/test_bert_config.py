"""BERT's published sizes, by their numbers of parameters."""

import pytest
import torch

from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_config import BERTConfig, bert_config


@pytest.mark.parametrize(
    ("name", "count"), [("bert-base", 109_482_240), ("bert-large", 335_141_888)]
)
def test_parameters_are_as_many_as_published(name: str, count: int) -> None:
    """With the pooler; BERT-base is called the model of 110 million parameters, large of 340."""
    with torch.device("meta"):
        model = BERT(bert_config(name))
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_counts_are_those_of_transformers() -> None:
    from transformers import BertConfig, BertModel

    with torch.device("meta"):
        theirs = BertModel(BertConfig())
    assert theirs.num_parameters() == 109_482_240


def test_the_default_is_base() -> None:
    assert BERTConfig() == bert_config("bert-base")
    with pytest.raises(ValueError, match="name must be one of bert-base, bert-large, not 'bert'"):
        bert_config("bert")
