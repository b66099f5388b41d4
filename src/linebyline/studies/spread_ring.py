"""The ring of eight Gaussians once more, before a slow critic that may see the batch's spread.

The game is that of `two_player_games`; nothing is stored here. `grown_digits` plays and stores it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.generative.gan import (
    Discriminator,
    Generator,
    discriminator_loss,
    non_saturating_loss,
)
from linebyline.layers.minibatch_std import MinibatchStd
from linebyline.layers.mlp import MLP
from linebyline.studies import two_player_games as ring
from linebyline.training.adversarial import Player

PLACES = ("nowhere", "points", "features")


class RingCritic(nn.Module):
    """A critic of points, with the batch's spread nowhere, beside points or beside features."""

    def __init__(self, place: str, draw: torch.Generator) -> None:
        super().__init__()
        self.before: nn.Module = nn.Identity()
        width = 2
        if place == "features":
            body = MLP([2, 64, 64], generator=draw)
            self.before, width = nn.Sequential(body, nn.ReLU()), 64
        self.spread = nn.Identity() if place == "nowhere" else MinibatchStd()
        hidden = (64,) if place == "features" else (64, 64)
        self.after = Discriminator((width + (place != "nowhere"),), hidden, generator=draw)

    def forward(self, x: Float[Tensor, "batch 2"]) -> Float[Tensor, " batch"]:
        """One logit for each point; with a spread it depends on the batch, too."""
        return self.after(self.spread(self.before(x)))


def ring_game(place: str, seed: int) -> tuple[Player, Player]:
    """A slow critic and a generator of points in the plane, as in the chapter on GANs."""
    draw = torch.Generator().manual_seed(seed)
    made = Generator(8, (64, 64), (2,), generator=draw)
    judge = RingCritic(place, draw)
    return (
        Player(judge, discriminator_loss, ring.adam(judge, ring.CRITICS["slow"].rate)),
        Player(made, non_saturating_loss, ring.adam(made, 1e-3)),
    )


def ring_rounds(sides: tuple[Player, Player], seed: int, count: int = ring.RING_ROUNDS) -> None:
    """Some rounds on the ring."""
    ring.ring_rounds(sides, ring.CRITICS["slow"], seed, count)
