"""RMSprop equals torch's step by step, and forgets what AdaGrad sums up."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from linebyline.optim.rmsprop import RMSprop, rmsprop_explicit, rmsprop_foreach


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(("alpha", "eps"), [(0.99, 1e-8), (0.5, 0.1)])
def test_equals_torch_step_by_step(
    agree: Callable[..., None], grouped: bool, weight_decay: float, alpha: float, eps: float
) -> None:
    options = {"lr": 0.05, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
    agree(RMSprop, torch.optim.RMSprop, grouped=grouped, **options)


def test_default_options_are_torchs() -> None:
    theta = nn.Parameter(torch.zeros(1))
    ours, theirs = RMSprop([theta]).defaults, torch.optim.RMSprop([theta]).defaults
    for name in RMSprop.hyperparameters:
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("update", [rmsprop_explicit, rmsprop_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    theta, g, v = torch.tensor([10.0]), torch.tensor([2.0]), torch.tensor([12.0])
    update([theta], [g], [v], lr=0.5, alpha=0.75, eps=1.0, weight_decay=0.4)
    # g = 2 + ⅖·10, v = ¾·12 + ¼·36, θ = 10 - ½·6/(√18 + 1)
    assert v.item() == 18.0
    assert theta.item() == pytest.approx(10 - 3 / (18**0.5 + 1))


@pytest.mark.parametrize("foreach", [True, False])
def test_begins_too_fast_and_settles_at_the_rate(foreach: bool) -> None:
    """For v falls short of g² by the factor 1 - αᵗ: η/√(1 - α) at first, η in the end."""
    theta = nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = RMSprop([theta], lr=0.1, alpha=0.99, eps=0.0, foreach=foreach)
    theta.grad = torch.tensor([1e-4, -1e4], dtype=torch.float64)  # the size does not matter
    lengths = []
    for t in range(1, 801):
        before = theta.detach().clone()
        optimizer.step()
        expected = -0.1 / (1 - 0.99**t) ** 0.5 * theta.grad.sign()
        torch.testing.assert_close(theta.detach() - before, expected, rtol=1e-9, atol=0)
        lengths.append((before - theta.detach())[0].item())
    assert lengths[0] == pytest.approx(10 * 0.1)
    assert lengths[-1] == pytest.approx(0.1, rel=1e-3)


def test_forgets_one_great_gradient() -> None:
    """After a hundred times what it remembers, some 1/(1 - α) steps, nothing is left of it."""
    theta = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = RMSprop([theta], lr=0.1, alpha=0.5)
    theta.grad = torch.full_like(theta, 1000.0)
    optimizer.step()
    theta.grad = torch.ones_like(theta)
    steps = []
    for _ in range(200):
        before = theta.item()
        optimizer.step()
        steps.append(before - theta.item())
    assert steps[0] < 1e-3
    assert steps[-1] == pytest.approx(0.1)
