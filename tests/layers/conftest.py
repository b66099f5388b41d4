"""Shared by the tests of activation functions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.mlp import MLP

Function = Callable[[Tensor], Tensor]


@pytest.fixture
def extremes() -> Tensor:
    """Where a formula goes wrong: at 0, where exp is lost beside 1, and where it overflows."""
    sizes = [1e-300, 1e-9, 0.3, 1.0, 4.0, 19.9, 20.1, 38.0, 710.0, 1000.0, 1e4]
    return torch.tensor([*(-s for s in sizes), 0.0, *sizes], dtype=torch.float64)


@pytest.fixture
def same() -> Callable[..., None]:
    """Two functions give the same numbers and the same gradients."""

    def same(ours: Function, theirs: Function, x: Tensor, *, rtol: float = 1e-12) -> None:
        pairs = []
        for function in (ours, theirs):
            inputs = x.clone().requires_grad_()
            outputs = function(inputs)
            assert outputs.dtype == x.dtype
            weights = torch.arange(1, outputs.numel() + 1, dtype=x.dtype).view_as(outputs)
            (gradient,) = torch.autograd.grad((weights * outputs).sum(), inputs)
            pairs.append((outputs.detach(), gradient))
        (y, gradient), (y_theirs, gradient_theirs) = pairs
        assert y.isfinite().all()
        torch.testing.assert_close(y, y_theirs, rtol=rtol, atol=1e-15)
        torch.testing.assert_close(gradient, gradient_theirs, rtol=rtol, atol=1e-14)

    return same


@pytest.fixture
def learns_xor() -> Callable[[nn.Module], None]:
    """A network with the activation function fits what no linear model can."""

    def learns(activation: nn.Module) -> None:
        x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
        generator = torch.Generator().manual_seed(0)
        model = MLP([2, 16, 1], activation=activation, generator=generator)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(150):
            optimizer.zero_grad()
            loss = (model(x) - y).pow(2).mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.01

    return learns
