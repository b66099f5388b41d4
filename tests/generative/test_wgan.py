import pytest
import torch
from torch import nn

from linebyline.generative.wgan import (
    clip_after_steps,
    clip_weights_,
    critic_loss,
    generator_loss,
)
from linebyline.layers.mlp import MLP


def from_seed(number):
    return torch.Generator().manual_seed(number)


def test_losses_by_hand():
    real, made = torch.tensor([3.0, 5.0]), torch.tensor([[1.0], [0.0], [2.0]])
    assert critic_loss(real, made).item() == 1 - 4
    assert generator_loss(made).item() == -1
    # A constant added to all prices changes nothing; twice as steep prices are worth twice as much.
    assert critic_loss(real + 7, made + 7).item() == -3
    assert critic_loss(2 * real, 2 * made).item() == -6


def test_losses_slope_alike_at_every_price():
    prices = torch.tensor([-50.0, 0.0, 3.0, 50.0], dtype=torch.float64, requires_grad=True)
    generator_loss(prices).backward()
    assert prices.grad.tolist() == [-0.25] * 4
    real = torch.randn(3, dtype=torch.float64, generator=from_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(critic_loss, (real, prices))


def test_clipping_takes_every_parameter_and_leaves_what_is_small():
    critic = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    with torch.no_grad():
        for theta in critic.parameters():
            theta.copy_(torch.linspace(-1, 1, theta.numel()).view_as(theta))
    before = [theta.detach().clone() for theta in critic.parameters()]
    clip_weights_(critic, 0.5)
    for theta, old in zip(critic.parameters(), before, strict=True):
        assert torch.equal(theta, old.clamp(-0.5, 0.5))
    assert critic[0].bias.tolist() == [-0.5, 0, 0.5]


def test_clips_after_each_step_until_the_handle_is_removed():
    critic = MLP([1, 8, 1], generator=from_seed(0))
    optimizer = torch.optim.SGD(critic.parameters(), lr=1.0)
    handle = clip_after_steps(optimizer, critic, 0.05)

    def largest():
        return max(theta.abs().max().item() for theta in critic.parameters())

    def step():
        optimizer.zero_grad()
        (100 * critic_loss(critic(torch.ones(4, 1)), critic(-torch.ones(4, 1)))).backward()
        optimizer.step()

    assert largest() == pytest.approx(0.05)  # at once
    step()
    assert largest() == pytest.approx(0.05)
    handle.remove()
    step()
    assert largest() > 0.06


def test_a_linear_critic_ends_in_the_corner_of_the_box():
    critic = MLP([1, 16, 1], activation=nn.Identity(), generator=from_seed(0))
    optimizer = torch.optim.RMSprop(critic.parameters(), lr=0.01)
    clip_after_steps(optimizer, critic, 0.1)
    draw = from_seed(1)
    for _ in range(80):
        x = torch.randn(64, 1, generator=draw)
        loss = critic_loss(critic(x + 2), critic(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # Each of 16 units then has the slope 0.1 · 0.1, over a way of 2.
    assert -loss.item() == pytest.approx(16 * 0.01 * 2, rel=1e-3)
    assert all((layer.weight.abs() > 0.0999).all() for layer in critic.layers)


def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^made_prices must hold at least one number"):
        generator_loss(torch.ones(0))
    with pytest.raises(ValueError, match=r"^real_prices must hold at least one number"):
        critic_loss(torch.ones(0), torch.ones(2))
    for limit in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match=r"^limit must be positive"):
            clip_weights_(nn.Linear(1, 1), limit)
