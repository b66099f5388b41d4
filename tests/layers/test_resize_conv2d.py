"""Resize-convolution equals torch's two layers, and a transposed convolution with ties."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layers.conftest import random
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.resize_conv2d import ResizeConv2d

sizes = st.sampled_from([1, 3, 5])


@given(st.integers(1, 3), st.integers(1, 3), sizes, st.integers(1, 3), st.booleans())
@settings(max_examples=30, deadline=None)
def test_equals_torch(m: int, n: int, k: int, scale: int, bias: bool) -> None:
    ours = ResizeConv2d(m, n, k, scale=scale, bias=bias).double()
    theirs = nn.Sequential(
        nn.Upsample(scale_factor=scale), nn.Conv2d(m, n, k, padding="same", bias=bias).double()
    )
    theirs[1].load_state_dict(ours.conv.state_dict())
    for path in (ours.forward, ours.explicit):
        x_ours = random(2, m, 4, 3).requires_grad_()
        x_theirs = x_ours.detach().clone().requires_grad_()
        y_ours, y_theirs = path(x_ours), theirs(x_theirs)
        torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-12)
        ours.zero_grad()
        theirs.zero_grad()
        y_ours.pow(3).sum().backward()
        y_theirs.pow(3).sum().backward()
        torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-11, atol=1e-11)
        for mine, true in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, true.grad, rtol=1e-11, atol=1e-11)


@given(st.integers(1, 3), st.integers(1, 3), sizes, st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_is_a_transposed_convolution_with_ties(m: int, n: int, k: int, scale: int) -> None:
    layer = ResizeConv2d(m, n, k, scale=scale, bias=False).double()
    x = random(2, m, 4, 3)
    stamped = functional.conv_transpose2d(x, layer.stamp(), stride=scale, padding=k // 2)
    torch.testing.assert_close(layer(x), stamped, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("scale", [2, 3])
def test_keeps_a_constant_image_constant_away_from_the_border(path: str, scale: int) -> None:
    layer = ResizeConv2d(2, 3, 3, scale=scale).double()
    y = getattr(layer, path)(torch.ones(1, 2, 5, 5, dtype=torch.float64))[0, :, 1:-1, 1:-1]
    torch.testing.assert_close(y, y[:, :1, :1].expand_as(y), rtol=1e-12, atol=1e-12)


def test_has_kernels_of_three_and_a_bias_and_doubles_unless_told_otherwise(path: str) -> None:
    layer = ResizeConv2d(2, 3).double()
    state = {name: value.shape for name, value in layer.state_dict().items()}
    assert state == {"conv.weight": (3, 2, 3, 3), "conv.bias": (3,)}
    assert getattr(layer, path)(random(1, 2, 4, 5)).shape == (1, 3, 8, 10)


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (ResizeConv2d(2, 3, generator=torch.Generator().manual_seed(5)) for _ in "ab")
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.conv.weight, second.conv.weight)


def test_gradient(layer_gradcheck: Callable[[nn.Module, Tensor], bool]) -> None:
    assert layer_gradcheck(ResizeConv2d(2, 3, 3).double(), random(2, 2, 2, 3))


def test_learns(learns_parameters: Callable[[nn.Module, Tensor, Tensor], None]) -> None:
    x = random(16, 2, 3, 3)
    true, layer = (
        ResizeConv2d(2, 2, 1, generator=torch.Generator().manual_seed(s)).double() for s in (1, 2)
    )
    learns_parameters(layer, x, true(x).detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 0}, "scale must be at least 1, not 0"),
        ({"kernel_size": 4}, "kernel_size must be odd, for it needs a middle, not 4"),
    ],
)
def test_refuses(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ResizeConv2d(2, 2, **options)


def test_prints_its_scale() -> None:
    assert "scale=2" in repr(ResizeConv2d(1, 1))
