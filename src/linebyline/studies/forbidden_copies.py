"""Wide codes that may not simply copy: what a few labels can read off each.

This writes `forbidden_copies.json` beside the file::

    python -m linebyline.studies.forbidden_copies

One layer of 256 sigmoids, tied, learns from 4,000 digits of 14 x 14 pixels without a label: 400
steps of Adam with batches of 128 and a rate that falls to 0. Nothing is forbidden it ("plain"), or
one thing at some strength. Then it is frozen, and a linear probe names digits from 50 or 100
labels. Strength, rate and the probe's penalty are chosen, for each, by what the probe names rightly
among training images without a label, on starts of their own. Rivals are pixels, their principal
components and a layer that has learned nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.data.examples import TrainTest
from linebyline.generative.contractive_autoencoder import sigmoid_penalty
from linebyline.generative.denoising_autoencoder import (
    Corruption,
    GaussianNoise,
    Masking,
    SaltAndPepper,
    denoising_loss,
)
from linebyline.generative.sparse_autoencoder import code_penalty, rate_penalty
from linebyline.generative.tied_autoencoder import TiedAutoencoder
from linebyline.losses.penalties import l2_penalty
from linebyline.self_supervised.linear_probe import linear_probe
from linebyline.studies import record
from linebyline.studies.falling_rate import descend
from linebyline.studies.flat_digits import flat_digits
from linebyline.studies.pretext_tasks import components, described
from linebyline.studies.transfer_gain import few, right

PIXELS, WIDTH = 196, 256
STEPS, BATCH_SIZE = 400, 128
RATES = (0.001, 0.003, 0.01, 0.03)
FIRST_RATE = 0.003
PENALTIES = (0.01, 0.1, 1.0)
COUNTS, DRAWS = (50, 100), 4
TUNED_ON = (100, 101)
STARTS = tuple(range(102, 108))
STRENGTHS: dict[str, tuple[float, ...]] = {
    "plain": (0.0,),
    "decay": (0.001, 0.01, 0.03, 0.1),
    "few units": (0.01, 0.03, 0.1, 0.3),
    "low rate": (0.01, 0.03, 0.1, 0.3),
    "noise": (0.1, 0.2, 0.4, 0.8),
    "masking": (0.1, 0.3, 0.5, 0.7),
    "salt": (0.1, 0.3, 0.5, 0.7),
    "contraction": (0.03, 0.1, 0.3, 1.0),
}
"""What is forbidden, and how much. Three of them spoil the input."""
CORRUPTIONS: dict[str, Callable[[float], Corruption]] = {
    "noise": GaussianNoise,
    "masking": Masking,
    "salt": SaltAndPepper,
}
RATE = 0.05
RIVALS = ("pixels", "components", "untrained")


def forbidding(
    kind: str, strength: float, model: TiedAutoencoder, seed: int
) -> Callable[[Tensor], Tensor]:
    """The loss of a batch where one thing is forbidden."""
    corruption = CORRUPTIONS.get(kind, GaussianNoise)(strength if kind in CORRUPTIONS else 0.0)
    draw = torch.Generator().manual_seed(seed + 1)

    def loss(x: Tensor) -> Tensor:
        error = denoising_loss(model, x, corruption, draw)
        match kind:
            case "decay":
                return error + strength * l2_penalty([model.linear.weight])
            case "few units":
                return error + strength * code_penalty(model.encoder(x))
            case "low rate":
                return error + strength * rate_penalty(model.encoder(x), RATE)
            case "contraction":
                weight = model.linear.weight
                return error + strength * sigmoid_penalty(weight, model.encoder(x))
        return error

    return loss


def train(
    parameters: Iterable[nn.Parameter],
    loss: Callable[[Tensor], Tensor],
    x: Tensor,
    *,
    rate: float,
    seed: int,
    steps: int = STEPS,
    batch_size: int = BATCH_SIZE,
) -> list[float]:
    """Adam, with a rate that falls linearly to 0; the loss of each step.

    Args:
        parameters: changed in place.
        loss: of a batch.
        x: what batches are drawn from, with replacement.
        rate: at the first step.
        seed: of the batches.
        steps: of the optimizer.
        batch_size: how many are drawn for each step.
    """
    draw = torch.Generator().manual_seed(seed)
    losses = (loss(x[torch.randint(len(x), (batch_size,), generator=draw)]) for _ in range(steps))
    return descend(parameters, losses, rate=rate, steps=steps)


def untrained(images: Tensor, seed: int) -> TiedAutoencoder:
    """First weights; the answer to an empty code is the mean image."""
    model = TiedAutoencoder(PIXELS, WIDTH, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        model.back.bias.copy_(images.mean(dim=0))
    return model


def learned(kind: str, images: Tensor, *, strength: float, rate: float, seed: int) -> nn.Module:
    """An encoder from rows of pixels to 256 numbers."""
    model = untrained(images, seed)
    loss = forbidding(kind, strength, model, seed)
    train(model.parameters(), loss, images, rate=rate, seed=seed)
    return model.encoder


def probed(
    features: TrainTest, *, labels: int, penalty: float, seed: int, held: bool = False
) -> float:
    """What share a linear probe names rightly from so many labels; the mean over draws of them.

    With `held` it is judged on the training images without a label, and not on the test images.
    """
    shares = []
    for draw in range(DRAWS):
        some = few(features.train, labels, 1000 * seed + draw)
        probe = linear_probe(some.inputs, some.targets, penalty=penalty, tolerance=1e-5)
        shares.append(right(probe, features.train if held else features.test))
    return sum(shares) / len(shares)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose strengths, rates and penalties on some starts, then judge on others."""
    tuning, judging = ({seed: flat_digits(seed) for seed in seeds} for seeds in (TUNED_ON, STARTS))

    def seen(name: str, data: TrainTest, seed: int, **setting: float) -> TrainTest:
        images = data.train.inputs
        if name == "components":
            return described(components(images, 32), data)
        if name == "pixels":
            return described(nn.Identity(), data)
        if name == "untrained":
            return described(untrained(images, seed).encoder, data)
        return described(learned(name, images, seed=seed, **setting), data)

    def best(name: str, **setting: float) -> tuple[float, float]:
        """The share with 100 labels at the best penalty, and that penalty."""
        shares = dict.fromkeys(PENALTIES, 0.0)
        for seed, data in tuning.items():
            features = seen(name, data, seed, **setting)
            for penalty in PENALTIES:
                share = probed(features, labels=100, penalty=penalty, seed=seed, held=True)
                shares[penalty] += share / len(TUNED_ON)
        penalty = max(shares, key=shares.__getitem__)
        return round(shares[penalty], 4), penalty

    rows: dict[str, dict[str, Any]] = {}
    for name in (*RIVALS, *STRENGTHS):
        row: dict[str, Any] = {"setting": {}}
        if name in STRENGTHS:
            tried = [best(name, strength=s, rate=FIRST_RATE)[0] for s in STRENGTHS[name]]
            strength = STRENGTHS[name][tried.index(max(tried))]
            rates = [best(name, strength=strength, rate=rate)[0] for rate in RATES]
            rate = RATES[rates.index(max(rates))]
            row |= {"setting": {"strength": strength, "rate": rate}}
            row |= {"strengths": tried, "rates": rates}
        row["held"], row["penalty"] = best(name, **row["setting"])
        row["right"] = {str(count): [] for count in COUNTS}
        for seed, data in judging.items():
            features = seen(name, data, seed, **row["setting"])
            for count in COUNTS:
                share = probed(features, labels=count, penalty=row["penalty"], seed=seed)
                row["right"][str(count)].append(round(share, 4))
        rows[name] = row
    return {
        "settings": {"width": WIDTH, "steps": STEPS, "batch_size": BATCH_SIZE, "rates": RATES}
        | {"penalties": PENALTIES, "tuned_on": TUNED_ON, "starts": STARTS, "draws": DRAWS},
        "rows": rows,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
