"""What gates for channels are worth, on a task that needs them and on one that does not.

This writes `channel_gates.json` beside the file::

    python -m linebyline.studies.channel_gates

Each task has arms: the plain residual network, a wider one with more parameters than the gated one
has, gates from different squeezes, and controls. Every arm takes the rate with the least mean error
on the starts `tuned_on` of its task, and is judged on others. A start is the seed of the split,
the first weights and the order of the images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from linebyline.data.digits import digits
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.overlaid_digits import overlaid_digits
from linebyline.optim.lr_schedules import Schedule, cosine_decay
from linebyline.studies import record
from linebyline.training.loop import fit
from linebyline.training.metrics import accuracy
from linebyline.vision.resnet import BasicBlock, ResNet
from linebyline.vision.senet import squeeze_excitation

CHANNELS = 16
REDUCTION = 2
CLASSES = (0, 1, 2)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""


def few_digits(start: int) -> TrainTest:
    """449 digits of 8 x 8 pixels to learn from, 1,348 to judge by."""
    parts = digits(test_fraction=0.75, seed=start)
    return TrainTest(*(Examples(x[:, None], y) for x, y in parts))


def far_cue(start: int) -> TrainTest:
    """Overlaid digits whose cue is a strip that no convolution of the network sees with them."""
    return overlaid_digits(classes=CLASSES, seed=start)


def near_cue(start: int) -> TrainTest:
    """Overlaid digits whose cue is in every pixel."""
    return overlaid_digits(classes=CLASSES, seed=start, cue="everywhere")


def closer_cue(start: int) -> TrainTest:
    """Overlaid digits whose strip is two columns away from them."""
    return overlaid_digits(classes=CLASSES, gap=2, seed=start)


class Arm(NamedTuple):
    """What differs between two networks: gates (options of the layer), width, depth, data."""

    gates: Mapping[str, Any] | None = None
    channels: int = CHANNELS
    blocks: int | None = None
    data: Callable[[int], TrainTest] | None = None


class Task(NamedTuple):
    """Data, the network for them, how long it learns, and what is compared."""

    data: Callable[[int], TrainTest]
    in_channels: int
    classes: int
    blocks: int
    epochs: int
    tuned_on: tuple[int, ...]
    starts: tuple[int, ...]
    arms: Mapping[str, Arm]


BOTH = {
    "plain": Arm(),
    "wide": Arm(channels=CHANNELS + 1),
    "nothing": Arm({"squeeze": "nothing"}),
    "position": Arm({"squeeze": "position"}),
    "max": Arm({"squeeze": "max"}),
    "average": Arm({}),
}
TASKS = {
    "asked": Task(
        far_cue,
        in_channels=2,
        classes=len(CLASSES),
        blocks=2,
        epochs=10,
        tuned_on=(100,),
        starts=(0, 1, 2),
        arms={
            **BOTH,
            "near": Arm(data=near_cue),
            "closer": Arm(data=closer_cue),
            "deep": Arm(blocks=4),
        },
    ),
    "digits": Task(
        few_digits,
        in_channels=1,
        classes=10,
        blocks=3,
        epochs=16,
        tuned_on=(100, 101),
        starts=(0, 1, 2, 3, 4, 5),
        arms={
            **BOTH,
            "relu": Arm({"activation": torch.relu}),
            "tanh": Arm({"activation": torch.tanh}),
            "r = 16": Arm({"reduction": 16}),
        },
    ),
}


class Run(NamedTuple):
    """A network that has learned, its data, and its loss at every step."""

    model: ResNet
    data: TrainTest
    losses: list[float]

    def error(self) -> float:
        """Percent of the test images misread."""
        return 100 - 100 * right(self.model, self.data.test)


def right(model: nn.Module, examples: Examples) -> float:
    """The share of examples read right."""
    with torch.no_grad():
        return accuracy(model(examples.inputs), examples.targets).item()


def network(task: str, arm: str, start: int) -> ResNet:
    """An arm's network as it begins: one stage of basic blocks.

    Raises:
        ValueError: there is no such task, or it has no such arm.
    """
    setting, own = _named(task, arm)
    generator = torch.Generator().manual_seed(start)
    gates = None
    if own.gates is not None:
        gates = squeeze_excitation(**{"reduction": REDUCTION, **own.gates}, generator=generator)
    return ResNet(
        BasicBlock,
        (own.blocks or setting.blocks,),
        channels=own.channels,
        in_channels=setting.in_channels,
        num_classes=setting.classes,
        small_images=True,
        attention=gates,
        generator=generator,
    )


def learn(task: str, arm: str, start: int, *, rate: float, epochs: int | None = None) -> Run:
    """Train one network by Adam in batches of 32, its rate falling to 0 along a cosine.

    Args:
        task: one of `TASKS`.
        arm: one of the task's arms.
        start: the seed of everything.
        rate: Adam's first rate.
        epochs: as many as the task has, unless you say otherwise. The rate falls as slowly.

    Returns:
        The run; its model is in evaluation mode.

    Raises:
        ValueError: as for `network`.
    """
    setting, own = _named(task, arm)
    data = (own.data or setting.data)(start)
    model = network(task, arm, start)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    steps = setting.epochs * -(-len(data.train.targets) // 32)
    schedule = Schedule(optimizer, cosine_decay, steps=steps)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    history = fit(
        model,
        cross_entropy,
        optimizer,
        data.train,
        epochs=epochs or setting.epochs,
        batch_size=32,
        device="cpu",
        seed=start,
    )
    return Run(model.eval(), data, history.step_loss)


def _named(task: str, arm: str) -> tuple[Task, Arm]:
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, not {task!r}")
    arms = TASKS[task].arms
    if arm not in arms:
        raise ValueError(f"arm must be one of {', '.join(arms)}, not {arm!r}")
    return TASKS[task], arms[arm]


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate on starts of its own, then judge it on others."""
    return {
        "settings": {"channels": CHANNELS, "reduction": REDUCTION}
        | {"classes": CLASSES, "rates": RATES},
        "tasks": {task: {arm: _judge(task, arm) for arm in TASKS[task].arms} for task in TASKS},
    }


def _judge(task: str, arm: str) -> dict[str, Any]:
    """From the middle rate on, walk down to the best one; what was not tried is no rival."""
    tried: dict[float, list[float]] = {}

    def mean(place: int) -> float:
        rate = RATES[place]
        if rate not in tried:
            runs = (learn(task, arm, start, rate=rate) for start in TASKS[task].tuned_on)
            tried[rate] = [round(run.error(), 2) for run in runs]
        return sum(tried[rate])

    best = len(RATES) // 2
    while True:
        near = [place for place in (best - 1, best, best + 1) if 0 <= place < len(RATES)]
        better = min(near, key=mean)
        if better == best:
            break
        best = better
    runs = [learn(task, arm, start, rate=RATES[best]) for start in TASKS[task].starts]
    return {
        "tried": {str(rate): tried[rate] for rate in sorted(tried)},
        "rate": RATES[best],
        "parameters": sum(p.numel() for p in network(task, arm, 0).parameters()),
        "error": [round(run.error(), 2) for run in runs],
        "first_losses": [round(loss, 5) for loss in runs[0].losses[:FIRST_STEPS]],
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
