"""The feed-forward network is torch's two layers, at each position by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.feed_forward import FeedForward

Numbers = Callable[..., Tensor]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("activation", [torch.relu, functional.gelu])
def test_equals_torchs(path: str, activation: Callable[[Tensor], Tensor], numbers: Numbers) -> None:
    ours = FeedForward(4, 6, activation=activation, generator=generator()).double()
    module = nn.ReLU() if activation is torch.relu else nn.GELU()
    theirs = nn.Sequential(nn.Linear(4, 6), module, nn.Linear(6, 4)).double()
    for number, layer in ((0, ours.hidden), (2, ours.output)):
        theirs[number].load_state_dict(layer.state_dict())
    x = [numbers(2, 3, 4).requires_grad_() for _ in range(2)]
    y = [getattr(ours, path)(x[0]), theirs(x[1])]
    torch.testing.assert_close(*y, rtol=1e-12, atol=1e-13)
    for each in y:
        (numbers(2, 3, 4, seed=1) * each).sum().backward()
    torch.testing.assert_close(x[0].grad, x[1].grad, rtol=1e-11, atol=1e-12)
    found, wanted = ours.hidden.weight.grad, theirs[0].weight.grad
    torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)


def test_a_position_knows_of_no_other(path: str, numbers: Numbers) -> None:
    layer, x = FeedForward(4, 6, generator=generator()).double(), numbers(2, 3, 4)
    whole = getattr(layer, path)(x)
    torch.testing.assert_close(whole[:, 1], getattr(layer, path)(x[:, 1]))


def test_gradient(path: str, numbers: Numbers) -> None:
    layer = FeedForward(3, 5, activation=functional.gelu, generator=generator()).double()
    assert torch.autograd.gradcheck(getattr(layer, path), numbers(2, 3).requires_grad_())


def test_learns_a_square(numbers: Numbers) -> None:
    layer, x = FeedForward(1, 16, generator=generator()).double(), torch.linspace(-1, 1, 32)
    x = x.double()[:, None]
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        loss = (layer(x) - x.square()).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3


def test_refuses_sizes(path: str) -> None:
    with pytest.raises(ValueError, match="out_features must be at least 1, not 0"):
        FeedForward(4, 0)
    with pytest.raises(ValueError, match="x must have 4 features on its last axis"):
        getattr(FeedForward(4, 2), path)(torch.zeros(2, 3))
