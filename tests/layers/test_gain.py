"""The gain equals its closed forms, torch's where torch has it, and what a wide layer measures."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.exponential_linear import SELU
from linebyline.layers.gain import gain
from linebyline.layers.rectifiers import LeakyReLU


@pytest.mark.parametrize(
    ("activation", "arguments"),
    [
        (lambda z: z, ("linear",)),
        (torch.relu, ("relu",)),
        (LeakyReLU(0.2), ("leaky_relu", 0.2)),
        (LeakyReLU(-0.7), ("leaky_relu", -0.7)),
    ],
)
def test_equals_torch(activation: nn.Module, arguments: tuple) -> None:
    assert gain(activation) == pytest.approx(nn.init.calculate_gain(*arguments), rel=1e-12)


def test_the_selu_has_one() -> None:
    assert gain(SELU()) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("activation", "expected"), [(torch.tanh, 1.59), (torch.sigmoid, 1.85)], ids=["tanh", "sigmoid"]
)
def test_the_figures_of_the_docstring(activation: nn.Module, expected: float) -> None:
    assert gain(activation) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("activation", [torch.tanh, functional.gelu, torch.abs, torch.exp])
def test_gives_back_what_the_activation_takes(activation: nn.Module) -> None:
    z = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))
    second_moment = (gain(activation) * activation(z)).pow(2).mean().item()
    assert second_moment == pytest.approx(1, rel=0.05 if activation is torch.exp else 0.01)


def infinite(z: Tensor) -> Tensor:
    return 1 / z


@pytest.mark.parametrize("activation", [infinite, torch.sum, torch.log])
def test_refuses_what_is_no_activation(activation: nn.Module) -> None:
    with pytest.raises(ValueError, match="activation must give one finite number for each number"):
        gain(activation)


def test_refuses_an_activation_that_lets_nothing_pass() -> None:
    with pytest.raises(ValueError, match="activation is 0 everywhere"):
        gain(torch.zeros_like)


def test_is_a_plain_number() -> None:
    layer = nn.PReLU(dtype=torch.float64)
    assert type(gain(layer)) is float
    assert math.isfinite(gain(layer))
