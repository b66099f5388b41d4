"""The translators of the study and of the chapter, and whether what is stored is the study's."""

from __future__ import annotations

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.data.token_pairs import PADDING
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.sequence.seq2seq import Seq2Seq
from linebyline.studies.one_vector import (
    AGAIN,
    ARMS,
    BATCH_SIZE,
    DIGITS,
    FEW,
    FIRST_STEPS,
    ORDERS,
    PAIRS,
    PLAIN,
    RATES,
    STARTS,
    STEPS,
    TUNED_ON,
    UNITS,
    behind,
    judge,
    learn,
    narrowed,
    task,
    translator,
)

each_arm = pytest.mark.parametrize("arm", ORDERS)


@pytest.fixture(scope="module")
def words():
    return task(STARTS[0])


@each_arm
def test_the_first_step_is_the_one_that_is_stored(stored, arm, words) -> None:
    record = stored["orders"][arm]
    order = torch.Generator().manual_seed(STARTS[0])
    first = torch.randperm(len(words.train.inputs), generator=order)[:BATCH_SIZE]
    model = translator(words, STARTS[0], **ARMS[arm])
    inputs, targets = (part[first] for part in words.train)
    loss = CrossEntropy(ignore_index=PADDING)(model(inputs), targets)
    assert len(record["first_losses"]) == FIRST_STEPS
    assert loss.item() == pytest.approx(record["first_losses"][0], rel=1e-3)


def test_the_stored_settings_are_the_scripts(stored) -> None:
    assert stored["settings"] == {
        "rates": [*RATES],
        "units": UNITS,
        "steps": STEPS,
        "pairs": PAIRS,
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
    }
    assert TUNED_ON not in STARTS
    assert [*stored["orders"]] == [*ORDERS]


@each_arm
def test_the_stored_rate_is_the_best_and_no_end_of_the_grid(stored, arm) -> None:
    record = stored["orders"][arm]
    assert record["rate"] == RATES[record["tried"].index(max(record["tried"]))]
    assert record["rate"] not in (RATES[0], RATES[-1])


@each_arm
def test_each_arm_has_its_starts(stored, arm) -> None:
    assert len(stored["orders"][arm]["exact"][str(DIGITS)]) == len(STARTS)


def test_each_control_has_its_starts(stored) -> None:
    readers = stored["writers"]
    assert [*readers] == [PLAIN, AGAIN]
    controls = [control for reader in readers.values() for control in reader.values()]
    for control in (*(stored[name] for name in ("again", "narrow", "longer")), *controls):
        assert len(control["exact"][str(DIGITS)]) == len(FEW)


def test_a_trained_reader_stays_as_it_is(words) -> None:
    few = Examples(*(part[:256] for part in words.train))
    reader = translator(words, 1, **ARMS[PLAIN]).encoder
    before = {name: weight.clone() for name, weight in reader.named_parameters()}
    model = behind(reader, translator(words, 0, **ARMS[AGAIN]))
    writer = model.decoder.output.weight.clone()
    learn(model, few, 0, rate=0.01, steps=4)
    for name, weight in model.encoder.named_parameters():
        assert torch.equal(weight, before[name])
    assert not torch.equal(writer, model.decoder.output.weight)
    assert all(weight.requires_grad for weight in reader.parameters())


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
