"""Four pretext tasks on unlabelled digits, and what 100 labels can read off each.

This writes `pretext_tasks.json` beside the file::

    python -m linebyline.studies.pretext_tasks

One encoder, of two convolutional parts and a dense one, learns from 4,000 digits of 14 x 14 pixels
without a label: to say how far an image was turned, what was in a hidden square, what is in the
next row, or which other view is of the same image (its 64 features are compared as they are); a
control has nothing hidden. Every task has 300 steps of Adam with batches of 128 and a rate that
falls to 0. Its rate is the one that makes *its own* loss least, for it has no labels. Then the
encoder is frozen, and a linear probe names digits from 100 labels, on top of the second part and of
the third, with a penalty that was chosen on other starts. Rivals are pixels, their principal
components, a random encoder, and the same network trained on the 100 labels, as they are and
augmented. Last, the whole network learns from the labels, from each task's start on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.data.augmentations import Augmentation, RandomAffine
from linebyline.data.examples import Examples, TrainTest
from linebyline.generative.principal_components import principal_components
from linebyline.layers.batch_norm import BatchNorm1d, BatchNorm2d
from linebyline.layers.batch_statistics import settle_statistics
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import MaxPool2d
from linebyline.losses.nt_xent import nt_xent
from linebyline.self_supervised.features import frozen_features
from linebyline.self_supervised.linear_probe import linear_probe
from linebyline.self_supervised.pretext import (
    Ask,
    HiddenSquare,
    NextRow,
    NothingHidden,
    Pretext,
    QuarterTurn,
    pretext_loss,
)
from linebyline.self_supervised.simclr import SimCLR
from linebyline.studies import record
from linebyline.studies.transfer_gain import few, handwriting, learn, right

Data = Mapping[int, TrainTest]
Starts = Mapping[int, Mapping[str, nn.Sequential]]

SIZE, WIDTHS, FEATURES = 14, (16, 32), 64
CHANGES = RandomAffine(shift=2, turn=15, zoom=0.2)
STEPS, BATCH_SIZE = 300, 128
LABELS, DRAWS = 100, 4
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
PENALTIES = (0.001, 0.01, 0.1, 1.0)
TOLERANCE = 1e-5
TUNED_ON = (100, 101)
STARTS = tuple(range(102, 108))


TASKS: dict[str, Ask | tuple[Augmentation, ...]] = {
    "turn": QuarterTurn(),
    "square": HiddenSquare(7),
    "next row": NextRow(2),
    "contrast": (CHANGES,),
    "nothing hidden": NothingHidden(),
}
"""What is asked, or, for contrast, what makes the two views differ; the last one is a control."""

FINE_TUNED = ("turn", "square", "next row", "contrast")


def encoder(seed: int) -> nn.Sequential:
    """Images, (N, 1, 14, 14), to 32 maps of 3 x 3 after two parts, and to 64 features at the end.

    The second part ends flat, so that a probe can stand there.
    """
    draw = torch.Generator().manual_seed(seed)
    first, second = (
        Conv2d(before, after, 3, padding=1, bias=False, generator=draw)
        for before, after in ((1, WIDTHS[0]), WIDTHS)
    )
    dense = Linear(9 * WIDTHS[1], FEATURES, bias=False, generator=draw)
    return nn.Sequential(
        nn.Sequential(first, BatchNorm2d(WIDTHS[0]), nn.ReLU(), MaxPool2d(2)),
        nn.Sequential(second, BatchNorm2d(WIDTHS[1]), nn.ReLU(), MaxPool2d(2), nn.Flatten()),
        nn.Sequential(dense, BatchNorm1d(FEATURES), nn.ReLU()),
    )


def learner(
    how: Ask | tuple[Augmentation, ...], seed: int
) -> tuple[nn.Module, Callable[[Any], Tensor]]:
    """An encoder with all that its task needs, and the task's loss.

    A tuple holds the changes that make two views of an image; else it is a question.
    """
    if isinstance(how, tuple):
        model = SimCLR(encoder(seed), nn.Identity(), how, seed=seed)
        return model, lambda views: nt_xent(*views, temperature=0.2)
    sample = how(torch.zeros(1, 1, SIZE, SIZE), torch.Generator()).answers
    outputs = sample.numel() if sample.is_floating_point() else QuarterTurn.choices
    head = Linear(FEATURES, outputs, generator=torch.Generator().manual_seed(seed + 1))
    return Pretext(encoder(seed), head, how, seed=seed), pretext_loss


def pretrain(
    how: Ask | tuple[Augmentation, ...],
    images: Tensor,
    *,
    rate: float,
    seed: int,
    steps: int = STEPS,
) -> tuple[nn.Module, list[float]]:
    """Train on images alone; the model, in evaluation mode, and the loss of each step."""
    model, loss = learner(how, seed)
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    losses = []
    for _ in range(steps):
        batch = images[torch.randint(len(images), (BATCH_SIZE,), generator=draw)]
        optimizer.zero_grad()
        value = loss(model(batch))
        value.backward()
        optimizer.step()
        falling.step()
        losses.append(value.item())
    return model.eval(), losses


def untrained(images: Tensor, seed: int) -> nn.Sequential:
    """A random encoder, whose norms know the spread of the images."""
    return settle_statistics(encoder(seed), images[:500]).eval()


def components(images: Tensor, count: int) -> Callable[[Tensor], Tensor]:
    """From images to their first principal components, which are those of `images`."""
    encoder = principal_components(images.flatten(1)).network(count).encoder
    return lambda x: encoder(x.flatten(1))


def described(see: Callable[[Tensor], Tensor], data: TrainTest) -> TrainTest:
    """Frozen features for images: each is centred, and all are divided by one spread.

    Mean and spread are those of all training images, for which no label is needed.
    """
    train, test = (frozen_features(see, part.inputs) for part in data)
    mean = train.mean(0)
    spread = (train - mean).square().mean().sqrt()
    return TrainTest(
        *(
            Examples((h - mean) / spread, part.targets)
            for h, part in zip((train, test), data, strict=True)
        )
    )


def probed(
    features: TrainTest, *, penalty: float, seed: int, draws: int = DRAWS, held: bool = False
) -> float:
    """What share a linear probe names rightly from `LABELS` labels; the mean over draws of them.

    With `held` it is judged on the training images without a label, and not on the test images.
    """
    judged = features.train if held else features.test
    shares = []
    for draw in range(draws):
        some = few(features.train, LABELS, 1000 * seed + draw)
        probe = linear_probe(some.inputs, some.targets, penalty=penalty, tolerance=TOLERANCE)
        shares.append(right(probe, judged))
    return sum(shares) / draws


def sights(
    models: Mapping[str, nn.Sequential], images: Tensor
) -> dict[str, Callable[[Tensor], Tensor]]:
    """All descriptions that a probe is put on: each encoder's second and third part, and rivals."""
    found: dict[str, Callable[[Tensor], Tensor]] = {
        "pixels": nn.Flatten(),
        "components": components(images, 32),
    }
    for name, model in models.items():
        found |= {f"{name}, part {parts}": model[:parts] for parts in (2, 3)}
    return found


def supervised(
    some: Examples,
    *,
    rate: float,
    seed: int,
    start: nn.Sequential | None = None,
    plain: bool = False,
) -> nn.Sequential:
    """The encoder and a head, trained on labels, with the images augmented, unless `plain`.

    It begins from `start`, which stays as it is, if there is one.
    """
    model = encoder(seed)
    if start is not None:
        model.load_state_dict(start.state_dict())
    draw = torch.Generator().manual_seed(seed + 2)
    model.append(Linear(FEATURES, 10, generator=draw))
    return learn(model, some, rate=rate, augment=None if plain else CHANGES, seed=seed)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose rates and penalties on some starts, then judge on others."""
    data = {seed: handwriting(seed) for seed in (*TUNED_ON, *STARTS)}
    tasks = {task: _tuned_rate(task, data) for task in TASKS}

    def models(seed: int) -> dict[str, nn.Sequential]:
        images = data[seed].train.inputs
        found = {"random": untrained(images, seed)}
        for task, how in TASKS.items():
            model, _ = pretrain(how, images, rate=tasks[task]["rate"], seed=seed)
            found[task] = model.encoder  # type: ignore[assignment]
        return found

    penalties: dict[str, dict[float, float]] = {}
    starts: dict[int, dict[str, nn.Sequential]] = {seed: models(seed) for seed in TUNED_ON}
    for seed in TUNED_ON:
        for name, see in sights(starts[seed], data[seed].train.inputs).items():
            features = described(see, data[seed])
            for penalty in PENALTIES:
                share = probed(features, penalty=penalty, seed=seed, held=True)
                tried = penalties.setdefault(name, dict.fromkeys(PENALTIES, 0.0))
                tried[penalty] += share / len(TUNED_ON)
    best = {name: max(row, key=row.__getitem__) for name, row in penalties.items()}
    ways = {way: _tuned_way(way, data, starts) for way in ("plain", "augmented", *FINE_TUNED)}

    frozen: dict[str, list[float]] = {name: [] for name in penalties}
    trained: dict[str, list[float]] = {way: [] for way in ways}
    for seed in STARTS:
        starts[seed] = models(seed)
        for name, see in sights(starts[seed], data[seed].train.inputs).items():
            share = probed(described(see, data[seed]), penalty=best[name], seed=seed)
            frozen[name].append(round(share, 4))
        for way, setting in ways.items():
            trained[way].append(round(_way(way, data, starts, setting["rate"], seed), 4))
    return {
        "settings": {"steps": STEPS, "batch_size": BATCH_SIZE, "labels": LABELS, "rates": RATES}
        | {"penalties": PENALTIES, "tuned_on": TUNED_ON, "starts": STARTS, "draws": DRAWS},
        "tasks": tasks,
        "frozen": {
            name: {
                "penalty": best[name],
                "tried": [round(share, 4) for share in penalties[name].values()],
                "right": frozen[name],
            }
            for name in penalties
        },
        "trained": {way: ways[way] | {"right": trained[way]} for way in ways},
    }


def _tuned_rate(task: str, data: Data) -> dict[str, Any]:
    """The rate with the least loss of the task itself, over the last fifty steps."""
    tried = []
    for rate in RATES:
        ends = []
        for seed in TUNED_ON:
            _, losses = pretrain(TASKS[task], data[seed].train.inputs, rate=rate, seed=seed)
            ends.append(sum(losses[-50:]) / 50)
        tried.append(round(sum(ends) / len(ends), 4))
    return {"tried": tried, "rate": RATES[tried.index(min(tried))]}


def _way(way: str, data: Data, starts: Starts, rate: float, seed: int) -> float:
    """What share one way of learning from the labels names rightly; means over two draws."""
    train = partial(supervised, rate=rate, plain=way == "plain", start=starts[seed].get(way))
    shares = [
        right(train(few(data[seed].train, LABELS, number), seed=number), data[seed].test)
        for number in (1000 * seed, 1000 * seed + 1)
    ]
    return sum(shares) / len(shares)


def _tuned_way(way: str, data: Data, starts: Starts) -> dict[str, Any]:
    """The rate that names most digits rightly, on the starts to tune on."""
    tried = [
        round(sum(_way(way, data, starts, rate, seed) for seed in TUNED_ON) / len(TUNED_ON), 4)
        for rate in RATES
    ]
    return {"tried": tried, "rate": RATES[tried.index(max(tried))]}


if __name__ == "__main__":
    record.run_and_store(__file__, study)
