"""Which critics teach a generator, whatever the networks are, and whose loss says how far it is.

This writes `steady_critics.json` beside the file::

    python -m linebyline.studies.steady_critics

The data are eight Gaussians on a ring. The critics are that of a plain GAN, a Wasserstein critic
with clipped weights, one with a gradient penalty, and one with the penalty at the data alone. All
games are paid alike: a step costs one pass, a step with a penalty two, and each game may spend
`PASSES`. Each way's rate and its own setting are chosen on two starts, with two hidden layers of 64
units; then it plays, with these settings, five other starts with each of four pairs of networks.
What is stored is the exact Wasserstein distance of 500 samples and 500 points at the end, how many
of the modes are covered, and how the critic's loss went along with the exact distance: the rank
correlation over twenty moments of the game. The clipped critic makes five steps in a round, the
fined ones two, and the GAN's one: the best of those tried on start 100. Three starts were run
first; another one then showed a deep game with a penalty that ended far off, so there are five. As
a control every setting of each way is also tried with the deepest networks, on one start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from scipy.stats import spearmanr
from torch import Tensor

from linebyline.data.gaussian_ring import gaussian_ring, ring_centres
from linebyline.generative.gan import (
    Discriminator,
    Generator,
    discriminator_loss,
    non_saturating_loss,
    normal_noise,
)
from linebyline.generative.mode_count import count_modes
from linebyline.generative.wasserstein import wasserstein_matching
from linebyline.generative.wgan import clip_after_steps, critic_loss, generator_loss
from linebyline.generative.wgan_gp import gradient_penalty
from linebyline.studies import record
from linebyline.training.adversarial import GameHistory, Player, play

SPREAD, NOISE_SIZE, BATCH_SIZE, JUDGED = 0.05, 8, 128, 500
PASSES = 3300
MOMENTS = 20
RATES = (1e-3, 3e-3, 1e-2)
TUNED_ON = (100, 101)
STARTS = (1, 2, 3, 4, 5)


class Networks(NamedTuple):
    """The hidden layers of both players, and their activation."""

    hidden: tuple[int, ...]
    activation: Callable[[Tensor], Tensor] = torch.relu


NETWORKS: Mapping[str, Networks] = {
    "two of 64": Networks((64, 64)),
    "two of 16": Networks((16, 16)),
    "five of 64": Networks((64,) * 5),
    "two of 64, tanh": Networks((64, 64), torch.tanh),
}
"""The first is the one on which settings are chosen."""


class Way(NamedTuple):
    """How a critic is kept, and what its own setting may be.

    Attributes:
        settings: of the GAN, how much faster the critic's rate is; of clipping, c; of the
            penalties, λ.
        steps: of the critic in a round.
        cost: passes of one of the critic's steps.
    """

    settings: tuple[float, ...]
    steps: int = 2
    cost: int = 1


WAYS: Mapping[str, Way] = {
    "GAN": Way((1.0, 3.0), steps=1),
    "clip": Way((0.1, 0.3), steps=5),
    "penalty": Way((1.0, 3.0), cost=2),
    "data only": Way((1.0, 3.0), cost=2),
}


class Game:
    """A way to keep a critic, played on the ring.

    Args:
        name: of the way.
        rate: of both optimizers, but for the GAN's critic.
        setting: see `Way`.
        networks: of both players.
        seed: of weights, noise and batches.
    """

    def __init__(
        self, name: str, *, rate: float, setting: float, networks: Networks, seed: int
    ) -> None:
        way = WAYS[name]
        draw = torch.Generator().manual_seed(seed)
        hidden, activation = networks
        made = Generator(NOISE_SIZE, hidden, (2,), activation=activation, generator=draw)
        critic = Discriminator((2,), hidden, activation=activation, generator=draw)
        make: Any = partial(torch.optim.Adam, betas=(0.5, 0.9), fused=True)
        if name == "clip":
            make = torch.optim.RMSprop  # as in the paper
        faster = setting if name == "GAN" else 1.0
        optimizers = make(critic.parameters(), lr=faster * rate), make(made.parameters(), lr=rate)
        if name == "clip":
            clip_after_steps(optimizers[0], critic, setting)
        losses = (discriminator_loss, non_saturating_loss)
        self.critic = Player(critic, losses[0] if name == "GAN" else critic_loss, optimizers[0])
        self.generator = Player(made, losses[1] if name == "GAN" else generator_loss, optimizers[1])
        self.steps = way.steps
        self.rounds = PASSES // (way.steps * way.cost + 1)
        place = {"penalty": "between", "data only": "real"}.get(name)
        self.fine = partial(gradient_penalty, weight=setting, place=place) if place else None
        self.seed = seed
        self.data = gaussian_ring(spread=SPREAD, seed=seed)
        self.history = GameHistory()

    def play(self, rounds: int) -> None:
        """Some more rounds."""
        play(
            self.critic,
            self.generator,
            self.data,
            normal_noise(NOISE_SIZE),
            rounds=rounds,
            batch_size=BATCH_SIZE,
            critic_steps=self.steps,
            regularizer=self.fine,
            device="cpu",
            seed=self.seed,
            history=self.history,
        )

    @torch.no_grad()
    def samples(self, count: int = JUDGED) -> Float[Tensor, "count 2"]:
        """Always of the same noise."""
        draw = torch.Generator().manual_seed(99)
        return self.generator.model(torch.randn(count, NOISE_SIZE, generator=draw))

    def distance(self) -> float:
        """Exact Wasserstein distance of samples and as many fresh points."""
        return wasserstein_matching(self.samples(), fresh(98)).item()

    def covered(self) -> int:
        """Modes that have at least a hundredth of 2,000 samples."""
        return count_modes(self.samples(2000), ring_centres(), SPREAD).covered


def fresh(seed: int) -> Float[Tensor, "points 2"]:
    """Points of the ring that no game has seen."""
    return gaussian_ring(JUDGED, spread=SPREAD, seed=seed)


def floor() -> float:
    """The distance of two sets of points that are both data: no generator is better but by luck."""
    pairs = [(fresh(seed), fresh(98)) for seed in range(90, 95)]
    return sum(wasserstein_matching(*pair).item() for pair in pairs) / len(pairs)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


class Ended(NamedTuple):
    """A game that has spent all its passes.

    Attributes:
        game: the players, as they ended.
        distances: exact, at each of the moments.
        losses: minus the critic's loss, a mean since the moment before.
    """

    game: Any
    distances: list[float]
    losses: list[float]

    def track(self) -> float:
        """Rank correlation of the two, from -1 to 1; 0 where one of them never moved."""
        if min(len(set(self.distances)), len(set(self.losses))) == 1:
            return 0.0
        return float(spearmanr(self.distances, self.losses).statistic)


def ended(
    name: str, networks: str, *, rate: float, setting: float, seed: int, moments: int = MOMENTS
) -> Ended:
    """Play a whole game, and look at it now and then."""
    game = Game(name, rate=rate, setting=setting, networks=NETWORKS[networks], seed=seed)
    distances, losses = [], []
    for moment in range(moments):
        rounds = game.rounds * (moment + 1) // moments - game.rounds * moment // moments
        game.play(rounds)
        last = game.history.critic_loss[-rounds * game.steps :]
        distances.append(game.distance())
        losses.append(-sum(last) / len(last))
    return Ended(game, distances, losses)


def study() -> dict[str, Any]:
    """Choose each way's setting, then play with all networks."""
    first = next(iter(NETWORKS))
    found: dict[str, Any] = {}
    for name, way in WAYS.items():
        tried: dict[tuple[float, float], float] = {}
        tracks = []
        for setting in way.settings:
            for rate in RATES:
                options: dict[str, Any] = {"rate": rate, "setting": setting}
                ends = [ended(name, first, seed=seed, **options) for seed in TUNED_ON]
                tried[rate, setting] = sum(end.distances[-1] for end in ends) / len(ends)
                tracks.append([round(end.track(), 2) for end in ends])
        rate, setting = min(tried, key=tried.__getitem__)
        row: dict[str, Any] = {"rate": rate, "setting": setting}
        row["tried"] = [round(distance, 4) for distance in tried.values()]
        row["tracks_tried"] = tracks
        deep = [
            ended(name, "five of 64", rate=rate, setting=setting, seed=TUNED_ON[0], moments=1)
            for rate, setting in tried
        ]
        row["tried_deep"] = [round(end.distances[-1], 4) for end in deep]
        row["networks"] = {}
        for networks in NETWORKS:
            ends = [ended(name, networks, rate=rate, setting=setting, seed=s) for s in STARTS]
            row["networks"][networks] = {
                "distance": [round(end.distances[-1], 4) for end in ends],
                "covered": [end.game.covered() for end in ends],
                "track": [round(end.track(), 2) for end in ends],
            }
        found[name] = row
    settings = {"passes": PASSES, "rates": RATES, "tuned_on": TUNED_ON, "starts": STARTS}
    return {"settings": settings, "floor": round(floor(), 4), "ways": found}


if __name__ == "__main__":
    record.run_and_store(__file__, study)
