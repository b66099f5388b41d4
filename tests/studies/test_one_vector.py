"""The translators of the study and of the chapter, and how they are judged."""

from __future__ import annotations

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.sequence.seq2seq import Seq2Seq
from linebyline.studies.one_vector import (
    STARTS,
    judge,
    learn,
    narrowed,
    task,
    translator,
)


@pytest.fixture(scope="module")
def words():
    return task(STARTS[0])


def test_nothing_but_the_narrow_numbers_gets_through(words) -> None:
    """Two sources with the same squeezed numbers have the same translation."""
    model = narrowed(translator(words, 0, backwards=True, every_step=True), 2, 0)
    with torch.no_grad():
        model.encoder.squeeze[0].weight.zero_()
        logits = model(words.test.inputs[:4])
        read = words.test.inputs[:1, 1].expand(4, -1)
        same = model(torch.stack([words.test.inputs[:4, 0], read], 1))
    assert not torch.allclose(logits[0], logits[1])
    assert torch.allclose(same, same[:1].expand_as(same), atol=1e-6)


def test_squeezed_weights_are_trained(words) -> None:
    few = Examples(*(part[:256] for part in words.train))
    model = narrowed(translator(words, 0, backwards=True, every_step=True), 4, 0)
    before = model.encoder.squeeze[0].weight.clone()
    losses = learn(model, few, 0, rate=0.01, steps=4)
    assert len(losses) == 4
    assert not torch.equal(before, model.encoder.squeeze[0].weight)


def test_truth_falls_to_its_least(words) -> None:
    few = Examples(*(part[:256] for part in words.train))
    model = translator(words, 0, backwards=False, every_step=False)
    learn(model, few, 0, rate=0.01, steps=4, least=0.5)
    assert model.truth == pytest.approx(0.5)


def test_judge_agrees_with_texts(words) -> None:
    """By a model that knows the answers: it reads them from the true tokens' order."""
    some = Examples(*(part[:3] for part in words.test))

    class Knows(Seq2Seq):
        def __init__(self):
            torch.nn.Module.__init__(self)

        def forward(self, inputs):
            return 50.0 * torch.nn.functional.one_hot(some.targets, len(words.target)).mT.float()

        def begin(self, source):
            return 0

        def step(self, token, t):
            said = some.targets[:, min(t, some.targets.shape[1] - 1)].clone()
            said[0] = 5  # the first sentence goes wrong
            return torch.nn.functional.one_hot(said, len(words.target)).float(), t + 1

    scores = judge(Knows(), some, [3, 4, 4])
    assert (scores[3].exact, scores[4].exact) == (0, 1)
    assert scores[4].tokens == 1
    assert scores[4].lost == pytest.approx(0, abs=1e-4)
