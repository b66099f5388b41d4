"""The stored study is the one that the script makes: its first steps are made once more."""

from __future__ import annotations

import pytest
import torch

from linebyline.data.scenes import NOTHING, Scenes, box_targets
from linebyline.layers.cost import layer_costs, total
from linebyline.layers.roi_align import RoIPool
from linebyline.studies.second_look import (
    ARMS,
    BATCH_SIZE,
    EPOCHS,
    FIRST_STEPS,
    LOSSES,
    RATES,
    STARTS,
    TEST,
    TRAIN,
    TUNED_ON,
    detector,
    gaps,
    hits,
    judge,
    learn,
    scenes,
)
from linebyline.vision.detections import Detections

each_arm = pytest.mark.parametrize("arm", ARMS)


@pytest.fixture(scope="module")
def train() -> Scenes:
    return scenes(STARTS[0], test=1).train


@each_arm
def test_the_first_steps_are_those_that_are_stored(stored, arm, train) -> None:
    """Of the first epoch the batches that the study's order begins with, and its rates."""
    record = stored["arms"][arm]
    order = torch.Generator().manual_seed(STARTS[0])
    first = torch.randperm(TRAIN, generator=order)[:BATCH_SIZE]
    model = detector(arm, STARTS[0], loss=record["loss"])
    inputs, targets = (part[first] for part in box_targets(train))
    if arm == "one stage":
        loss = LOSSES[record["loss"]](model(inputs), targets)
    else:
        from linebyline.vision.two_stage_detector import two_stage_loss

        loss = two_stage_loss(model(inputs), targets)
    assert len(record["first_losses"]) == FIRST_STEPS
    assert loss.item() == pytest.approx(record["first_losses"][0], rel=1e-3)


def test_the_stored_settings_are_the_scripts(stored) -> None:
    assert stored["settings"] == {
        "rates": {arm: [*rates] for arm, rates in RATES.items()},
        "losses": [*LOSSES],
        "scenes": TRAIN,
        "judged_on": TEST,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "tuned_on": TUNED_ON,
        "starts": [*STARTS],
    }
    assert [*stored["arms"]] == [*ARMS]


@each_arm
def test_the_stored_choice_is_the_best_that_was_tried(stored, arm) -> None:
    record = stored["arms"][arm]
    losses = [*LOSSES] if arm == "one stage" else ["two stages"]
    choices = [(loss, rate) for loss in losses for rate in RATES[arm]]
    best = max(zip(record["tried"], choices, strict=True))[1]
    assert (record["loss"], record["rate"]) == best
    assert record["rate"] not in (RATES[arm][0], RATES[arm][-1])
    assert TUNED_ON not in STARTS


@each_arm
def test_the_stored_costs_are_the_models(stored, arm) -> None:
    costs = layer_costs(detector(arm, 0), (3, 64, 64))
    for quantity in ("parameters", "multiply_adds"):
        assert stored["arms"][arm][quantity] == total(costs, quantity)


def test_arms_differ_in_what_they_are_named_for() -> None:
    models = {arm: detector(arm, 0) for arm in ARMS[1:]}
    assert isinstance(models["pooled"].look, RoIPool)
    assert models["one cell"].look.output_size == (1, 1)
    assert [models[arm].look_at for arm in ARMS[1:]] == [
        "proposals",
        "proposals",
        "anchors",
        "anchors",
    ]
    sizes = [total(layer_costs(detector(arm, 0), (3, 64, 64)), "parameters") for arm in ARMS]
    assert max(sizes) < 1.01 * min(sizes)


def test_rate_rises_and_falls(train) -> None:
    few = Scenes(*(part[:24] for part in train))
    model = detector("one stage", 0)
    losses = learn(model, few, 0, rate=0.01, epochs=2)
    assert len(losses) == 6
    assert losses[-1] < losses[0]


def test_gaps_by_hand() -> None:
    boxes = torch.tensor(
        [
            [[0.0, 0, 4, 4], [10, 1, 14, 5], [0, 0, 0, 0]],
            [[5, 5, 9, 9], [7, 12, 9, 19], [30, 0, 40, 9]],
        ]
    )
    there = torch.tensor([[True, True, False], [True, True, True]])
    assert gaps(boxes, there).tolist() == [[6, 6, torch.inf], [3, 3, 21]]


def test_judge_by_hand() -> None:
    """Two scenes; a wrong box is surer than the one of the large digit, so that is too many."""
    boxes = torch.tensor([[[0.0, 0, 6, 6], [10, 0, 30, 20]], [[0, 0, 10, 10], [0, 0, 0, 0]]])
    classes = torch.tensor([[3, 4], [3, NOTHING]])
    made = Scenes(torch.zeros(2, 3, 64, 64), boxes, classes, torch.zeros(2, 64, 64).long())
    detections = [
        Detections(
            torch.cat([boxes[0], torch.tensor([[40.0, 40, 50, 50]])]),
            torch.tensor([0.9, 0.3, 0.4]),
            torch.tensor([3, 4, 4]),
        ),
        Detections(boxes[1, :1], torch.tensor([0.8]), classes[1, :1]),
    ]
    scores = judge(detections, made)
    assert scores[:3] == (75, 75, 75)
    assert hits(detections, made).tolist() == [[True, False], [True, False]]
    assert scores[3] == 100  # the one with 36 pixels, 4 from the next
    assert scores[5:] == (0, 100)  # the one with 400, and the one with 100 by itself


def test_refuses() -> None:
    with pytest.raises(ValueError, match=r"^arm must be one of one stage, .*'none'"):
        detector("none", 0)
