"""Only a critic that sees the spread sees the batch; the critic of the ring is slow."""

import pytest
import torch

from linebyline.layers.minibatch_std import batch_spread
from linebyline.studies.spread_ring import PLACES, RingCritic, ring_game, ring_rounds

RING_SLOW = 1e-4


@pytest.mark.parametrize("place", PLACES)
def test_only_a_critic_with_the_spread_sees_the_batch(place):
    critic = RingCritic(place, torch.Generator().manual_seed(0))
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(1))
    other = torch.cat([x[:1], 3 * x[1:]])
    same = torch.allclose(critic(x)[0], critic(other)[0])
    assert same == (place == "nowhere")
    if place == "points":
        seen = torch.cat([x, batch_spread(x).expand(6, 1)], 1)
        torch.testing.assert_close(critic(x), critic.after(seen))


def test_a_ring_game_has_a_slow_critic():
    sides = ring_game("points", 1)
    assert sides[0].optimizer.param_groups[0]["lr"] == RING_SLOW
    ring_rounds(sides, 1, 2)
