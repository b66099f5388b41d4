"""Games of two networks: which modes of a ring are kept, and what a generator of digits is worth.

This writes `two_player_games.json` and `two_player_games.safetensors` beside the file::

    python -m linebyline.studies.two_player_games

The ring is that of Metz et al. 2017, with a spread of 0.05. Generator, data, loss and batches are
the same in four games; only the critic differs: slow (a rate of 1e-4 beside the generator's 1e-3),
level (3e-3), far ahead (five steps of 1e-3 in each round), and far ahead with noise added to all
that it sees (Arjovsky & Bottou 2017, section 3). What is stored are the modes covered, the share of
samples within three standard deviations of one, and the spread of the samples, for four starts.

The digits are the 4,000 of `mnist_5k` that the judge never saw, averaged to 14 x 14 pixels. The
critic sees them and the samples through noise, too, and what is kept is a running mean of the
generator's weights. Rates of 5e-4 and 1e-3, one and three steps of the critic, dropout in the
critic and a penalty on its slopes were tried first, on start 0, and are not stored. The start whose
weights are stored is the first of two, and was fixed before the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from linebyline.data.gaussian_ring import gaussian_ring, ring_centres
from linebyline.generative.gan import (
    Discriminator,
    Generator,
    discriminator_loss,
    non_saturating_loss,
    normal_noise,
)
from linebyline.generative.mode_count import ModeCount, count_modes
from linebyline.optim.weight_average import WeightAverage
from linebyline.studies import record
from linebyline.studies.digit_judge import digits, judged
from linebyline.training.adversarial import GameHistory, Player, play
from linebyline.vision.transfer import freeze

SPREAD = 0.05
RING_STARTS = (1, 2, 3, 4)
DIGIT_STARTS = (1, 2)
SIDE = 14
NOISE_SIZE = 16
DIGIT_ROUNDS = 14000
DIGIT_RATE = 1e-3
BLUR = 0.25  # of what the critic of digits sees, whose pixels reach from -1 to 1
DECAY = 0.998
DRAWS = 2000
WEIGHTS = Path(__file__).with_suffix(".safetensors")


class Critic(NamedTuple):
    """What is different between two games on the ring."""

    rate: float
    steps: int = 1
    blur: float = 0.0


CRITICS: Mapping[str, Critic] = {
    "slow": Critic(1e-4),
    "level": Critic(3e-3),
    "far ahead": Critic(1e-3, steps=5),
    "ahead, blurred": Critic(1e-3, steps=5, blur=0.3),
}
RING_ROUNDS = 1600


class Blurred(nn.Module):
    """A critic that sees everything through fresh noise, data and samples alike."""

    def __init__(self, critic: nn.Module, blur: float) -> None:
        super().__init__()
        self.critic, self.blur = critic, blur

    def forward(self, x: Tensor) -> Tensor:
        """The critic's answer to x + noise; without noise in evaluation mode."""
        return self.critic(x + self.blur * torch.randn_like(x) if self.training else x)


def adam(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adam with a short memory of slopes, β₁ = 0.5, as Radford, Metz & Chintala 2016 have it."""
    return torch.optim.Adam(model.parameters(), lr=rate, betas=(0.5, 0.999), fused=True)


def ring_game(
    critic: Critic, seed: int, *, rate: float = 1e-3, hidden: int = 64
) -> tuple[Player, Player]:
    """A critic and a generator of points in the plane."""
    draw = torch.Generator().manual_seed(seed)
    made = Generator(8, (hidden, hidden), (2,), generator=draw)
    judge: nn.Module = Discriminator((2,), (hidden, hidden), generator=draw)
    if critic.blur:
        judge = Blurred(judge, critic.blur)
    return (
        Player(judge, discriminator_loss, adam(judge, critic.rate)),
        Player(made, non_saturating_loss, adam(made, rate)),
    )


def ring_rounds(
    sides: tuple[Player, Player],
    critic: Critic,
    seed: int,
    rounds: int,
    history: GameHistory | None = None,
) -> GameHistory:
    """Some rounds on the ring, with 128 points and samples in each step."""
    return play(
        *sides,
        gaussian_ring(spread=SPREAD, seed=seed),
        normal_noise(8),
        rounds=rounds,
        batch_size=128,
        critic_steps=critic.steps,
        device="cpu",
        seed=seed,
        history=history,
    )


@torch.no_grad()
def counted(generator: nn.Module, seed: int = 99) -> tuple[ModeCount, float, Tensor]:
    """Modes that 2,000 samples cover, the samples' spread around their mean, and the samples."""
    points = generator(torch.randn(DRAWS, 8, generator=torch.Generator().manual_seed(seed)))
    spread = points.var(0).sum().sqrt().item()
    return count_modes(points, ring_centres(), SPREAD), spread, points


def digit_game(seed: int, *, rate: float = DIGIT_RATE) -> tuple[Player, Player, WeightAverage]:
    """A critic and a generator of digits, and the running mean of the generator's weights."""
    draw = torch.Generator().manual_seed(seed)
    made = Generator(
        NOISE_SIZE,
        (256, 256),
        (SIDE, SIDE),
        output=torch.tanh,
        batch_norm=True,
        generator=draw,
    )
    judge = Discriminator(
        (SIDE, SIDE), (256, 256), activation=lambda x: leaky_relu(x, 0.2), generator=draw
    )
    critic = Blurred(judge, BLUR)
    generator = Player(made, non_saturating_loss, adam(made, rate))
    average = WeightAverage(made, decay=DECAY, buffers="average")
    average.follow(generator.optimizer)
    return Player(critic, discriminator_loss, adam(critic, rate)), generator, average


def digit_rounds(
    sides: tuple[Player, Player], seed: int, rounds: int, history: GameHistory | None = None
) -> GameHistory:
    """Some rounds on digits, whose pixels are brought to [-1, 1] for the two networks."""
    images = 2 * digits(SIDE).train.inputs - 1
    return play(
        *sides,
        images,
        normal_noise(NOISE_SIZE),
        rounds=rounds,
        batch_size=128,
        device="cpu",
        seed=seed,
        history=history,
    )


@torch.no_grad()
def made_digits(
    generator: nn.Module, count: int = DRAWS, seed: int = 99
) -> Float[Tensor, "count side side"]:
    """Digits in [0, 1], of a generator in evaluation mode."""
    z = torch.randn(count, NOISE_SIZE, generator=torch.Generator().manual_seed(seed))
    training = generator.training
    images = (generator.eval()(z) + 1) / 2
    generator.train(training)
    return images


def stored_generator() -> Generator:
    """The generator of digits with the stored weights, in evaluation mode."""
    _, player, _ = digit_game(0)
    weights = {name: value.float() for name, value in load_file(WEIGHTS).items()}
    player.model.load_state_dict(weights)
    assert isinstance(player.model, Generator)
    freeze(player.model)
    return player.model


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Play the games on the ring and those of digits."""
    ring: dict[str, Any] = {}
    for name, critic in CRITICS.items():
        rows: dict[str, list[Any]] = {"covered": [], "near": [], "spread": []}
        for seed in RING_STARTS:
            sides = ring_game(critic, seed)
            ring_rounds(sides, critic, seed, RING_ROUNDS)
            count, spread, _ = counted(sides[1].model)
            for key, value in zip(rows, (count.covered, count.near, spread), strict=True):
                rows[key].append(round(value, 4))
        ring[name] = rows
    made = []
    for seed in DIGIT_STARTS:
        critic_side, generator, average = digit_game(seed)
        history = digit_rounds((critic_side, generator), seed, DIGIT_ROUNDS)
        last = judged(made_digits(generator.model))
        with average.applied() as model:
            if seed == DIGIT_STARTS[0]:
                # Half precision is 240 kB, and made pixels differ by less than a grey level.
                save_file({k: v.half() for k, v in model.state_dict().items()}, WEIGHTS)
            figures = judged(made_digits(model))
        losses = {"first_losses": [round(loss, 4) for loss in history.critic_loss[:5]]}
        made.append(figures | {"last": last} | losses)
    settings = {"spread": SPREAD, "ring_starts": RING_STARTS, "digit_starts": DIGIT_STARTS}
    settings |= {"ring_rounds": RING_ROUNDS, "digit_rounds": DIGIT_ROUNDS, "rate": DIGIT_RATE}
    return {
        "settings": settings | {"blur": BLUR, "decay": DECAY},
        "ring": ring,
        "real": judged(digits(SIDE).test.inputs),
        "digits": made,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
