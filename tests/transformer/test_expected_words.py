"""What is expected at each place: one pass or many, and Bayes' rule against a count."""

from dataclasses import replace

import pytest
import torch

from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_config import BERT_BASE_BLOCK, BERTConfig
from linebyline.transformer.bert_pretraining import BERTPretraining
from linebyline.transformer.expected_words import (
    hidden_log_probability,
    seen_log_probability,
    seen_posterior,
)

IDS = torch.tensor([[2, 7, 9, 8, 3, 0], [2, 6, 5, 7, 9, 3]])
INSIDE = IDS != 0


@pytest.fixture
def model() -> BERTPretraining:
    draw = torch.Generator().manual_seed(0)
    block = replace(BERT_BASE_BLOCK, model_size=12, num_heads=3, hidden_size=20)
    bert = BERT(BERTConfig(11, 8, num_blocks=2, block=block), generator=draw)
    made = BERTPretraining(bert, generator=draw).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=draw))
    return made


def test_seen_words_are_looked_up_in_one_answer(model):
    found = seen_log_probability(model, IDS, None, INSIDE)
    logits = model(IDS, None, INSIDE).words
    for row, t in [(0, 1), (1, 4)]:
        expected = torch.softmax(logits[row, :, t], 0)[IDS[row, t]]
        assert found[row, t].exp().item() == pytest.approx(expected.item(), rel=1e-5)
    assert not found.requires_grad


def test_hidden_words_are_asked_for_one_by_one(model):
    found = hidden_log_probability(model, IDS, None, INSIDE, mask_id=4)
    for row, t in [(0, 1), (0, 3), (1, 5)]:
        asked = IDS.clone()
        asked[row, t] = 4
        logits = model(asked, None, INSIDE).words[row, :, t]
        expected = torch.log_softmax(logits, 0)[IDS[row, t]]
        assert found[row, t].item() == pytest.approx(expected.item(), rel=1e-4)
    seen = seen_log_probability(model, IDS, None, INSIDE)
    assert not torch.allclose(found, seen, atol=1e-3)


@pytest.mark.parametrize(("kept", "replaced"), [(0.1, 0.1), (0.2, 0.0), (0.0, 0.2), (0.3, 0.05)])
def test_the_posterior_is_that_of_a_count(kept, replaced):
    """All that can happen at one place, with words of known probability."""
    prior = torch.tensor([0.6, 0.3, 0.1])
    joint = torch.zeros(3, 3)  # true word, seen word
    for true in range(3):
        joint[true] += prior[true] * replaced / 3
        joint[true, true] += prior[true] * kept
    expected = joint.diagonal() / joint.sum(0)
    found = seen_posterior(prior, vocab_size=3, kept=kept, replaced=replaced)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("kept", "replaced"), [(0.0, 0.0), (-0.1, 0.2), (0.2, -0.1)])
def test_what_is_never_asked_has_no_posterior(kept, replaced):
    with pytest.raises(ValueError, match="kept and replaced must be"):
        seen_posterior(torch.tensor([0.5]), vocab_size=3, kept=kept, replaced=replaced)
