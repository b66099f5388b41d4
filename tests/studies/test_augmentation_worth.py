"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.data.augmentations import RandomErase
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.mnist import mnist_5k
from linebyline.studies.augmentation_worth import (
    ARMS,
    BATCH_SIZE,
    FIRST_STEPS,
    HIDDEN,
    LABELS,
    RATES,
    STARTS,
    STEPS,
    TUNED_ON,
    learn,
)

each_arm = pytest.mark.parametrize("arm", ARMS)


@each_arm
@pytest.mark.parametrize("place", [0, 2])
def test_the_first_steps_are_those_that_are_stored(stored, arm, place):
    record = stored["arms"][arm]
    losses = learn(arm, LABELS[place], STARTS[0], rate=record["rate"], steps=FIRST_STEPS).losses[
        :FIRST_STEPS
    ]
    assert losses == pytest.approx(record["first_losses"][place], rel=1e-3)


def test_the_first_losses_tell_the_arms_apart(stored):
    rows = [torch.tensor(stored["arms"][arm]["first_losses"]) for arm in ARMS]
    for i, row in enumerate(rows):
        for other in rows[:i]:
            assert not torch.allclose(row, other, rtol=1e-2)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "labels": [*LABELS],
        "rates": [*RATES],
        "hidden": HIDDEN,
        "batch_size": BATCH_SIZE,
        "steps": STEPS,
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
    }
    assert TUNED_ON not in STARTS
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12
    assert list(stored["arms"]) == [*ARMS]
    for record in stored["arms"].values():
        assert torch.tensor(record["tried"]).shape == (len(RATES), len(LABELS))
        assert torch.tensor(record["error"]).shape == (len(LABELS), len(STARTS))


@each_arm
def test_the_rate_is_the_best_and_not_the_last_one_tried(stored, arm):
    record = stored["arms"][arm]
    means = torch.tensor(record["tried"]).log().mean(1)
    assert record["rate"] == RATES[means.argmin()]
    assert 0 < means.argmin() < len(RATES) - 1


def test_all_arms_take_as_many_steps_on_as_many_labels():
    assert [STEPS % -(-labels // BATCH_SIZE) for labels in LABELS] == [0] * len(LABELS)
    for arm in (*ARMS, RandomErase(6)):
        run = learn(arm, 200, 0, steps=8)
        assert len(run.losses) == 8
        assert len(run.data.train.inputs) == 200
        assert not run.model.training


def test_it_learns_and_is_judged_on_the_test_images():
    (images, digits), (test, answers) = mnist_5k(seed=3)
    run = learn("plain", 500, 3, steps=100)
    right = run.model(test).argmax(1) == answers
    assert run.error() == pytest.approx(100 - 100 * right.double().mean().item(), abs=1e-3)
    assert run.error() < 25
    assert run.error(torch.zeros_like) > 80
    given = TrainTest(Examples(images.flip(0), digits.flip(0)), Examples(test, answers))
    assert torch.equal(
        learn("plain", 50, 3, steps=1, data=given).data.train.inputs, images.flip(0)[:50]
    )


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    with pytest.raises(
        ValueError, match=r"^arm must be one of plain, moved, mixed or an augm.*'turn'"
    ):
        learn("turn", 100, 0)
    with pytest.raises(ValueError, match=r"^labels must be from 1 to 4000, not 5000"):
        learn("plain", 5000, 0)
