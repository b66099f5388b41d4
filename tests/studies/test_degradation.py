"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.data.examples import Examples, TrainTest
from linebyline.studies.degradation import (
    ARMS,
    BATCH_SIZE,
    CHANNELS,
    EPOCHS,
    FIRST_STEPS,
    RATES,
    STARTS,
    TUNED_ON,
    images,
    learn,
    network,
)
from linebyline.vision.preactivation import PreActivationBlock

each_arm = pytest.mark.parametrize("arm", ARMS)


def few(start: int, number: int) -> TrainTest:
    """The digits of a start, but only so many to train on."""
    train, test = images(start)
    return TrainTest(Examples(*(part[:number] for part in train)), test)


@each_arm
def test_the_first_step_is_the_one_that_is_stored(stored, arm):
    """Later steps see the weights that this one made; their batches come from all images."""
    depth = ARMS[arm][-1]
    record = stored["arms"][arm][str(depth)]
    start = STARTS[0]
    train, _ = images(start)
    generator = torch.Generator().manual_seed(start)
    order = torch.randperm(len(train.inputs), generator=generator)[:BATCH_SIZE]
    scores = network(arm, depth, start)(train.inputs[order])
    loss = torch.nn.functional.cross_entropy(scores, train.targets[order])
    assert loss.item() == pytest.approx(record["first_losses"][0], rel=1e-3)


@pytest.mark.parametrize("arm", ["plain", "residual"])
def test_the_first_steps_are_those_that_are_stored(stored, arm):
    record = stored["arms"][arm]["20"]
    losses = learn(arm, 20, STARTS[0], rate=record["rate"], epochs=1).step_loss[:FIRST_STEPS]
    assert losses == pytest.approx(record["first_losses"], rel=0.01)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "rates": {arm: [*rates] for arm, rates in RATES.items()},
        "channels": CHANNELS,
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
    }
    assert TUNED_ON not in STARTS
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12
    assert list(stored["arms"]) == [*ARMS]
    for arm, rows in stored["arms"].items():
        assert list(rows) == [str(depth) for depth in ARMS[arm]]
        for row in rows.values():
            assert len(row["train_loss"]) == len(row["test_error"]) == len(STARTS)


@each_arm
def test_the_rate_is_the_best_and_not_the_last_one_tried(stored, arm):
    for row in stored["arms"][arm].values():
        best = row["tried"].index(min(row["tried"]))
        assert row["rate"] == RATES[arm][best]
        assert 0 < best < len(RATES[arm]) - 1


def test_arms_differ_in_what_they_are_named_for():
    states = {arm: network(arm, 8, 0).state_dict() for arm in ARMS}
    for name, value in states["plain"].items():
        assert torch.equal(value, states["residual"][name])
    x = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    plain, residual, adam, pre = (network(arm, 8, 0)(x) for arm in ARMS)
    assert torch.equal(plain, adam)
    assert not torch.allclose(plain, residual)
    assert pre.shape == plain.shape
    assert isinstance(next(network("preactivated", 8, 0).blocks()), PreActivationBlock)


def test_it_learns_and_is_judged_on_the_test_images():
    data = few(3, 400)
    run = learn("residual", 8, 3, rate=0.03, epochs=6, data=data)
    wrong = run.model(data.test.inputs).argmax(1) != data.test.targets
    assert run.test_error == pytest.approx(100 * wrong.double().mean().item(), abs=1e-3)
    assert run.test_error < 25
    assert run.train_error < 10
    assert len(run.step_loss) == 6 * 7


def test_a_model_that_is_brought_is_trained():
    mine = network("residual", 8, 7)
    run = learn("plain", 8, 3, rate=0.01, epochs=1, data=few(3, 100), model=mine)
    assert run.model is mine
    assert not torch.equal(mine.fc.weight, network("residual", 8, 7).fc.weight)


def test_images_have_the_mean_0_and_the_deviation_1():
    train, test = images(0)
    assert train.inputs.shape == (1348, 1, 8, 8)
    assert test.inputs.shape == (449, 1, 8, 8)
    assert train.inputs.mean().abs() < 1e-5
    assert train.inputs.std().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^arm must be one of plain, residual.*'highway'"):
        network("highway", 8, 0)
    with pytest.raises(ValueError, match=r"^depth must be 6n \+ 2"):
        network("plain", 9, 0)
