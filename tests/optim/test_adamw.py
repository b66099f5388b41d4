"""AdamW equals torch's step by step, on both of its paths; its weights decay beside Adam's step."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from linebyline.optim.adam import Adam
from linebyline.optim.adamw import AdamW, adamw_explicit, adamw_foreach


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
    agree(AdamW, torch.optim.AdamW, grouped=grouped, **options)


def test_default_options_are_torchs() -> None:
    theta = nn.Parameter(torch.zeros(1))
    ours, theirs = AdamW([theta]).defaults, torch.optim.AdamW([theta]).defaults
    for name in AdamW.hyperparameters:
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("update", [adamw_explicit, adamw_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    theta, g, m, v = (torch.tensor([number]) for number in (2.0, -3.0, 0.0, 0.0))
    options = {"lr": 0.5, "betas": (0.5, 0.75), "eps": 1.0, "weight_decay": 0.25}
    update([theta], [g], [m], [v], step=1, **options)
    # No λθ in m = ½·(-3) and v = ¼·9; θ = 2 - ½(-3/(3 + 1) + ¼·2)
    assert (m.item(), v.item(), theta.item()) == (-1.5, 2.25, 2.125)


def test_without_decay_it_is_adam(descend: Callable[..., list[Any]]) -> None:
    plain, decoupled = (descend(rule, lr=0.05, weight_decay=0.0) for rule in (Adam, AdamW))
    torch.testing.assert_close(plain, decoupled, rtol=0, atol=0)


@pytest.mark.parametrize("foreach", [True, False])
def test_all_weights_decay_at_one_rate_where_in_adam_they_do_not(foreach: bool) -> None:
    """The gap to a run without decay is what the decay did: here 1 - αλ, whatever the gradients."""
    size = torch.tensor([1e-3, 1.0, 1e3], dtype=torch.float64)
    moved = {}
    for rule in (Adam, AdamW):
        for decay in (0.0, 0.1):
            theta = nn.Parameter(torch.full((3,), 2.0, dtype=torch.float64))
            theta.grad = size.clone()
            rule([theta], lr=0.01, weight_decay=decay, foreach=foreach).step()
            moved[rule, decay] = theta.detach()
    expected = torch.full_like(size, -0.01 * 0.1 * 2.0)
    torch.testing.assert_close(moved[AdamW, 0.1] - moved[AdamW, 0.0], expected)
    assert (moved[Adam, 0.1] - moved[Adam, 0.0]).abs().max() < 1e-7  # the root divided it away


def test_a_parameter_without_gradient_does_not_decay() -> None:
    used, unused = (nn.Parameter(torch.ones(2)) for _ in range(2))
    used.grad = torch.zeros(2)
    AdamW([used, unused], lr=0.5, weight_decay=0.5).step()
    assert (used.tolist(), unused.tolist()) == ([0.75, 0.75], [1.0, 1.0])
