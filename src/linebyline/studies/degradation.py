"""Deeper and worse: plain and residual networks of two depths, each at its best learning rate.

This writes `degradation.json` beside the file::

    python -m linebyline.studies.degradation

The data are the digits of 8 x 8 pixels, the model the family that He et al. 2016 made for CIFAR-10,
with 16 channels in the first stage, and the optimizer SGD with momentum 0.9 on the cross-entropy.
The arms differ in one thing each. "plain" has no shortcuts and "residual" has. At the greatest
depth two more run: "adam" is the plain network with another optimizer, one whose steps are about as
long in every layer, whatever the gradient's size; "preactivated" is the residual network with norms
and ReLUs in its branches.

An arm's learning rate at a depth is the one with the least training loss on a start of its own.
Judged are other starts. Losses and errors are those of the finished network over all examples, with
the norms' statistics taken from the whole training set, as Ioffe & Szegedy 2015 do: the running
averages of the last steps lag behind where weights still move much.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.nn.functional import cross_entropy

from linebyline.data.digits import digits
from linebyline.data.examples import Examples, TrainTest
from linebyline.layers.batch_statistics import settle_statistics
from linebyline.studies import record
from linebyline.training.divergence import NonFiniteLossError
from linebyline.training.evaluation import evaluate
from linebyline.training.loop import fit
from linebyline.training.metrics import accuracy
from linebyline.vision.preactivation import PreActivationBlock
from linebyline.vision.residual_blocks import BasicBlock
from linebyline.vision.resnet import ResNet
from linebyline.vision.resnet_cifar import resnet_cifar

DEPTHS = (20, 56)
ARMS = {
    "plain": DEPTHS,
    "residual": DEPTHS,
    "adam": DEPTHS[-1:],
    "preactivated": DEPTHS[-1:],
}
RATES = {
    "plain": (0.003, 0.01, 0.03),
    "residual": (0.003, 0.01, 0.03, 0.1),
    "adam": (0.001, 0.003, 0.01, 0.03),
    "preactivated": (0.01, 0.03, 0.1, 0.3),
}
CHANNELS = 16
BATCH_SIZE = 64
EPOCHS = 10
TUNED_ON = 100
STARTS = (101, 102)
FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""


class Run(NamedTuple):
    """A network that has learned, its losses step by step, and what came of it."""

    model: ResNet
    step_loss: list[float]
    train_loss: float
    train_error: float
    """Percent of the training images misread."""
    test_error: float


def network(arm: str, depth: int, start: int) -> ResNet:
    """A network of one of the arms, untrained.

    Args:
        arm: one of `ARMS`.
        depth: 6n + 2 layers.
        start: the seed of the first weights.

    Raises:
        ValueError: there is no such arm, or `depth` is not 6n + 2.
    """
    if arm not in ARMS:
        raise ValueError(f"arm must be one of {', '.join(ARMS)}, not {arm!r}")
    return resnet_cifar(
        depth,
        block=PreActivationBlock if arm == "preactivated" else BasicBlock,
        channels=CHANNELS,
        in_channels=1,
        shortcut="none" if arm in ("plain", "adam") else "padding",
        generator=torch.Generator().manual_seed(start),
    )


def images(start: int) -> TrainTest:
    """The digits as images of one channel, with the mean 0 and the deviation 1 over all pixels."""
    data = digits(seed=start)
    mean, deviation = data.train.inputs.mean(), data.train.inputs.std()
    standard = [((part.inputs - mean) / deviation).unsqueeze(1) for part in data]  # (N, 1, 8, 8)
    return TrainTest(*map(Examples, standard, (part.targets for part in data)))


def learn(
    arm: str,
    depth: int,
    start: int,
    *,
    rate: float,
    epochs: int = EPOCHS,
    data: TrainTest | None = None,
    model: ResNet | None = None,
) -> Run:
    """Train one network.

    Args:
        arm: one of `ARMS`.
        depth: 6n + 2 layers.
        start: the seed of the split, the first weights and the order.
        rate: the optimizer's learning rate.
        epochs: how often to go through the training images.
        data: `images(start)` unless you say otherwise.
        model: `network(arm, depth, start)` unless you bring one, which is trained in its place.

    Raises:
        ValueError: as for `network`.
    """
    model, data = model or network(arm, depth, start), data or images(start)
    optimizer: torch.optim.Optimizer
    if arm == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    settings: dict[str, Any] = {"batch_size": BATCH_SIZE, "device": "cpu", "seed": start}
    history = fit(model, cross_entropy, optimizer, data.train, epochs=epochs, **settings)
    settle_statistics(model, data.train.inputs)
    train, test = (
        evaluate(model, cross_entropy, part, metrics={"accuracy": accuracy}) for part in data
    )
    errors = (100 - 100 * figures["accuracy"] for figures in (train, test))
    return Run(model, history.step_loss, train["loss"], *errors)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate at each depth on one start, then judge it on the others."""
    arms: dict[str, Any] = {}
    for arm, depths in ARMS.items():
        rows: dict[str, Any] = {}
        for depth in depths:
            tried = [_loss_at(arm, depth, rate) for rate in RATES[arm]]
            rate = RATES[arm][tried.index(min(tried))]
            runs = [learn(arm, depth, start, rate=rate) for start in STARTS]
            rows[str(depth)] = {
                "tried": [round(loss, 5) for loss in tried],
                "rate": rate,
                "train_loss": [round(run.train_loss, 5) for run in runs],
                "train_error": [round(run.train_error, 2) for run in runs],
                "test_error": [round(run.test_error, 2) for run in runs],
                "first_losses": [round(loss, 5) for loss in runs[0].step_loss[:FIRST_STEPS]],
            }
        arms[arm] = rows
    return {
        "settings": {"rates": RATES, "channels": CHANNELS, "batch_size": BATCH_SIZE}
        | {"epochs": EPOCHS, "tuned_on": TUNED_ON, "starts": STARTS},
        "arms": arms,
    }


def _loss_at(arm: str, depth: int, rate: float) -> float:
    """The training loss on the start that rates are chosen by; a run that breaks off counts 10."""
    try:
        return learn(arm, depth, TUNED_ON, rate=rate).train_loss
    except NonFiniteLossError:
        return 10.0


if __name__ == "__main__":
    record.run_and_store(__file__, study)
