"""NAG equals torch's step by step, and is the paper's, seen from the point ahead."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.optim.momentum import Momentum
from linebyline.optim.nag import NAG, nag_explicit, nag_foreach


def bowl(theta: Tensor) -> Tensor:
    """The gradient of ½ Σ c θ²."""
    return torch.tensor([0.1, 1.9], dtype=torch.float64) * theta


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("momentum", [0.9, 0.3])
def test_equals_torch_step_by_step(
    agree: Callable[..., None], grouped: bool, weight_decay: float, momentum: float
) -> None:
    def theirs(params: object, *, lr: float, **options: float) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr, nesterov=True, **options)

    options = {"lr": 0.05, "momentum": momentum, "weight_decay": weight_decay}
    agree(NAG, theirs, grouped=grouped, **options)


@pytest.mark.parametrize("update", [nag_explicit, nag_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    phi, g, b = torch.tensor([10.0]), torch.tensor([2.0]), torch.tensor([4.0])
    update([phi], [g], [b], lr=0.5, momentum=0.5, weight_decay=0.2)
    # g = 2 + ⅕·10, b = ½·4 + 4, φ = 10 - ½(4 + ½·6)
    assert (b.item(), phi.item()) == (6.0, 6.5)
    assert g.item() == 2.0


@pytest.mark.parametrize("foreach", [True, False])
def test_is_the_papers_seen_from_the_point_ahead(foreach: bool) -> None:
    """Equations 3 and 4: v ← μv - η∇L(θ + μv), θ ← θ + v; and φ = θ + μv."""
    mu, eta = 0.8, 0.3
    phi = nn.Parameter(torch.ones(2, dtype=torch.float64))
    optimizer = NAG([phi], lr=eta, momentum=mu, foreach=foreach)
    theta, v = torch.ones(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    for _ in range(30):
        phi.grad = bowl(phi.detach())
        optimizer.step()
        v = mu * v - eta * bowl(theta + mu * v)
        theta = theta + v
        torch.testing.assert_close(phi.detach(), theta + mu * v, rtol=1e-12, atol=1e-14)
        b = optimizer.state[phi]["momentum_buffer"]
        torch.testing.assert_close(phi.detach() + eta * mu * b, theta, rtol=1e-12, atol=1e-14)


def test_brakes_where_momentum_overshoots() -> None:
    """Down a bowl whose sides are steep, the look ahead turns it round earlier."""
    highest = {}
    for rule in (Momentum, NAG):
        theta = nn.Parameter(torch.ones(2, dtype=torch.float64))
        optimizer = rule([theta], lr=0.5, momentum=0.9)
        path = []
        for _ in range(60):
            theta.grad = bowl(theta.detach())
            optimizer.step()
            path.append(theta.detach().clone())
        highest[rule] = torch.stack(path)[5:, 1].abs().max().item()
    assert highest[NAG] < highest[Momentum] / 10
