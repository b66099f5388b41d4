"""AdaGrad equals torch's step by step, and its rates fall as the paper has them fall."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from linebyline.optim.adagrad import Adagrad, adagrad_explicit, adagrad_foreach


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("eps", [1e-10, 0.1])
def test_equals_torch_step_by_step(
    agree: Callable[..., None], grouped: bool, weight_decay: float, eps: float
) -> None:
    options = {"lr": 0.05, "eps": eps, "weight_decay": weight_decay}
    agree(Adagrad, torch.optim.Adagrad, grouped=grouped, **options)


def test_default_options_are_torchs() -> None:
    theta = nn.Parameter(torch.zeros(1))
    ours, theirs = Adagrad([theta]).defaults, torch.optim.Adagrad([theta]).defaults
    for name in Adagrad.hyperparameters:
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("update", [adagrad_explicit, adagrad_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    theta, g, total = torch.tensor([10.0]), torch.tensor([2.0]), torch.tensor([9.0])
    update([theta], [g], [total], lr=0.5, eps=3.0, weight_decay=0.2)
    # g = 2 + ⅕·10, Σg² = 9 + 16, θ = 10 - ½·4/(3 + 5)
    assert (total.item(), theta.item()) == (25.0, 9.75)


@pytest.mark.parametrize("foreach", [True, False])
def test_steps_shrink_with_the_root_of_their_number(foreach: bool) -> None:
    theta = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = Adagrad([theta], lr=0.1, eps=0.0, foreach=foreach)
    theta.grad = torch.tensor([1e-4, -1e4], dtype=torch.float64)  # the size does not matter
    for t in range(1, 10):
        before = theta.detach().clone()
        optimizer.step()
        expected = -0.1 / t**0.5 * theta.grad.sign()
        torch.testing.assert_close(theta.detach() - before, expected, rtol=1e-12, atol=0)


def test_a_rare_gradient_finds_its_rate_unspent() -> None:
    theta = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = Adagrad([theta], lr=0.1)
    for _ in range(99):
        theta.grad = torch.tensor([1.0, 0.0], dtype=torch.float64)
        optimizer.step()
    before = theta.detach().clone()
    assert before[1] == 0  # 0/(δ + 0), and not 0/0
    theta.grad = torch.ones_like(theta)
    optimizer.step()
    often, rare = (before - theta.detach()).tolist()
    assert rare / often == pytest.approx(10.0)
