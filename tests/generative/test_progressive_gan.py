"""Networks that grow: what is let in changes nothing at 0, and is linear in between."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.generative.gan import discriminator_loss, non_saturating_loss, normal_noise
from linebyline.generative.progressive_gan import (
    ProgressiveCritic,
    ProgressiveGenerator,
    downsampled,
    faded_images,
    upsampled,
)
from linebyline.training.adversarial import Player, play


def drawn(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def pair(**options: bool) -> tuple[ProgressiveGenerator, ProgressiveCritic]:
    G = ProgressiveGenerator(5, (4, 3, 2), base=3, generator=drawn(0)).double()
    D = ProgressiveCritic((4, 3, 2), base=3, hidden=6, generator=drawn(1), **options).double()
    with torch.no_grad():
        for number, theta in enumerate([*G.parameters(), *D.parameters()]):
            if theta.ndim == 1:  # biases that are 0 would hide their absence
                theta.copy_(torch.randn(theta.shape, generator=drawn(number)))
    return G, D


def noise(count: int = 4) -> Tensor:
    return torch.randn(count, 5, generator=drawn(2), dtype=torch.float64)


def grown(
    stage: int, alpha: float, **options: bool
) -> tuple[ProgressiveGenerator, ProgressiveCritic]:
    players = pair(**options)
    for player in players:
        player.grow(stage, alpha)
    return players


def by_torch(w: nn.Module, x: Tensor, gain: float = 2**0.5) -> Tensor:
    fan_in = w.weight[0].numel()
    weight = w.weight * gain / fan_in**0.5
    if weight.ndim == 2:
        return functional.linear(x, weight, w.bias)
    return functional.conv2d(x, weight, w.bias, padding="same")


def slope(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, 0.2 * x)


def norm(x: Tensor) -> Tensor:
    return x / (x.pow(2).mean(1, keepdim=True) + 1e-8).sqrt()


def twice(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def half(x: Tensor) -> Tensor:
    return sum(x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4


def test_the_generator_written_out() -> None:
    G, _ = grown(2, 0.3)
    h = norm(slope(by_torch(G.from_noise, norm(noise())).view(-1, 4, 3, 3)))
    h = norm(slope(by_torch(G.blocks[0], h)))
    h = norm(slope(by_torch(G.blocks[1], twice(h))))
    old = twice(by_torch(G.to_image[1], h, gain=1))
    h = norm(slope(by_torch(G.blocks[2], twice(h))))
    expected = 0.7 * old + 0.3 * by_torch(G.to_image[2], h, gain=1)
    torch.testing.assert_close(G(noise()), expected)
    assert expected.shape == (4, 1, 12, 12)


@pytest.mark.parametrize("batch_spread", [True, False])
def test_the_critic_written_out(batch_spread: bool) -> None:
    _, D = grown(2, 0.3, batch_spread=batch_spread)
    x = torch.randn(4, 1, 12, 12, generator=drawn(3), dtype=torch.float64)
    new = half(slope(by_torch(D.blocks[2], slope(by_torch(D.from_image[2], x)))))
    old = slope(by_torch(D.from_image[1], half(x)))
    h = half(slope(by_torch(D.blocks[1], 0.7 * old + 0.3 * new)))
    if batch_spread:
        spread = (h.var(0, correction=0) + 1e-8).sqrt().mean()
        h = torch.cat([h, spread.expand(4, 1, 3, 3)], 1)
    h = slope(by_torch(D.blocks[0], h)).flatten(1)
    h = slope(by_torch(D.hidden, h))
    torch.testing.assert_close(D(x), by_torch(D.answer, h, gain=1).squeeze(1))


@pytest.mark.parametrize("stage", [1, 2])
def test_at_alpha_0_nothing_has_changed(stage: int) -> None:
    G, D = grown(stage - 1, 1.0)
    before, z = G(noise()), noise()
    x = torch.randn(4, 1, 6 * stage, 6 * stage, generator=drawn(3), dtype=torch.float64)
    judged, of_data = D(before), D(downsampled(x))
    for player in (G, D):
        player.grow(stage, 0.0)
    assert torch.equal(G(z), upsampled(before))
    torch.testing.assert_close(D(G(z)), judged, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(D(x), of_data)
    torch.testing.assert_close(D(faded_images(x, 0.0)), of_data)


def test_new_layers_are_pushed_in_proportion_to_alpha() -> None:
    pushes = []
    for alpha in (0.0, 1e-4, 2e-4):
        G, D = grown(1, alpha)
        D(G(noise())).sum().backward()
        new = [G.blocks[1], G.to_image[1], D.blocks[1], D.from_image[1]]
        pushes.append([layer.weight.grad.clone() for layer in new])
    for none, one, two in zip(*pushes, strict=True):
        assert torch.equal(none, torch.zeros_like(none))
        assert one.norm() > 0
        torch.testing.assert_close(two, 2 * one, rtol=2e-2, atol=1e-9)


def test_layers_of_later_stages_are_not_touched() -> None:
    G, D = grown(1, 1.0)
    D(G(noise())).sum().backward()
    for layer in (G.blocks[2], G.to_image[2], G.to_image[0], D.blocks[2], D.from_image[2]):
        assert layer.weight.grad is None
    assert D.from_image[0].weight.grad is None  # at α = 1 the old way is closed


def test_pooling_undoes_repeating() -> None:
    x = torch.randn(2, 1, 3, 3, generator=drawn(0), dtype=torch.float64)
    torch.testing.assert_close(downsampled(upsampled(x)), x)
    torch.testing.assert_close(upsampled(x), twice(x))
    torch.testing.assert_close(downsampled(twice(x) + 1), half(twice(x)) + 1)


def test_data_fade_in() -> None:
    x = torch.randn(2, 1, 4, 4, generator=drawn(0), dtype=torch.float64)
    assert torch.equal(faded_images(x, 1.0), x)
    torch.testing.assert_close(faded_images(x, 0.0), twice(half(x)))
    torch.testing.assert_close(faded_images(x, 0.25), 0.75 * twice(half(x)) + 0.25 * x)


def test_the_side_follows_the_stage() -> None:
    G, D = pair()
    assert (G.side, G(noise()).shape[-1]) == (3, 3)
    for stage, side in enumerate((3, 6, 12)):
        G.grow(stage)
        D.grow(stage)
        assert (G.side, D.side) == (side, side)
        assert D(G(noise())).shape == (4,)


def test_a_generator_learns_one_image() -> None:
    G = ProgressiveGenerator(5, (4, 4), base=2, generator=drawn(0))
    G.grow(1, 0.5)
    target = torch.randn(1, 1, 4, 4, generator=drawn(1))
    z = torch.randn(1, 5, generator=drawn(2))
    adam = torch.optim.Adam(G.parameters(), lr=0.02)
    for _ in range(200):
        adam.zero_grad()
        loss = (G(z) - target).square().mean()
        loss.backward()
        adam.step()
    assert loss.item() < 0.02


def test_a_game_of_two_growing_players() -> None:
    G, D = grown(1, 0.5)
    adam = [torch.optim.Adam(p.parameters(), lr=1e-2) for p in (D, G)]
    before = G(noise()).detach()
    players = Player(D, discriminator_loss, adam[0]), Player(G, non_saturating_loss, adam[1])
    data = torch.ones(16, 1, 6, 6).double()
    history = play(
        *players, data, normal_noise(5), rounds=30, batch_size=8, precision="64-true", device="cpu"
    )
    assert history.critic_loss[0] > history.critic_loss[9]
    after = G(noise()).detach()
    assert (after - 1).square().mean() < (before - 1).square().mean()


def test_refuses(without_shape_checks: None) -> None:
    G, D = pair()
    with pytest.raises(ValueError, match="stage must be one of 0 to 2, not 3"):
        G.grow(3)
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, not 2"):
        D.grow(1, 2)
    with pytest.raises(ValueError, match=r"channels must name at least 1 .* not \[\]"):
        ProgressiveGenerator(5, ())
    with pytest.raises(ValueError, match="channels must name at least 1"):
        ProgressiveCritic((4, 0))
    with pytest.raises(ValueError, match="base must be at least 1, not 0"):
        ProgressiveGenerator(5, (4,), base=0)
    with pytest.raises(ValueError, match="hidden must be at least 1, not 0"):
        ProgressiveCritic((4,), hidden=0)
    with pytest.raises(ValueError, match="inputs must be at least 1, not 0"):
        ProgressiveGenerator(0, (4,))
    with pytest.raises(ValueError, match=r"x must have 3 pixels along a side at stage 0, not \(6,"):
        D(torch.zeros(2, 1, 6, 6))
