"""What the second look is worth: detectors of one stage and of two, and of two with a worse look.

This writes `second_look.json` beside the file::

    python -m linebyline.studies.second_look

The data are scenes of up to three coloured digits. All arms have the same backbone, the same
anchors, about the same number of parameters, the same optimizer, and see the same scenes equally
often. "one stage" has two convolutions more before its head, in which the other arms have their
proposals and their second look. "two stages" is Faster R-CNN with RoI align. The others differ from
it in the second look: "pooled" rounds it to the grid (RoI pooling), "anchors" looks where the first
look was and not where it found a box, and "one cell" sees only the features of the anchor's cell,
which the first stage has seen already.

An arm's learning rate, and the loss of one stage, are those with the greatest mean precision on a
start of its own; judged are other starts.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import nn

from linebyline.data.mnist import mnist_5k
from linebyline.data.scenes import Scenes, box_targets, digit_scenes
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.cost import layer_costs, total
from linebyline.layers.rectifiers import ReLU
from linebyline.layers.roi_align import RoIAlign, RoIPool
from linebyline.studies import record
from linebyline.training.loop import fit
from linebyline.vision.average_precision import (
    COCO_THRESHOLDS,
    average_precision,
    find,
)
from linebyline.vision.detections import Detections
from linebyline.vision.grid_features import GridFeatures
from linebyline.vision.multibox_loss import focal_box_loss, multibox_loss
from linebyline.vision.one_stage_detector import OneStageDetector
from linebyline.vision.residual_blocks import convolution
from linebyline.vision.two_stage_detector import TwoStageDetector, two_stage_loss

Detector = OneStageDetector | TwoStageDetector

ARMS = ("one stage", "two stages", "pooled", "anchors", "one cell")
RATES: dict[str, tuple[float, ...]] = dict.fromkeys(ARMS, (0.002, 0.004, 0.008, 0.016))
RATES["one stage"] = (0.004, 0.008, 0.016, 0.032, 0.064)
LOSSES = {
    "mined": partial(multibox_loss, near=0.4, far=0.4),
    "mined, boxes x 10": partial(multibox_loss, near=0.4, far=0.4, box_weight=10.0),
    "focal, boxes x 10": partial(focal_box_loss, near=0.4, far=0.4, box_weight=10.0),
}
"""Of one stage, which may choose: with hard negatives or focal, and with boxes that count more. Two
stages learn by `two_stage_loss`, and have no choice."""
SIZES, RATIOS = (12.0, 20.0), (1.0, 2.0)
PROPOSALS = 16
TRAIN, TEST, EPOCHS, BATCH_SIZE = 1000, 400, 6, 8
TUNED_ON = 100
STARTS = (101, 102, 103)
FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""


class Split(NamedTuple):
    """Scenes to learn from and to judge by, with no handwriting in both."""

    train: Scenes
    test: Scenes


class Scores(NamedTuple):
    """Of one detector, in percent."""

    ap50: float
    ap75: float
    ap: float
    """The mean over COCO's ten overlaps."""
    small_near: float
    """Of the smaller half of the digits those with another 6 pixels away or nearer, and so on: the
    share that is found, see `hits`."""
    small_apart: float
    large_near: float
    large_apart: float


class Deeper(nn.Sequential):
    """The backbone, and two more convolutions on its grid: in place of a second stage."""

    def __init__(self, backbone: GridFeatures, generator: torch.Generator) -> None:
        super().__init__(backbone)
        self.out_channels, self.stride = backbone.out_channels, backbone.stride
        for _ in range(2):
            self.append(convolution(self.out_channels, self.out_channels, 3, generator=generator))
            self.append(BatchNorm2d(self.out_channels))
            self.append(ReLU())


def scenes(start: int, *, train: int = TRAIN, test: int = TEST) -> Split:
    """Scenes of the training digits of a split, and others of its test digits."""
    digits = mnist_5k(seed=start)
    return Split(
        digit_scenes(digits.train, count=train, seed=2 * start),
        digit_scenes(digits.test, count=test, seed=2 * start + 1),
    )


def detector(arm: str, start: int, *, loss: str = "mined") -> Detector:
    """A detector of one of the arms, untrained.

    Args:
        arm: one of `ARMS`.
        start: the seed of its first weights.
        loss: one of `LOSSES`, by which one stage will learn; focal asks for a prior.

    Raises:
        ValueError: there is no such arm.
    """
    if arm not in ARMS:
        raise ValueError(f"arm must be one of {', '.join(ARMS)}, not {arm!r}")
    random = torch.Generator().manual_seed(start)
    backbone = GridFeatures(generator=random)
    anchors: dict[str, Any] = {"sizes": SIZES, "ratios": RATIOS, "generator": random}
    if arm == "one stage":
        if loss.startswith("focal"):
            anchors |= {"background": False, "prior": 0.01}
        return OneStageDetector(Deeper(backbone, random), 10, **anchors)
    stride = backbone.stride
    look = {
        "pooled": RoIPool(4, stride=stride),
        "one cell": RoIAlign(1, stride=stride, samples=1),
    }.get(arm, RoIAlign(4, stride=stride))
    return TwoStageDetector(
        backbone,
        10,
        look=look,
        look_at="anchors" if arm in ("anchors", "one cell") else "proposals",
        hidden=598 if arm == "one cell" else 64,  # as many parameters
        proposals=PROPOSALS,
        **anchors,
    )


def learn(
    model: Detector,
    train: Scenes,
    start: int,
    *,
    rate: float,
    loss: str = "mined",
    epochs: int = EPOCHS,
) -> list[float]:
    """Train a detector in place by Adam, its rate rising for a fifth of the way, then falling to 0.

    Args:
        model: an untrained detector.
        train: scenes.
        start: the seed of their order.
        rate: the highest.
        loss: one of `LOSSES`, for a detector of one stage.
        epochs: how often to go through the scenes.

    Returns:
        The losses, step by step.
    """
    data = box_targets(train)
    # A faster order of the same numbers in memory.
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        rate,
        total_steps=1 + epochs * math.ceil(len(data.inputs) / BATCH_SIZE),
        pct_start=0.2,
        cycle_momentum=False,
    )
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    settings: dict[str, Any] = {"batch_size": BATCH_SIZE, "device": "cpu", "seed": start}
    by: Any = LOSSES[loss] if isinstance(model, OneStageDetector) else two_stage_loss
    history = fit(model, by, optimizer, data, epochs=epochs, **settings)
    return history.step_loss


def judge(detections: list[Detections], scenes: Scenes) -> Scores:
    """What the detections of scenes are worth, and where they fail."""
    boxes, classes = scenes.boxes, scenes.classes
    precision = [
        average_precision(detections, boxes, classes, iou_threshold=each).mean
        for each in (0.5, 0.75, COCO_THRESHOLDS)
    ]
    found = hits(detections, scenes)
    there = classes >= 0
    size = (boxes[..., 2:] - boxes[..., :2]).prod(-1)
    small, near = size < size[there].median(), gaps(boxes, there) <= 6
    groups = (small & near, small & ~near, ~small & near, ~small & ~near)
    shares = [found[there & group].double().mean().item() for group in groups]
    return Scores(*(round(100 * value, 2) for value in (*precision, *shares)))


def hits(detections: list[Detections], scenes: Scenes) -> torch.Tensor:
    """(scenes, most), bool: the digits that are found by an overlap of 0.5 and the right class.

    Only the surest boxes count, as many as there are digits, whatever their scores are: detectors
    differ in how high theirs are.
    """
    scores = torch.cat([each.scores for each in detections]).sort(descending=True).values
    digits = int((scenes.classes >= 0).sum())
    least = scores[digits - 1] if len(scores) >= digits else -torch.inf
    found = find(detections, scenes.boxes, scenes.classes).box_scores[0]
    return (found > -torch.inf) & (found >= least)


def gaps(boxes: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """From each box of a scene to the nearest other, along the axis on which they are apart more.

    Args:
        boxes: (scenes, most, 4).
        there: (scenes, most), bool: which rows are used.

    Returns:
        (scenes, most), infinite where there is no other, or no box.
    """
    ours, theirs = boxes[:, :, None], boxes[:, None]
    room = torch.maximum(theirs[..., :2] - ours[..., 2:], ours[..., :2] - theirs[..., 2:])
    apart = room.amax(-1)  # (scenes, most, most)
    both = there[:, :, None] & there[:, None]
    other = both & ~torch.eye(boxes.shape[1], dtype=torch.bool)
    return apart.where(other, torch.inf).amin(-1)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate on one start, then judge it on the others."""
    splits = {start: scenes(start) for start in (TUNED_ON, *STARTS)}

    def run(arm: str, start: int, rate: float, loss: str) -> tuple[Scores, list[float]]:
        model = detector(arm, start, loss=loss)
        losses = learn(model, splits[start].train, start, rate=rate, loss=loss)
        test = splits[start].test
        return judge(model.eval().detect(test.images), test), losses

    arms: dict[str, Any] = {}
    for arm in ARMS:
        choices = [*product(LOSSES if arm == "one stage" else ["two stages"], RATES[arm])]
        tried = [run(arm, TUNED_ON, rate, loss)[0].ap for loss, rate in choices]
        loss, rate = choices[tried.index(max(tried))]
        runs = [run(arm, start, rate, loss) for start in STARTS]
        costs = layer_costs(detector(arm, 0), (3, 64, 64))
        arms[arm] = {
            "parameters": total(costs, "parameters"),
            "multiply_adds": total(costs, "multiply_adds"),
            "tried": tried,
            "rate": rate,
            "loss": loss,
            **{name: [getattr(scores, name) for scores, _ in runs] for name in Scores._fields},
            "first_losses": [round(loss, 5) for loss in runs[0][1][:FIRST_STEPS]],
        }
    return {
        "settings": {
            "rates": RATES,
            "losses": [*LOSSES],
            "scenes": TRAIN,
            "judged_on": TEST,
            "epochs": EPOCHS,
        }
        | {"batch_size": BATCH_SIZE, "tuned_on": TUNED_ON, "starts": STARTS},
        "arms": arms,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
