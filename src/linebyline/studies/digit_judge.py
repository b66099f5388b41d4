"""A network that names digits, and with it judges those that a generator makes.

This writes `digit_judge.json` and `digit_judge.safetensors` beside the file::

    python -m linebyline.studies.digit_judge

The judge learns from the 1,000 images that `mnist_5k` sets aside, shifted, turned and zoomed anew
each time, and a generator learns from the other 4,000. So a made digit is never called good because
judge and generator have learned the same images by heart. A classifier that has seen nothing but
digits is sure of noise, too. This one is also shown what is no digit, two that lie on each other,
pixels out of order, noise and blank paper, and is asked to be unsure: outlier exposure (Hendrycks,
Mazeika & Dietterich 2019, equation 1).

There are two judges, for images of 28 x 28 pixels and for their averages over squares of 2 x 2.
What the study stores beside the weights is measured on the 4,000 images: the share named rightly,
the share that the judge is sure of, and how often it is sure of what is no digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.augmentations import RandomAffine
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.mnist import mnist_5k
from linebyline.generative.metrics import confident_share, frechet_distance, precision_recall
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.init import he_normal_
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import MaxPool2d
from linebyline.studies import record
from linebyline.studies.falling_rate import descend
from linebyline.studies.transfer_gain import handwriting
from linebyline.training.batches import batches
from linebyline.training.metrics import accuracy
from linebyline.vision.transfer import freeze

SIDES = (14, 28)
WIDTHS = (16, 32, 64)  # channels of two or three convolutions, and the features
EPOCHS = 100
BATCH_SIZE = 50
RATE = 3e-3
WEIGHT = 0.1  # of what is no digit
SEED = 200
WEIGHTS = Path(__file__).with_suffix(".safetensors")


class DigitJudge(nn.Module):
    """Convolutions of 3 x 3, each with a pooling by 2, to 3 x 3 places; then two linear layers.

    Args:
        side: of the images: 14 for two convolutions, 28 for three.
        seed: of the weights.

    Raises:
        ValueError: there is no judge of such images.
    """

    def __init__(self, side: int, seed: int = SEED) -> None:
        super().__init__()
        if side not in SIDES:
            raise ValueError(f"side must be one of {', '.join(map(str, SIDES))}, not {side!r}")
        draw = torch.Generator().manual_seed(seed)
        self.side = side
        layers: list[nn.Module] = []
        before = 1
        for after in WIDTHS[:2] if side == 14 else (WIDTHS[0], *WIDTHS[:2]):
            conv = Conv2d(before, after, 3, padding=1, bias=False, generator=draw)
            he_normal_(conv.weight, generator=draw)
            layers += [conv, BatchNorm2d(after), nn.ReLU(), MaxPool2d(2)]
            before = after
        hidden = Linear(before * 9, WIDTHS[-1], generator=draw)
        self.body = nn.Sequential(*layers, nn.Flatten(), hidden, nn.ReLU())
        self.head = Linear(WIDTHS[-1], 10, generator=draw)

    def features(self, images: Float[Tensor, "batch side side"]) -> Float[Tensor, "batch 64"]:
        """What the last layer sees of each image.

        Raises:
            ValueError: the images have another size.
        """
        if images.ndim != 3 or images.shape[1:] != (self.side, self.side):
            raise ValueError(
                f"images must have the shape (batch, {self.side}, {self.side}), "
                f"not {tuple(images.shape)}"
            )
        return self.body(images[:, None])

    def forward(self, images: Float[Tensor, "batch side side"]) -> Float[Tensor, "batch 10"]:
        """Logits of the ten digits."""
        return self.head(self.features(images))


def digits(side: int) -> TrainTest:
    """`mnist_5k` at 28 x 28 pixels, or averaged over squares of 2 x 2."""
    if side == 28:
        return mnist_5k(seed=0)
    return TrainTest(*(part._replace(inputs=part.inputs[:, 0]) for part in handwriting(0)))


def no_digits(
    examples: Examples, generator: torch.Generator
) -> dict[str, Float[Tensor, "count side side"]]:
    """What is none, made of images: two classes on each other, pixels out of order, noise, paper.

    Args:
        examples: images of digits and their classes.
        generator: of the pairs, the orders and the noise.
    """
    images, classes = examples
    count, side, _ = images.shape
    partner = torch.randperm(count, generator=generator)
    others = classes != classes[partner]
    overlaid = torch.maximum(images, images[partner])  # as dark as digits are: ink on ink
    order = torch.rand(count, side * side, generator=generator).argsort(1)
    shuffled = images.flatten(1).gather(1, order).view_as(images)
    noise = torch.rand(images.shape, generator=generator)
    blank = torch.zeros_like(images)
    return {"overlaid": overlaid[others], "shuffled": shuffled, "noise": noise, "blank": blank}


def train(model: DigitJudge, examples: Examples, *, epochs: int, stop: int) -> list[float]:
    """Adam with a rate that falls linearly to 0 at `epochs`, on images changed anew each time.

    Args:
        model: changed in place.
        examples: to learn from.
        epochs: as the rate counts them.
        stop: after so many steps.

    Returns:
        The loss of each step.
    """
    scale = model.side / 28
    change = RandomAffine(shift=3 * scale, turn=12, zoom=0.15)
    draw = torch.Generator().manual_seed(SEED)
    model.train()

    def losses() -> Iterator[Tensor]:
        for _ in range(epochs):
            for inputs, targets in batches(examples, BATCH_SIZE, generator=draw):
                images = change(inputs[:, None], draw)[:, 0]
                others = no_digits(Examples(images, targets), draw)
                few = len(images) // 6
                unlike = torch.cat([kind[:few] for kind in others.values()])
                logits = model(torch.cat([images, unlike]))
                loss = cross_entropy(logits[: len(images)], targets)
                # Unsure: the mean cross-entropy of the uniform distribution.
                yield loss - WEIGHT * logits[len(images) :].log_softmax(1).mean()

    steps = epochs * -(-len(examples.inputs) // BATCH_SIZE)
    return descend(model.parameters(), islice(losses(), stop), rate=RATE, steps=steps)


def load_judge(side: int) -> DigitJudge:
    """The stored judge, for use: in evaluation mode, and frozen.

    Args:
        side: 14 or 28 pixels.

    Raises:
        ValueError: there is no judge of such images.
    """
    model = DigitJudge(side)
    own = {
        name.removeprefix(f"{side}."): value
        for name, value in load_file(WEIGHTS).items()
        if name.startswith(f"{side}.")
    }
    model.load_state_dict(own)
    freeze(model)
    return model


@torch.no_grad()
def judged(images: Float[Tensor, "count ..."], side: int = 14) -> dict[str, Any]:
    """How sure the judge is of images, how far they lie from real ones, and which digits there are.

    Real ones are the 4,000 that the judge never saw. Precision and recall (Kynkäänniemi et al.
    2019) are taken from 1,000 of them and the first 1,000 images; all else from all.

    Args:
        images: squares of `side` pixels, or rows of as many.
        side: 14 or 28.
    """
    judge = load_judge(side)
    pictures = images.reshape(len(images), side, side)
    logits = judge(pictures)
    real, made = judge.features(digits(side).train.inputs), judge.features(pictures)
    precision, recall = precision_recall(real[:1000], made[:1000])
    return {
        "sure": round(confident_share(logits), 4),
        "distance": round(frechet_distance(real, made), 3),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "classes": logits.argmax(1).bincount(minlength=10).tolist(),
    }


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Train both judges, and store their weights and how they name what they never saw."""
    weights: dict[str, Tensor] = {}
    found: dict[str, Any] = {}
    for side in SIDES:
        unseen, own = digits(side)
        model = DigitJudge(side)
        losses = train(model, own, epochs=EPOCHS, stop=10**9)
        model.eval()
        with torch.no_grad():
            logits = model(unseen.inputs)
            unlike = no_digits(unseen, torch.Generator().manual_seed(SEED))
            sure = {name: confident_share(model(images)) for name, images in unlike.items()}
        found[str(side)] = {
            "first_losses": [round(loss, 4) for loss in losses[:5]],
            "right": round(accuracy(logits, unseen.targets).item(), 4),
            "confident": round(confident_share(logits), 4),
            "confident_of": {name: round(share, 4) for name, share in sure.items()},
        }
        weights |= {
            f"{side}.{name}": value.contiguous() for name, value in model.state_dict().items()
        }
    save_file(weights, WEIGHTS)
    return {
        "settings": {"epochs": EPOCHS, "batch_size": BATCH_SIZE, "rate": RATE, "seed": SEED}
        | {"weight": WEIGHT, "widths": WIDTHS},
        "sides": found,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
