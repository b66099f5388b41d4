"""What augmentation is worth, by the number of labels: as many steps with it as without.

This writes `augmentation_worth.json` beside the file::

    python -m linebyline.studies.augmentation_worth

The data are the first so many of MNIST-5k's 4,000 training images, in an order drawn anew by each
start; the model is an MLP with one hidden layer, the optimizer Adam. Three arms differ in what the
network sees of the images: as they are ("plain"), shifted, turned and zoomed a little ("moved"), or
mixed in pairs ("mixed", mixup).

An arm's learning rate is the one with the least error on a start of its own. The mean over the
numbers of labels is geometric there, so that one tenth less counts alike for few and for many.
Judged are other starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import geometric_mean
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.augmentations import Augmentation, RandomAffine
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.mixup import Mixup
from linebyline.data.mnist import mnist_5k
from linebyline.data.pipeline import Pipeline
from linebyline.layers.mlp import MLP
from linebyline.studies import record
from linebyline.training.loop import fit
from linebyline.training.metrics import accuracy

ARMS = ("plain", "moved", "mixed")
MOVES = RandomAffine(shift=2, turn=10, zoom=0.1)
ALPHA = 0.2
LABELS = (100, 200, 500, 1000, 2000, 4000)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01)
HIDDEN = 128
BATCH_SIZE = 50
STEPS = 1600
"""A multiple of each arm's steps in an epoch, the largest of which are 80."""
TUNED_ON = 100
STARTS = (0, 1, 2, 3)
FIRST_STEPS = 6
"""The losses of so many first steps are kept, for the test that replays them."""


class Run(NamedTuple):
    """A network that has learned, the images that it had, and its loss at every step."""

    model: nn.Module
    data: TrainTest
    losses: list[float]

    def error(self, change: Callable[[Tensor], Tensor] = lambda images: images) -> float:
        """Percent of the test images misread, each image changed as you say beforehand."""
        images, digits = self.data.test
        with torch.no_grad():
            return 100 - 100 * accuracy(self.model(change(images)), digits).item()


def learn(
    arm: str | Augmentation,
    labels: int,
    start: int,
    *,
    rate: float = 0.001,
    steps: int = STEPS,
    data: TrainTest | None = None,
) -> Run:
    """Train one network.

    Args:
        arm: one of `ARMS`, or an augmentation.
        labels: how many images to learn from.
        start: the seed of the split, the first weights, the order and what is drawn.
        rate: Adam's learning rate.
        steps: rounded up to whole epochs.
        data: images and digits; `mnist_5k(seed=start)` unless you say otherwise.

    Returns:
        The run; its model is in evaluation mode.

    Raises:
        ValueError: there is no such arm, or not as many labels.
    """
    if isinstance(arm, str) and arm not in ARMS:
        raise ValueError(f"arm must be one of {', '.join(ARMS)} or an augmentation, not {arm!r}")
    (images, digits), test = data or mnist_5k(seed=start)
    if not 1 <= labels <= len(images):
        raise ValueError(f"labels must be from 1 to {len(images)}, not {labels}")
    data = TrainTest(Examples(images[:labels], digits[:labels]), test)
    augment = {"plain": [], "mixed": [], "moved": [MOVES]}[arm] if isinstance(arm, str) else [arm]
    generator = torch.Generator().manual_seed(start)
    model = nn.Sequential(
        Pipeline(data, augment, seed=start),
        nn.Flatten(),
        MLP([images[0].numel(), HIDDEN, 10], generator=generator),
    )
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy
    if arm == "mixed":
        mixup = Mixup(ALPHA, seed=start)
        model.insert(1, mixup)
        loss = mixup.loss(cross_entropy)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    epochs = -(-steps // -(-labels // BATCH_SIZE))
    history = fit(
        model,
        loss,
        optimizer,
        data.train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        device="cpu",
        seed=start,
    )
    return Run(model.eval(), data, history.step_loss)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate on one start, then judge it on the others."""
    arms: dict[str, Any] = {}
    for arm in ARMS:
        tried = [
            [learn(arm, labels, TUNED_ON, rate=rate).error() for labels in LABELS] for rate in RATES
        ]
        means = [geometric_mean(row) for row in tried]
        rate = RATES[means.index(min(means))]
        runs = [[learn(arm, labels, start, rate=rate) for start in STARTS] for labels in LABELS]
        arms[arm] = {
            "tried": _rounded(tried),
            "rate": rate,
            "error": _rounded([[run.error() for run in row] for row in runs]),
            "first_losses": _rounded([row[0].losses[:FIRST_STEPS] for row in runs], 5),
        }
    return {
        "settings": {"labels": LABELS, "rates": RATES, "hidden": HIDDEN}
        | {"batch_size": BATCH_SIZE, "steps": STEPS, "tuned_on": TUNED_ON, "starts": STARTS},
        "arms": arms,
    }


def _rounded(rows: Sequence[Sequence[float]], digits: int = 2) -> list[list[float]]:
    return [[round(number, digits) for number in row] for row in rows]


if __name__ == "__main__":
    record.run_and_store(__file__, study)
