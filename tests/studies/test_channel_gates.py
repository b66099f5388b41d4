"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.layers.squeeze_excitation import SqueezeExcitation
from linebyline.studies import channel_gates
from linebyline.studies.channel_gates import (
    CHANNELS,
    CLASSES,
    FIRST_STEPS,
    RATES,
    REDUCTION,
    TASKS,
    far_cue,
    few_digits,
    learn,
    near_cue,
    network,
    right,
)

each_arm = pytest.mark.parametrize(
    ("task", "arm"), [(task, arm) for task, setting in TASKS.items() for arm in setting.arms]
)


@pytest.mark.parametrize(
    ("task", "arm"), [("asked", "average"), ("digits", "nothing"), ("digits", "wide")]
)
def test_the_first_steps_are_those_that_are_stored(stored, first_losses, task, arm):
    record = stored["tasks"][task][arm]
    start = TASKS[task].starts[0]

    losses = first_losses(
        lambda: learn(task, arm, start, rate=record["rate"]),
        channel_gates,
        "cross_entropy",
        steps=FIRST_STEPS,
    )
    assert losses == pytest.approx(record["first_losses"], rel=1e-3)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "channels": CHANNELS,
        "reduction": REDUCTION,
        "classes": [*CLASSES],
        "rates": [*RATES],
    }
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12
    for task, setting in TASKS.items():
        assert list(stored["tasks"][task]) == [*setting.arms]
        assert not set(setting.tuned_on) & set(setting.starts)


@each_arm
def test_the_rate_is_the_best_and_not_the_last_one_tried(stored, task, arm):
    record = stored["tasks"][task][arm]
    tried = {float(rate): sum(errors) / len(errors) for rate, errors in record["tried"].items()}
    assert tried[record["rate"]] == min(tried.values())
    assert len(record["error"]) == len(TASKS[task].starts)
    if min(tried.values()) > 30:  # no better than an answer without the cue, at no rate
        assert len(tried) >= 3
        return
    place = RATES.index(record["rate"])
    assert 0 < place < len(RATES) - 1
    assert {RATES[place - 1], RATES[place + 1]} <= set(tried), "a neighbour was not tried"


@each_arm
def test_parameters_are_the_networks(stored, task, arm):
    model = network(task, arm, 0)
    count = sum(p.numel() for p in model.parameters())
    assert count == stored["tasks"][task][arm]["parameters"]
    gated = [layer for layer in model.modules() if isinstance(layer, SqueezeExcitation)]
    assert (TASKS[task].arms[arm].gates is not None) == bool(gated)


def test_the_wide_network_has_more_parameters_than_the_gated_one(stored):
    for arms in stored["tasks"].values():
        assert arms["wide"]["parameters"] > arms["average"]["parameters"]
        assert arms["average"]["parameters"] == arms["nothing"]["parameters"]


def test_data_are_what_they_are_called():
    far, near, few = far_cue(1), near_cue(1), few_digits(1)
    assert torch.equal(far.test.targets, near.test.targets)
    assert (far.train.inputs[..., 8:18] == 0).all()
    assert (near.train.inputs[..., 8:18] == 0).float().mean() == 0.5
    assert len(few.train.targets) == 449
    assert few.train.inputs.shape[1:] == (1, 8, 8)


def test_it_learns_and_is_judged_on_the_test_images():
    run = learn("digits", "average", 7, rate=0.01)
    assert not run.model.training
    images, answers = run.data.test
    share = (run.model(images).argmax(1) == answers).double().mean().item()
    assert right(run.model, run.data.test) == pytest.approx(share, abs=1e-6)
    assert run.error() == pytest.approx(100 - 100 * share, abs=1e-3)
    assert run.error() < 10


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^task must be one of asked, digits, not 'faces'"):
        learn("faces", "plain", 0, rate=0.01)
    with pytest.raises(ValueError, match=r"^arm must be one of plain, wide, .* not 'narrow'"):
        network("digits", "narrow", 0)
