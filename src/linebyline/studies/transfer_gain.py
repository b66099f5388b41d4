"""From printed letters to handwritten digits: four ways to use a trained network, by labels.

This writes `transfer_gain.json` beside the file::

    python -m linebyline.studies.transfer_gain

The source task is to name 26 printed letters, the target to name handwritten digits, of which few
have labels; all images have 14 x 14 pixels. The network has four convolutional parts, each with
batch norm and ReLU, and a linear head. "scratch" begins at random; "probe" keeps the four parts as
the letters left them and trains a head; "tune" trains all from there, with a random head; and
"head first" trains the head, and then all. A network has 150 steps of Adam, a head alone, whose
features are computed once, 300, with a rate that falls to 0. Each way chooses its rate, and all but
the probe whether images are augmented, on draws of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy

from linebyline.data.augmentations import RandomAffine
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.glyphs import glyphs
from linebyline.data.mnist import mnist_5k
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.batch_statistics import hold_statistics
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.init import he_normal_
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import GlobalAvgPool2d, MaxPool2d
from linebyline.studies import record
from linebyline.vision.transfer import freeze, graded_groups, transplant

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WAYS = ("scratch", "probe", "tune", "head first")
COUNTS = (10, 30, 100, 300, 1000)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
AUGMENT = RandomAffine(shift=1.5, turn=12, zoom=0.15)
WIDTHS = (8, 16, 24, 32)
PARTS = len(WIDTHS)
STEPS = 150
BATCH_SIZE = 50
TUNED_ON = (100, 101)
DRAWS = (102, 103, 104, 105)


def network(classes: int, seed: int) -> nn.Sequential:
    """Four parts, which halve the image after the first and the third, and a head: untrained."""
    draw = torch.Generator().manual_seed(seed)
    parts: list[nn.Module] = []
    for place, (before, after) in enumerate(zip((1, *WIDTHS), WIDTHS, strict=False)):
        conv = Conv2d(before, after, 3, padding=1, bias=False, generator=draw)
        he_normal_(conv.weight, generator=draw)
        last = (MaxPool2d(2), nn.Identity(), MaxPool2d(2), GlobalAvgPool2d())[place]
        parts.append(nn.Sequential(conv, BatchNorm2d(after), nn.ReLU(), last))
    return nn.Sequential(*parts, Linear(WIDTHS[-1], classes, generator=draw))


def letters(seed: int, count: int = 1300) -> Examples:
    """Printed letters, (count, 1, 14, 14)."""
    images, targets = glyphs(LETTERS, count=count, size=14, seed=seed)
    return Examples(images.unsqueeze(1), targets)


def handwriting(seed: int) -> TrainTest:
    """Handwritten digits, (images, 1, 14, 14): four pixels of MNIST are averaged to one."""
    data = mnist_5k(seed=seed)
    return TrainTest(*(Examples(avg_pool2d(x[:, None], 2), y) for x, y in data))


def few(examples: Examples, count: int, seed: int) -> Examples:
    """Draw so many, as many of each class as of the others."""
    draw = torch.Generator().manual_seed(seed)
    chosen = []
    classes = examples.targets.unique()
    for label in classes:
        places = (examples.targets == label).nonzero()[:, 0]
        chosen.append(places[torch.randperm(len(places), generator=draw)][: count // len(classes)])
    which = torch.cat(chosen)
    return Examples(examples.inputs[which], examples.targets[which])


def learn(
    model: nn.Sequential,
    examples: Examples,
    *,
    rate: float,
    factor: float = 1.0,
    steps: int = STEPS,
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
    hold: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """Adam on batches of 50 (or of all examples), with a rate that falls linearly to 0.

    Args:
        model: changed in place, and in evaluation mode afterwards.
        examples: whose order is drawn anew after each pass.
        rate: of the last part, at the first step.
        factor: by which each part is slower than the one above it.
        steps: of the optimizer.
        augment: another change of the images at each step.
        hold: True lets batch norms keep the statistics that they have.
        seed: of the order and of `augment`.
    """
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(graded_groups(model, rate, factor))
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    model.train()
    if hold:
        hold_statistics(model)
    size = min(BATCH_SIZE, len(examples.inputs))
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < size:
            rest = torch.randperm(len(examples.inputs), generator=draw)
            order = torch.cat([order, rest])
        chosen, order = order[:size], order[size:]
        x, y = examples.inputs[chosen], examples.targets[chosen]
        if augment is not None:
            x = augment(x, draw)
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()
        falling.step()
    return model.eval()


def pretrained(examples: Examples, seed: int, *, steps: int = 400) -> nn.Sequential:
    """A network that has learned to name the letters."""
    model = network(len(LETTERS), seed)
    return learn(model, examples, rate=0.01, steps=steps, augment=AUGMENT, seed=seed)


def probe(model: nn.Sequential, examples: Examples, *, seed: int, rate: float = 0.01) -> None:
    """Train the last part on what the frozen ones below it say, which is computed once."""
    with torch.no_grad():
        features = freeze(model[:-1])(examples.inputs)
    head, seen = nn.Sequential(model[-1]), Examples(features, examples.targets)
    learn(head, seen, rate=rate, steps=2 * STEPS, seed=seed)
    model.requires_grad_(True)


def adapt(
    way: str, source: nn.Sequential, examples: Examples, *, seed: int, **options: Any
) -> nn.Sequential:
    """A network for the digits, made in one of the four ways.

    Args:
        way: one of `WAYS`.
        source: trained on the letters; it stays as it is.
        examples: digits with labels.
        seed: of the new weights and of the order.
        options: of `learn`; a probe takes the rate only.

    Raises:
        ValueError: there is no such way.
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}, not {way!r}")
    model = network(10, seed)
    if way != "scratch":
        transplant(source, model, PARTS)
    if way == "probe":
        probe(model, examples, seed=seed, rate=options["rate"])
        return model
    if way == "head first":
        probe(model, examples, seed=seed)
    return learn(model, examples, seed=seed, **options)


@torch.no_grad()
def right(model: nn.Module, examples: Examples) -> float:
    """The share of the examples that are named rightly, in evaluation mode."""
    answers = model.eval()(examples.inputs).argmax(1)
    return (answers == examples.targets).double().mean().item()


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """For each way and number of labels tune on some draws, then judge on others."""
    found: dict[str, Any] = {way: {} for way in WAYS}
    seeds = (*TUNED_ON, *DRAWS)
    data = {seed: handwriting(seed) for seed in seeds}
    sources = {seed: pretrained(letters(seed), seed) for seed in seeds}

    def share(way: str, count: int, seed: int, rate: float, augmented: bool) -> float:
        options = {"rate": rate, "augment": AUGMENT if augmented else None}
        some = few(data[seed].train, count, seed)
        return right(adapt(way, sources[seed], some, seed=seed, **options), data[seed].test)

    for way in WAYS:
        for count in COUNTS:
            tried = {
                (rate, augmented): [share(way, count, s, rate, augmented) for s in TUNED_ON]
                for augmented in ((False,) if way == "probe" else (False, True))
                for rate in RATES
            }
            best = max(tried, key=lambda setting: sum(tried[setting]))
            found[way][str(count)] = {
                "tried": [round(sum(shares) / len(shares), 4) for shares in tried.values()],
                "rate": best[0],
                "augmented": best[1],
                "right": [round(share(way, count, s, *best), 4) for s in DRAWS],
            }
    return {
        "settings": {"counts": COUNTS, "rates": RATES, "steps": STEPS, "batch_size": BATCH_SIZE}
        | {"widths": WIDTHS, "tuned_on": TUNED_ON, "draws": DRAWS},
        "ways": found,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
