"""Networks that grow while they learn, beside the same networks at full size from the start.

This writes `grown_digits.json` beside the file::

    python -m linebyline.studies.grown_digits

Both ways have the same networks, losses and multiply-adds. Start 0 tries four rates with each, and
each plays the other starts with its best.
The ring is that of `spread_ring`.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.generative.gan import discriminator_loss, non_saturating_loss, normal_noise
from linebyline.generative.progressive_gan import (
    ProgressiveCritic,
    ProgressiveGenerator,
    downsampled,
    faded_images,
)
from linebyline.generative.wgan_gp import gradient_penalty
from linebyline.layers.equalized import EqualizedConv2d, EqualizedLinear
from linebyline.optim.weight_average import WeightAverage
from linebyline.studies import record
from linebyline.studies.digit_judge import digits, judged
from linebyline.studies.spread_ring import PLACES, ring_game, ring_rounds
from linebyline.studies.two_player_games import counted
from linebyline.training.adversarial import GameHistory, Player, play

NOISE_SIZE = 32
CHANNELS = (32, 16, 8)
RATES = (0.008, 0.016, 0.032, 0.064)
RATE = 0.016  # the best of these for growing
DECAY = 0.99
BATCH_SIZE = 32
PIECE = 20  # rounds of one alpha, while layers are faded in
PENALTY, EVERY = 1.0, 8
STARTS = (1, 2, 3)
ROUNDS = 1000  # at full size, or as many multiply-adds
LOOK = 200  # rounds between two looks of the judge
DRAWS = 2000
RING_STARTS = (1, 2, 3, 4)


class Leg(NamedTuple):
    """A part of a way: rounds at a stage, while alpha goes from one value to another."""

    stage: int
    rounds: int
    begin: float = 1.0
    end: float = 1.0


# Growing, up to full size; what is left of the budget is played there.
GROWING = (Leg(0, 400), Leg(1, 200, 0, 1), Leg(1, 400), Leg(2, 250, 0, 1))


class Game(NamedTuple):
    """Two players, the running mean of the generator's weights, and what they lost."""

    critic: Player
    generator: Player
    average: WeightAverage
    history: GameHistory


class LazyPenalty:
    """R1 (Mescheder et al. 2018), lazily (Karras et al. 2020): every eighth step, 8 times."""

    def __init__(self) -> None:
        self.steps = 0

    def __call__(self, critic: nn.Module, real: Tensor, made: Tensor) -> Tensor:
        """The penalty of this step, or 0."""
        self.steps += 1
        if self.steps % EVERY:
            return real.new_zeros(())
        weight = EVERY * PENALTY
        return gradient_penalty(critic, real, made, weight=weight, target=0, place="real")


def sizes(count: int | None = None) -> list[Float[Tensor, "count 1 side side"]]:
    """The digits that the judge never saw, with 7, 14 and 28 pixels along a side, in [-1, 1]."""
    full = 2 * digits(28).train.inputs[:count, None] - 1
    middle = downsampled(full)
    return [downsampled(middle), middle, full]


def adam(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    """Adam without a memory of slopes, β₁ = 0 and β₂ = 0.99, as Karras et al. 2018 have it."""
    return torch.optim.Adam(model.parameters(), lr=rate, betas=(0.0, 0.99), fused=True)


def game(
    seed: int,
    *,
    rate: float = RATE,
    noise_size: int = NOISE_SIZE,
    decay: float = DECAY,
) -> Game:
    """Players of images, at stage 0; the running mean follows the generator."""
    draw = torch.Generator().manual_seed(seed)
    made = ProgressiveGenerator(noise_size, CHANNELS, generator=draw)
    judge = ProgressiveCritic(CHANNELS, generator=draw)
    generator = Player(made, non_saturating_loss, adam(made, rate))
    average = WeightAverage(made, decay=decay)
    average.follow(generator.optimizer)
    critic = Player(judge, discriminator_loss, adam(judge, rate))
    return Game(critic, generator, average, GameHistory())


def rounds(
    players: Game, images: list[Tensor], leg: Leg, seed: int, penalty: LazyPenalty | None = None
) -> None:
    """Play a part of a way; while layers are faded in, alpha is set anew every 20 rounds.

    No piece has the alpha that a fade begins with: at 0 new layers have no gradient, and Adam would
    forget the size of those before.
    """
    done = 0
    while done < leg.rounds:
        fading = leg.begin != leg.end
        many = min(PIECE, leg.rounds - done) if fading else leg.rounds
        done += many
        alpha = leg.begin + (leg.end - leg.begin) * done / leg.rounds
        for player in (players.critic, players.generator):
            player.model.grow(leg.stage, alpha)  # type: ignore[operator]
        play(
            players.critic,
            players.generator,
            faded_images(images[leg.stage], alpha),
            normal_noise(players.generator.model.noise_size),  # type: ignore[arg-type]
            rounds=many,
            batch_size=BATCH_SIZE,
            regularizer=penalty,
            device="cpu",
            seed=seed,
            history=players.history,
        )


def cost(model: nn.Module, stage: int) -> int:
    """Multiply-adds of one pass of one image through a growing network, with alpha at 1."""
    total = 0
    for name, layer in model.named_modules():
        if isinstance(layer, EqualizedLinear):
            total += layer.weight.numel()
        elif isinstance(layer, EqualizedConv2d):
            group, number = name.split(".")
            own = int(number)
            if own == stage or (group == "blocks" and own < stage):
                total += layer.weight.numel() * (model.base * 2**own) ** 2
    return total


def round_cost(players: Game, stage: int) -> int:
    """Multiply-adds of a round for each example, without the penalty.

    The generator goes forward twice and back once, the critic forward three times, back twice to
    weights and inputs and once to inputs alone. To weights or to inputs costs what forward costs.
    """
    made, judge = players.generator.model, players.critic.model
    return 4 * cost(made, stage) + (3 + 2 * 2 + 1) * cost(judge, stage)


def ways(players: Game, longer: int = 1) -> dict[str, list[Leg]]:
    """Growing, and full size at once, with the same multiply-adds up to a round; cut into looks.

    Longer ways are longer at full size; what comes before stays as it is.
    """
    prices = [round_cost(players, stage) for stage in range(len(CHANNELS))]
    budget = longer * ROUNDS * prices[-1]
    spent = sum(leg.rounds * prices[leg.stage] for leg in GROWING)
    left = (budget - spent) // prices[-1]
    last, look = len(CHANNELS) - 1, longer * LOOK

    def pieces(count: int) -> list[Leg]:
        return [Leg(last, min(look, count - done)) for done in range(0, count, look)]

    return {"grown": [*GROWING, *pieces(left)], "at once": pieces(longer * ROUNDS)}


@torch.no_grad()
def made_digits(
    generator: nn.Module, count: int = DRAWS, seed: int = 99
) -> Float[Tensor, "count side side"]:
    """Digits in [0, 1], as large as the generator has grown."""
    draw = torch.Generator().manual_seed(seed)
    z = torch.randn(count, int(generator.noise_size), generator=draw)  # type: ignore[arg-type]
    images = torch.cat([generator(part) for part in z.split(250)])
    return ((images[:, 0] + 1) / 2).clamp(0, 1)


def judged_digits(generator: nn.Module) -> dict[str, Any]:
    """What the judge of 28 x 28 pixels says; smaller images are repeated to that size."""
    images = made_digits(generator)
    times = 28 // images.shape[-1]
    return judged(images.repeat_interleave(times, 1).repeat_interleave(times, 2), 28)


def play_way(
    players: Game, legs: list[Leg], seed: int, images: list[Tensor]
) -> dict[str, list[Any]]:
    """Play a way from its start; what the judge says of the running mean at each look."""
    penalty = LazyPenalty()
    rows: dict[str, list[Any]] = {}
    prices = [round_cost(players, stage) for stage in range(len(CHANNELS))]
    seconds, spent = 0.0, 0
    for leg in legs:
        began = time.process_time()
        rounds(players, images, leg, seed, penalty)
        seconds += time.process_time() - began
        spent += leg.rounds * prices[leg.stage]
        with players.average.applied() as model:
            figures = judged_digits(model)
        figures |= {"cost": round(spent / prices[-1], 1), "seconds": round(seconds, 1)}
        figures |= {"fewest": min(figures.pop("classes"))}
        figures |= {"side": players.generator.model.side}
        print(seed, figures, flush=True)
        for key, value in figures.items():
            rows.setdefault(key, []).append(value)
    return rows | {"first_losses": [round(x, 4) for x in players.history.critic_loss[:5]]}


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Play both ways on digits, and the three critics of the ring."""
    images = sizes()

    def played(name: str, seed: int, rate: float) -> dict[str, list[Any]]:
        players = game(seed, rate=rate)
        return play_way(players, ways(players)[name], seed, images)

    tried = {
        name: [played(name, 0, rate)["distance"][-1] for rate in RATES]
        for name in ("grown", "at once")
    }
    best = {name: RATES[row.index(min(row))] for name, row in tried.items()}
    found = {name: [played(name, seed, best[name]) for seed in STARTS] for name in tried}
    modes: dict[str, Any] = {}
    for place in PLACES:
        rows_of_ring: dict[str, list[Any]] = {"covered": [], "near": [], "spread": []}
        for seed in RING_STARTS:
            sides = ring_game(place, seed)
            ring_rounds(sides, seed)
            count, spread, _ = counted(sides[1].model)
            for key, value in zip(rows_of_ring, (count.covered, count.near, spread), strict=True):
                rows_of_ring[key].append(round(value, 4))
        modes[place] = rows_of_ring
    players = game(0)
    prices = [round_cost(players, stage) for stage in range(len(CHANNELS))]
    settings = {"starts": STARTS, "ring_starts": RING_STARTS, "rounds": ROUNDS}
    settings |= {"rates": RATES, "best": best, "decay": DECAY}
    settings |= {"batch_size": BATCH_SIZE, "penalty": PENALTY}
    return {
        "settings": settings | {"channels": CHANNELS, "round_costs": prices},
        "real": judged(digits(28).test.inputs, 28),
        "rates": tried,
        "digits": found,
        "ring": modes,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
