"""Adam equals torch's step by step, on both of its paths, and is the paper's algorithm 1."""

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from linebyline.optim.adam import Adam, adam_explicit, adam_foreach

PATHS = [adam_explicit, adam_foreach]


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(("betas", "eps"), [((0.9, 0.999), 1e-8), ((0.5, 0.7), 0.1)])
def test_equals_torch_step_by_step(
    agree: Callable[..., None],
    grouped: bool,
    weight_decay: float,
    betas: tuple[float, float],
    eps: float,
) -> None:
    options = {"lr": 0.05, "betas": betas, "eps": eps, "weight_decay": weight_decay}
    agree(Adam, torch.optim.Adam, grouped=grouped, **options)


def test_default_options_are_torchs() -> None:
    theta = nn.Parameter(torch.zeros(1))
    ours, theirs = Adam([theta]).defaults, torch.optim.Adam([theta]).defaults
    for name in Adam.hyperparameters:
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("update", PATHS)
def test_by_hand(update: Callable[..., None]) -> None:
    theta, g = torch.tensor([1.0]), torch.tensor([-3.0])
    m, v = torch.zeros(1), torch.zeros(1)
    step = partial(update, [theta], [g], [m], [v], lr=0.5, betas=(0.5, 0.75), eps=1.0)
    step(step=1)
    # m = ½·(-3) and v = ¼·9; m̂ = -3 and v̂ = 9; θ = 1 + ½·3/(3 + 1)
    assert (m.item(), v.item(), theta.item()) == (-1.5, 2.25, 1.375)
    g.fill_(0.0)
    step(step=2)
    # m = ½·(-1.5) and v = ¾·2.25; m̂ = -0.75/0.75 and v̂ = 1.6875/0.4375
    assert (m.item(), v.item()) == (-0.75, 1.6875)
    assert theta.item() == pytest.approx(1.375 + 0.5 * 1 / ((1.6875 / 0.4375) ** 0.5 + 1))


@pytest.mark.parametrize("foreach", [True, False])
def test_a_constant_gradient_of_any_size_moves_by_the_rate(foreach: bool) -> None:
    """Means of what does not change are it itself, from the first step on: m̂ = g and v̂ = g²."""
    theta = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    optimizer = Adam([theta], lr=0.01, eps=0.0, foreach=foreach)
    theta.grad = torch.tensor([1e-6, -1.0, 1e6], dtype=torch.float64)
    for step in range(1, 6):
        optimizer.step()
        expected = -0.01 * step * theta.grad.sign()
        torch.testing.assert_close(theta.detach(), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("update", PATHS)
@pytest.mark.parametrize(
    ("growth", "times"), [(math.inf, 1), (0.999 / 0.9, (1 - 0.81 / 0.999) ** -0.5)]
)
def test_the_longest_steps(update: Callable[..., None], growth: float, times: float) -> None:
    """One gradient after nothing but zeros, and, longer, gradients that grow by β₂/β₁."""
    theta, m, v = (torch.zeros(1, dtype=torch.float64) for _ in range(3))
    for back in reversed(range(300)):
        before = theta.item()
        g = torch.tensor([growth**-back], dtype=torch.float64)
        options = {"lr": 0.1, "betas": (0.9, 0.999), "eps": 0.0 if g else 1e-8}
        update([theta], [g], [m], [v], step=10**6, **options)  # so late that m̂ = m and v̂ = v
    length = (before - theta.item()) / 0.1
    assert length == pytest.approx(0.1 / 0.001**0.5 * times, rel=1e-9)
    assert round(length, 1) == (3.2 if times == 1 else 7.3)


def test_each_parameter_counts_its_own_steps() -> None:
    """One that joins late is corrected as if it had just begun, for so it has."""
    early, late = (nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in range(2))
    optimizer = Adam([early, late], lr=0.1, eps=0.0)
    early.grad = torch.ones_like(early)
    for _ in range(10):
        optimizer.step()
    late.grad = torch.full_like(late, 5.0)
    optimizer.step()
    assert late.item() == pytest.approx(-0.1, rel=1e-12)
    assert [optimizer.state[theta]["step"] for theta in (early, late)] == [11, 1]
