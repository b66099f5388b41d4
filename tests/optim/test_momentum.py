"""Momentum equals torch's step by step; where torch differs from Sutskever et al. is shown."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.optim.momentum import Momentum, momentum_explicit, momentum_foreach


def bowl(theta: Tensor) -> Tensor:
    """The gradient of ½ Σ c θ²: long in one direction, steep in the other."""
    return torch.tensor([0.1, 1.0], dtype=torch.float64) * theta


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(("momentum", "dampening"), [(0.9, 0.0), (0.5, 0.3)])
def test_equals_torch_step_by_step(
    agree: Callable[..., None],
    grouped: bool,
    weight_decay: float,
    momentum: float,
    dampening: float,
) -> None:
    options = {"lr": 0.05, "momentum": momentum, "dampening": dampening}
    agree(Momentum, torch.optim.SGD, grouped=grouped, weight_decay=weight_decay, **options)


@pytest.mark.parametrize("update", [momentum_explicit, momentum_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    theta, g, b = torch.tensor([10.0]), torch.tensor([2.0]), torch.tensor([0.0])
    options = {"lr": 0.5, "momentum": 0.5, "dampening": 0.25, "weight_decay": 0.2}
    update([theta], [g], [b], step=1, **options)
    # The first gradient in full: b = 2 + ⅕·10, θ = 10 - ½·4
    assert (b.item(), theta.item()) == (4.0, 8.0)
    update([theta], [g], [b], step=2, **options)
    # b = ½·4 + ¾(2 + ⅕·8), θ = 8 - ½·4.7
    assert (b.item(), theta.item()) == pytest.approx((4.7, 5.65))


def test_is_the_papers_as_long_as_the_rate_stays() -> None:
    """Equations 1 and 2: v ← μv - η∇L(θ), θ ← θ + v."""
    theta = nn.Parameter(torch.ones(2, dtype=torch.float64))
    optimizer = Momentum([theta], lr=0.3, momentum=0.8)
    paper, v = torch.ones(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for _ in range(30):
        theta.grad = bowl(theta.detach())
        optimizer.step()
        v = 0.8 * v - 0.3 * bowl(paper)
        paper = paper + v
        torch.testing.assert_close(theta.detach(), paper, rtol=1e-12, atol=1e-14)
        b = optimizer.state[theta]["momentum_buffer"]
        torch.testing.assert_close(-0.3 * b, v, rtol=1e-12, atol=1e-14)


def test_a_new_rate_counts_for_the_whole_velocity() -> None:
    """With η = 0 the paper's θ would glide on by μv; here it stands still, and b goes on."""
    theta = nn.Parameter(torch.zeros(1))
    optimizer = Momentum([theta], lr=1.0, momentum=0.5)
    theta.grad = torch.ones(1)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert theta.item() == -1.0
    assert optimizer.state[theta]["momentum_buffer"].item() == 1.5


def test_a_constant_gradient_is_followed_ten_times_as_fast_in_the_end() -> None:
    theta = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = Momentum([theta], lr=0.1, momentum=0.9)
    theta.grad = torch.ones_like(theta)
    for _ in range(300):
        before = theta.item()
        optimizer.step()
    assert before - theta.item() == pytest.approx(10 * 0.1)


def test_dampened_by_its_own_momentum_the_velocity_is_a_mean() -> None:
    theta = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = Momentum([theta], lr=0.1, momentum=0.9, dampening=0.9)
    theta.grad = torch.full_like(theta, 3.0)
    for _ in range(5):
        optimizer.step()
        b = optimizer.state[theta]["momentum_buffer"]
        assert b.item() == pytest.approx(3.0, rel=1e-12)  # from the first step on, undampened


def test_crosses_a_long_valley_sooner_than_plain_descent() -> None:
    left = {}
    for mu in (0.0, 0.7):
        theta = nn.Parameter(torch.ones(2, dtype=torch.float64))
        optimizer = Momentum([theta], lr=0.5, momentum=mu)
        for _ in range(60):
            theta.grad = bowl(theta.detach())
            optimizer.step()
        left[mu] = theta.detach().norm().item()
    assert left[0.7] < left[0.0] / 10
