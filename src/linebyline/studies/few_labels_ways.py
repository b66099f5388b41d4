"""Ways to learn from few labels and many images: with samples that learn, or that do not.

What `few_labels_game` measures, in pieces that suit points of the plane as well as digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from linebyline.data.examples import Examples
from linebyline.generative.gan import normal_noise
from linebyline.generative.semi_supervised_gan import (
    LabelledTerm,
    NoisyClassifier,
    data_logit,
    feature_matching_loss,
    unlabelled_loss,
)
from linebyline.studies.falling_rate import descend
from linebyline.training.adversarial import Player, play
from linebyline.training.metrics import accuracy

Fakes = Callable[[int, torch.Generator], Tensor]
"""(how many, generator) to samples that are to be told from data."""


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
    steps: int = 2000
    labelled: int = 16
    batch_size: int = 32


def from_seed(seed: int) -> torch.Generator:
    """A source of random numbers."""
    return torch.Generator().manual_seed(seed)


def classifier(setting: Setting, seed: int) -> NoisyClassifier:
    """With first weights that only the seed decides: the same for all ways."""
    return NoisyClassifier(
        setting.sizes,
        input_noise=setting.input_noise,
        hidden_noise=setting.hidden_noise,
        generator=from_seed(seed),
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
    draw = from_seed(seed)
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


@torch.no_grad()
def right(model: NoisyClassifier, examples: Examples) -> float:
    """The share of examples that are named rightly."""
    return accuracy(model.eval()(examples.inputs).logits, examples.targets).item()


@torch.no_grad()
def taken_for_data(model: NoisyClassifier, samples: Tensor) -> float:
    """The mean D of samples, which is the size of their push on the logits."""
    return data_logit(model.eval()(samples).logits).sigmoid().mean().item()
