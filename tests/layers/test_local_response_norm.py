"""Local response normalization equals the formula, written with a loop, and the layer of torch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from layers.conftest import random
from torch import Tensor, nn

from linebyline.layers.local_response_norm import LocalResponseNorm


def test_equals_the_formula(path: str) -> None:
    x = random(2, 6, 2, 3)
    layer = LocalResponseNorm(5, alpha=0.3, beta=0.6, k=1.5)
    expected = torch.empty_like(x)
    for i in range(6):
        around = x[:, max(0, i - 2) : min(6, i + 3)]  # as far as there are channels
        expected[:, i] = x[:, i] / (1.5 + 0.3 * (around**2).sum(1)) ** 0.6
    torch.testing.assert_close(getattr(layer, path)(x), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("shape", [(2, 7, 4), (2, 7, 3, 4), (2, 1, 3, 4), (2, 2, 3, 2, 2)])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_equals_torch_with_its_mean(
    path: str, shape: tuple[int, ...], size: int, same: Callable[..., None]
) -> None:
    ours = LocalResponseNorm(size, alpha=0.2, beta=0.75, k=2.0)
    theirs = nn.LocalResponseNorm(size, alpha=0.2 * size, beta=0.75, k=2.0)
    same(getattr(ours, path), theirs, random(*shape))


def test_has_the_paper_s_constants(path: str) -> None:
    a = torch.full((1, 5, 1, 1), 100.0, dtype=torch.float64)
    b = getattr(LocalResponseNorm(), path)(a)
    assert b[0, 2].item() == pytest.approx(100 / (2 + 1e-4 * 5 * 100**2) ** 0.75)
    assert b[0, 0].item() == pytest.approx(100 / (2 + 1e-4 * 3 * 100**2) ** 0.75)


def test_a_loud_channel_silences_its_neighbours(path: str) -> None:
    x = torch.ones(1, 9, 1, 1)
    x[:, 4] = 1000
    y = getattr(LocalResponseNorm(3), path)(x).flatten()
    assert (y[[3, 5]] < 0.1 * y[0]).all()
    torch.testing.assert_close(y[[2, 6]], y[[1, 7]])


def test_gradient(path: str, layer_gradcheck: Callable[[nn.Module, Tensor], bool]) -> None:
    assert layer_gradcheck(LocalResponseNorm(3, alpha=0.5), random(2, 4, 2, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 4}, "size must be an odd number from 1 on, not 4"),
        ({"size": -1}, "size must be an odd number from 1 on, not -1"),
        ({"alpha": -0.1}, "alpha must be at least 0 and finite, not -0.1"),
        ({"alpha": float("inf")}, "alpha must be at least 0 and finite, not inf"),
        ({"beta": float("nan")}, "beta must be finite, not nan"),
        ({"beta": float("inf")}, "beta must be finite, not inf"),
        ({"k": 0.0}, "k must be positive and finite, not 0.0"),
        ({"k": float("inf")}, "k must be positive and finite, not inf"),
    ],
)
def test_refuses_constants_out_of_range(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LocalResponseNorm(**arguments)


def test_admits_the_borders(path: str) -> None:
    x = random(1, 3, 2, 2)
    halved = getattr(LocalResponseNorm(alpha=0.0, beta=-1.0, k=0.5), path)(x)
    torch.testing.assert_close(halved, x / 2)


def test_refuses_what_has_no_positions(path: str, without_shape_checks: None) -> None:
    with pytest.raises(ValueError, match=r"x must be \(batch, channels\) and at least one axis"):
        getattr(LocalResponseNorm(), path)(torch.zeros(2, 3))


def test_prints_its_constants() -> None:
    assert repr(LocalResponseNorm()) == "LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=2.0)"
