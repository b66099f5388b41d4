"""Few labels and many images: what a classifier learns from telling the images from something else.

This writes `few_labels_game.json` beside the file::

    python -m linebyline.studies.few_labels_game

The classifier of Salimans et al. 2016, section 5, learns from few labelled digits, and beside that
to tell unlabelled digits from samples. The ways to learn differ in nothing but these samples:
uniform noise, other digits, those of the stored generator of `two_player_games`, midpoints of two
digits, or a generator that plays against the classifier and matches its features. Rivals: the
labels alone, and the least entropy of the answers to unlabelled digits (Grandvalet & Bengio 2004).
All have the same network, its noise, the number of steps, and a rate that falls to 0.

The noise is what suits the labels alone best, and for each way the weight of the unlabelled loss is
chosen: that with the most right answers to the unlabelled digits, with 100 labels, on two starts.
Judged are other starts, on digits that no way has seen: five for each number of labels. A start
draws which digits are labelled, the first weights, the order and the noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.data.examples import TrainTest
from linebyline.generative.gan import Generator, normal_noise
from linebyline.generative.semi_supervised_gan import NoisyClassifier, midpoints
from linebyline.studies import record
from linebyline.studies.digit_judge import judged
from linebyline.studies.few_labels_ways import (
    Fakes,
    Setting,
    from_seed,
    learned,
    played,
    right,
    taken_for_data,
)
from linebyline.studies.flat_digits import flat_digits
from linebyline.studies.transfer_gain import few
from linebyline.studies.two_player_games import stored_generator

LABELS = (50, 100, 500)
STARTS = (101, 102, 103, 104, 105)
TUNED_ON = (201, 202)
NOISE_SIZE = 16
WAYS = ("labels", "entropy", "midpoints", "matching", "noise", "digits", "GAN")
CONTROLS = WAYS[4:]
"""Ways that are judged with 100 labels only."""
NOISES = (0.3, 0.6, 1.2)
"""Tried on the input, with labels alone; the best is everybody's."""
WEIGHTS = {"entropy": (0.3, 1.0, 3.0), "midpoints": (0.5, 2.0, 8.0), "matching": (0.15, 0.5, 1.5)}
"""Tried for what unlabelled digits add to the loss. The controls have that of midpoints."""


def digits() -> TrainTest:
    """4,000 and 1,000 digits as rows of 196 pixels from -1 to 1."""
    return TrainTest(*(part._replace(inputs=2 * part.inputs - 1) for part in flat_digits()))


def fakes_of(images: Tensor) -> dict[str, Fakes]:
    """Samples that nobody trains beside the classifier, by their names."""
    gan = stored_generator()

    def others(count: int, draw: torch.Generator) -> Tensor:
        return images[torch.randint(len(images), (count,), generator=draw)]

    def drawn(count: int, draw: torch.Generator) -> Tensor:
        with torch.no_grad():
            return gan(normal_noise(NOISE_SIZE)(count, draw)).flatten(1)

    return {
        "noise": lambda count, draw: 2 * torch.rand(count, images.shape[1], generator=draw) - 1,
        "digits": others,
        "GAN": drawn,
        "midpoints": lambda count, draw: midpoints(images, count, draw),
    }


def digit_generator(seed: int) -> Generator:
    """A small one of rows of 196 pixels, with batch normalization."""
    draw = from_seed(seed)
    return Generator(
        NOISE_SIZE, (128, 128), (196,), output=torch.tanh, batch_norm=True, generator=draw
    )


def run(
    way: str, count: int, seed: int, setting: Setting, data: TrainTest, stop: int | None = None
) -> tuple[NoisyClassifier, Generator | None, list[float]]:
    """One of `WAYS` with so many labels: the classifier, a generator if one learned, the losses."""
    images, labelled = data.train.inputs, few(data.train, count, seed)
    if way == "matching":
        made = digit_generator(seed)
        model, losses = played(
            labelled, images, made, NOISE_SIZE, setting=setting, seed=seed, stop=stop
        )
        return model, made.eval(), losses
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}, not {way!r}")
    model, losses = learned(
        labelled,
        images,
        fakes=fakes_of(images).get(way),
        least_entropy=way == "entropy",
        setting=setting,
        seed=seed,
        stop=stop,
    )
    return model, None, losses


@torch.no_grad()
def made_by(generator: nn.Module, count: int = 2000, seed: int = 99) -> Tensor:
    """Digits that a generator makes, as rows of pixels from -1 to 1."""
    return generator.eval()(normal_noise(NOISE_SIZE)(count, from_seed(seed))).flatten(1)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def setting_of(way: str, stored: Mapping[str, Any]) -> Setting:
    """The best setting of a way, as it was found."""
    found = dict(stored["best"])
    return replace(
        Setting(), input_noise=found["noise"], weight=found[way if way in found else "midpoints"]
    )


def tuned(way: str, settings: Mapping[float, Setting], data: TrainTest) -> dict[str, float]:
    """For each setting of a way, the share of unlabelled digits that it names rightly."""
    shares = {}
    for value, setting in settings.items():
        models = [run(way, 100, seed, setting, data)[0] for seed in TUNED_ON]
        shares[str(value)] = round(sum(right(m, data.train) for m in models) / len(models), 4)
    return shares


def study() -> dict[str, Any]:
    """Tune each way, then judge it on starts and digits that were not looked at."""
    data = digits()
    fakes = fakes_of(data.train.inputs)
    noises = {std: replace(Setting(), input_noise=std) for std in NOISES}
    tries = {"noise": tuned("labels", noises, data)}
    best = {"noise": float(max(tries["noise"], key=tries["noise"].__getitem__))}
    for way, weights in WEIGHTS.items():
        settings = {w: replace(noises[best["noise"]], weight=w) for w in weights}
        tries[way] = tuned(way, settings, data)
        best[way] = float(max(tries[way], key=tries[way].__getitem__))
    scores: dict[str, dict[str, list[float]]] = {}
    pushes: dict[str, list[float]] = {}
    firsts: dict[str, list[float]] = {}
    for way in WAYS:
        setting, scores[way] = setting_of(way, {"best": best}), {}
        for count in (100,) if way in CONTROLS else LABELS:
            runs = [run(way, count, seed, setting, data) for seed in STARTS]
            scores[way][str(count)] = [round(right(model, data.test), 4) for model, _, _ in runs]
            if count != 100:
                continue
            firsts[way] = [round(loss, 4) for loss in runs[0][2][:5]]
            pushes[way] = []
            for model, made, _ in runs:
                if made is not None or way in fakes:
                    samples = fakes[way](2000, from_seed(99)) if made is None else made_by(made)
                    pushes[way].append(round(taken_for_data(model, samples), 4))
            if way == "matching":
                last = [judged((made_by(made) + 1) / 2) for _, made, _ in runs if made is not None]
    return {
        "settings": {"labels": LABELS, "starts": STARTS, "tuned_on": TUNED_ON}
        | {"steps": Setting.steps},
        "tried": tries,
        "best": best,
        "right": scores,
        "taken_for_data": pushes,
        "first_losses": firsts,
        "samples": last,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
