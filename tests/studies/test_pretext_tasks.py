"""The stored study is the one that the script makes: some of its runs are made once more."""

import pytest
import torch
from torch import nn

from linebyline.data.examples import Examples, TrainTest
from linebyline.self_supervised.pretext import Pretext
from linebyline.self_supervised.simclr import SimCLR
from linebyline.studies.pretext_tasks import (
    BATCH_SIZE,
    DRAWS,
    FINE_TUNED,
    LABELS,
    PENALTIES,
    RATES,
    STARTS,
    STEPS,
    TASKS,
    TUNED_ON,
    components,
    described,
    encoder,
    few,
    handwriting,
    learner,
    pretrain,
    probed,
    right,
    sights,
    supervised,
    untrained,
)


@pytest.fixture(scope="module")
def data() -> TrainTest:
    return handwriting(STARTS[0])


@pytest.mark.parametrize("name", ["pixels", "components", "random, part 2", "random, part 3"])
def test_what_needs_no_training_ends_as_stored(stored, data, name):
    images = data.train.inputs
    see = sights({"random": untrained(images, STARTS[0])}, images)[name]
    row = stored["frozen"][name]
    found = probed(described(see, data), penalty=row["penalty"], seed=STARTS[0])
    assert found == pytest.approx(row["right"][0], abs=0.01)


def test_a_pretrained_network_ends_as_stored(stored, data):
    rate = stored["tasks"]["turn"]["rate"]
    model, losses = pretrain(TASKS["turn"], data.train.inputs, rate=rate, seed=STARTS[0])
    assert losses[-1] < 0.3 * losses[0]
    for parts in (2, 3):
        row = stored["frozen"][f"turn, part {parts}"]
        features = described(model.encoder[:parts], data)
        found = probed(features, penalty=row["penalty"], seed=STARTS[0])
        assert found == pytest.approx(row["right"][0], abs=0.06)  # rounding differs by processor


def test_a_supervised_network_ends_as_stored(stored, data):
    row = stored["trained"]["augmented"]
    shares = [
        right(supervised(few(data.train, LABELS, seed), rate=row["rate"], seed=seed), data.test)
        for seed in (1000 * STARTS[0], 1000 * STARTS[0] + 1)
    ]
    assert sum(shares) / 2 == pytest.approx(row["right"][0], abs=0.04)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "steps": STEPS,
        "batch_size": BATCH_SIZE,
        "labels": LABELS,
        "rates": [*RATES],
        "penalties": [*PENALTIES],
        "tuned_on": [*TUNED_ON],
        "starts": [*STARTS],
        "draws": DRAWS,
    }
    assert not set(TUNED_ON) & set(STARTS)
    assert list(stored["tasks"]) == [*TASKS]
    named = [f"{task}, part {parts}" for task in ("random", *TASKS) for parts in (2, 3)]
    assert list(stored["frozen"]) == ["pixels", "components", *named]
    assert list(stored["trained"]) == ["plain", "augmented", *FINE_TUNED]
    for row in (*stored["frozen"].values(), *stored["trained"].values()):
        assert len(row["right"]) == len(STARTS)


def test_settings_are_the_best_of_those_tried(stored):
    for row in stored["tasks"].values():
        assert row["rate"] == RATES[row["tried"].index(min(row["tried"]))]
    for row in stored["trained"].values():
        assert row["rate"] == RATES[row["tried"].index(max(row["tried"]))]
    for row in stored["frozen"].values():
        best = row["tried"][PENALTIES.index(row["penalty"])]
        assert best == max(row["tried"])


def test_an_encoder_has_three_parts_and_its_seed():
    images = torch.rand(5, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    f = encoder(3).eval()
    assert [tuple(f[:parts](images).shape) for parts in (2, 3)] == [(5, 288), (5, 64)]
    assert all(a.equal(b) for a, b in zip(f.parameters(), encoder(3).parameters(), strict=True))
    assert not f[0][0].weight.equal(encoder(4)[0][0].weight)


def test_a_learner_fits_its_task():
    for task, how in TASKS.items():
        model, loss = learner(how, 0)
        assert isinstance(model, SimCLR if task == "contrast" else Pretext)
        assert loss(model(torch.rand(4, 1, 14, 14))).isfinite()
    assert learner(TASKS["turn"], 0)[0].head.weight.shape == (4, 64)
    assert learner(TASKS["square"], 0)[0].head.weight.shape == (196, 64)


def test_components_are_uncorrelated_and_keep_their_order(data):
    seen = components(data.train.inputs, 5)(data.train.inputs)
    covariance = torch.cov(seen.T)
    spreads = covariance.diagonal()
    assert (spreads[:-1] > spreads[1:]).all()
    assert (covariance - spreads.diag()).abs().max() < 1e-3 * spreads[0]


def test_descriptions_are_centred_by_the_training_images_alone(data):
    found = described(nn.Flatten(), data)
    assert found.train.inputs.mean(0).abs().max() < 1e-5
    assert found.train.inputs.square().mean().item() == pytest.approx(1, abs=1e-4)
    some = TrainTest(data.train, Examples(data.test.inputs[:7], data.test.targets[:7]))
    torch.testing.assert_close(described(nn.Flatten(), some).test.inputs, found.test.inputs[:7])


def test_a_start_is_begun_from_and_left_alone(data):
    start = untrained(data.train.inputs, 5)
    before = {name: value.clone() for name, value in start.state_dict().items()}
    some = few(data.train, 20, 0)
    barely, other = (
        supervised(some, rate=1e-9, seed=0, start=s, plain=True) for s in (start, None)
    )
    assert all(value.equal(start.state_dict()[name]) for name, value in before.items())
    torch.testing.assert_close(barely[0][0].weight, start[0][0].weight, rtol=0, atol=1e-6)
    assert not torch.allclose(other[0][0].weight, start[0][0].weight, atol=1e-3)
