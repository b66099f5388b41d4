"""A BERT that we write is read by transformers, and answers the same."""

import json
from dataclasses import replace

import pytest
import torch
import transformers

from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_config import BERT_BASE_BLOCK, BERTConfig
from linebyline.transformer.bert_folder import save_bert
from linebyline.transformer.bert_pretraining import BERTPretraining

BLOCK = replace(BERT_BASE_BLOCK, model_size=12, num_heads=3, hidden_size=20)
IDS = torch.tensor([[2, 4, 9, 3, 11, 3, 0, 0], [2, 30, 4, 8, 3, 5, 6, 3]])
SEGMENTS = torch.tensor([[0, 0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1]])


def model(**options):
    draw = torch.Generator().manual_seed(0)
    config = BERTConfig(33, 10, num_blocks=2, block=replace(BLOCK, **options))
    made = BERTPretraining(BERT(config, generator=draw), generator=draw).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=draw))
    return made


def test_transformers_reads_it_and_answers_the_same(tmp_path):
    ours = model()
    assert save_bert(ours, tmp_path / "new") == tmp_path / "new"
    theirs = transformers.BertForPreTraining.from_pretrained(tmp_path / "new").eval()
    inside = (IDS != 0).long()
    expected = theirs(IDS, attention_mask=inside, token_type_ids=SEGMENTS)
    found = ours(IDS, SEGMENTS, IDS != 0)
    torch.testing.assert_close(found.words.transpose(1, 2), expected.prediction_logits)
    torch.testing.assert_close(found.follows, expected.seq_relationship_logits)


def test_it_comes_back_with_its_sizes(tmp_path):
    ours = model(eps=1e-9, dropout=0.3)
    again = BERTPretraining.from_pretrained(save_bert(ours, tmp_path))
    assert again.bert.config == ours.bert.config or replace(
        again.bert.config.block, activation=BLOCK.activation
    ) == replace(ours.bert.config.block, activation=BLOCK.activation)
    assert again.bert.config.context == 10
    for name, value in ours.state_dict().items():
        assert again.state_dict()[name].equal(value)


def test_what_was_there_is_replaced(tmp_path):
    save_bert(model(), tmp_path)
    (tmp_path / "config.json").write_text("{}")
    save_bert(model(), tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["hidden_size"] == 12


@pytest.mark.parametrize("options", [{"norm_first": True}, {"activation": torch.relu}])
def test_other_blocks_are_refused(tmp_path, options):
    with pytest.raises(ValueError, match="model must have BERT's blocks"):
        save_bert(model(**options), tmp_path)
    assert not list(tmp_path.iterdir())
