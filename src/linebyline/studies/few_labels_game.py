"""Few labels and many images: what a classifier learns from telling the images from something else.

This writes `few_labels_game.json` beside the file::

    python -m linebyline.studies.few_labels_game

The classifier of Salimans et al. 2016, section 5, learns from few labelled digits, and beside that
to tell unlabelled digits from samples. The ways to learn differ in nothing but these samples:
uniform noise, other digits, those of the stored generator of `two_player_games`, midpoints of two
digits, or a generator that plays against the classifier and matches its features. Rivals: the
labels alone, and the least entropy of the answers to unlabelled digits (Grandvalet & Bengio 2004).
All have the same network, its noise, the number of steps, and a rate that falls to 0.

For each way, the noise in the network and the weight of the unlabelled loss are those with the most
right answers to the unlabelled digits on starts of their own, with 100 labels. Judged are other
starts, on digits that no way has seen: five for each number of labels. A start draws which digits
are labelled, the first weights, the order and the noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

from linebyline.data.examples import Examples, TrainTest
from linebyline.generative.gan import Generator, normal_noise
from linebyline.generative.semi_supervised_gan import (
    LabelledTerm,
    NoisyClassifier,
    data_logit,
    feature_matching_loss,
    midpoints,
    unlabelled_loss,
)
from linebyline.studies import record
from linebyline.studies.falling_rate import descend
from linebyline.studies.flat_digits import flat_digits
from linebyline.studies.transfer_gain import few
from linebyline.studies.two_player_games import stored_generator
from linebyline.training.adversarial import Player, play
from linebyline.training.metrics import accuracy

Fakes = Callable[[int, torch.Generator], Tensor]
"""(how many, generator) to samples that are to be told from data."""

LABELS = (50, 100, 500)
STARTS = (101, 102, 103, 104, 105)
TUNED_ON = (201, 202)
NOISE_SIZE = 16


@dataclass(frozen=True)
class Setting:
    """How a classifier learns.

    Attributes:
        sizes: of its layers, from inputs to classes.
        input_noise: deviation of the noise on its input.
        hidden_noise: on its hidden layers.
        weight: of what unlabelled data add to the loss.
        rate: of Adam, in the first step.
        steps: of the classifier; a generator makes as many.
        labelled: examples with labels in a step.
        batch_size: examples without, and as many samples.
    """

    sizes: tuple[int, ...] = (196, 128, 128, 10)
    input_noise: float = 0.6
    hidden_noise: float = 0.5
    weight: float = 0.5
    rate: float = 3e-3
    steps: int = 1000
    labelled: int = 32
    batch_size: int = 64


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


def classifier(setting: Setting, seed: int) -> NoisyClassifier:
    """With first weights that only the seed decides: the same for all ways."""
    return NoisyClassifier(
        setting.sizes,
        input_noise=setting.input_noise,
        hidden_noise=setting.hidden_noise,
        generator=torch.Generator().manual_seed(seed),
    )


def entropy(logits: Tensor) -> Tensor:
    """The mean entropy of the answers, in nats."""
    return -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()


def learned(
    labelled: Examples,
    images: Tensor,
    *,
    fakes: Fakes | None = None,
    least_entropy: bool = False,
    setting: Setting,
    seed: int,
    stop: int | None = None,
) -> tuple[NoisyClassifier, list[float]]:
    """Learn from labels, and beside that tell images from samples that do not learn; the losses.

    Args:
        labelled: the few with labels.
        images: those without.
        fakes: draws samples; None leaves them out.
        least_entropy: True wants sure answers to the images instead.
        setting: how.
        seed: of weights, order and noise.
        stop: after so many steps; None makes all.
    """
    model = classifier(setting, seed)
    draw = torch.Generator().manual_seed(seed)
    term = LabelledTerm(labelled, batch_size=setting.labelled, seed=seed)

    def losses() -> Iterator[Tensor]:
        size = setting.batch_size
        for step in range(setting.steps):
            loss = term(model)
            if fakes or least_entropy:
                real = images[torch.randint(len(images), (size,), generator=draw)]
                if fakes:
                    both = model(torch.cat([real, fakes(size, draw)])).logits
                    extra = unlabelled_loss(both[:size], both[size:])
                else:  # at first the answers are guesses, of which none should be sure
                    extra = min(1.0, 2 * step / setting.steps) * entropy(model(real).logits)
                loss = loss + setting.weight * extra
            yield loss

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.train()
        made = islice(losses(), stop)
        seen = descend(model.parameters(), made, rate=setting.rate, steps=setting.steps)
    return model.eval(), seen


def played(
    labelled: Examples,
    images: Tensor,
    generator: nn.Module,
    noise_size: int,
    *,
    setting: Setting,
    seed: int,
    stop: int | None = None,
) -> tuple[NoisyClassifier, list[float]]:
    """The game: the generator learns, too, and matches the classifier's features; the losses.

    Args:
        labelled: the few with labels.
        images: those without.
        generator: makes samples; changed in place.
        noise_size: numbers that it makes them of.
        setting: how.
        seed: of weights, order and noise.
        stop: after so many rounds; None plays all.
    """
    model = classifier(setting, seed)
    term = LabelledTerm(labelled, batch_size=setting.labelled, seed=seed)
    sides = []
    for net in (model, generator):
        adam = torch.optim.Adam(net.parameters(), lr=setting.rate, betas=(0.5, 0.999))
        falling = LambdaLR(adam, lambda step: max(0.0, 1 - step / setting.steps))
        adam.register_step_post_hook(lambda *_, falling=falling: falling.step())
        sides.append(adam)
    history = play(
        Player(
            model,
            lambda real, made: setting.weight * unlabelled_loss(real.logits, made.logits),
            sides[0],
        ),
        Player(generator, feature_matching_loss, sides[1]),
        images,
        normal_noise(noise_size),
        rounds=setting.steps if stop is None else stop,
        batch_size=setting.batch_size,
        regularizer=term,
        shows_data=True,
        device="cpu",
        seed=seed,
    )
    return model.eval(), history.critic_loss


def digit_generator(seed: int) -> Generator:
    """A small one of rows of 196 pixels, with batch normalization."""
    draw = torch.Generator().manual_seed(seed)
    return Generator(
        NOISE_SIZE, (128, 128), (196,), output=torch.tanh, batch_norm=True, generator=draw
    )
