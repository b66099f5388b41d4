"""The two factors equal torch's, are one convolution if nothing stands between, and cost less."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layers.conftest import random
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.depthwise_separable import (
    DepthwiseSeparable,
    multiplications,
    separable_multiplications,
)


def reference(layer: DepthwiseSeparable, m: int, n: int, k: int, **options: int) -> nn.Module:
    """Torch's two layers with the same weights, and the same layer between them."""
    depthwise = nn.Conv2d(m, m, k, groups=m, bias=False, dtype=torch.float64, **options)
    pointwise = nn.Conv2d(m, n, 1, bias=layer.pointwise.bias is not None, dtype=torch.float64)
    depthwise.load_state_dict(layer.depthwise.state_dict())
    pointwise.load_state_dict(layer.pointwise.state_dict())
    between = type(layer.between)
    between = between(m).double() if between is nn.BatchNorm2d else between()
    return nn.Sequential(depthwise, between, pointwise)


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(1, 2),
    st.sampled_from([None, nn.Tanh, nn.BatchNorm2d]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_equals_torch(
    m: int, n: int, k: int, stride: int, padding: int, dilation: int, kind: type, bias: bool
) -> None:
    between = kind and (kind(m) if kind is nn.BatchNorm2d else kind())
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    ours = DepthwiseSeparable(m, n, k, between=between, bias=bias, **options).double()
    for path in (ours.forward, ours.explicit):
        theirs = reference(ours, m, n, k, **options)
        x_ours = random(2, m, 6, 5).requires_grad_()
        x_theirs = x_ours.detach().clone().requires_grad_()
        y_ours, y_theirs = path(x_ours), theirs(x_theirs)
        torch.testing.assert_close(y_ours, y_theirs, rtol=1e-11, atol=1e-12)
        ours.zero_grad()
        y_ours.pow(3).sum().backward()
        y_theirs.pow(3).sum().backward()
        torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-9, atol=1e-10)
        for mine, true in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, true.grad, rtol=1e-9, atol=1e-10)


def test_with_nothing_between_it_is_one_convolution() -> None:
    layer = DepthwiseSeparable(3, 4, 3, stride=2, padding=1).double()
    x = random(2, 3, 7, 7)
    kernel = layer.product()
    assert kernel.shape == (4, 3, 3, 3)
    whole = functional.conv2d(x, kernel, layer.pointwise.bias, stride=2, padding=1)
    torch.testing.assert_close(layer(x), whole, rtol=1e-12, atol=1e-12)
    for channel in range(3):  # one picture for all outputs: a matrix of rank 1
        assert torch.linalg.matrix_rank(kernel[:, channel].flatten(1)) == 1


def test_is_torchs_two_layers_as_they_are_unless_told_more(path: str) -> None:
    ours = DepthwiseSeparable(3, 4, 3).double()
    x = random(2, 3, 6, 7)
    theirs = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, bias=False), nn.Conv2d(3, 4, 1)).double()
    names = {"depthwise.": "0.", "pointwise.": "1."}
    theirs.load_state_dict({names[k[:10]] + k[10:]: v for k, v in ours.state_dict().items()})
    torch.testing.assert_close(getattr(ours, path)(x), theirs(x), rtol=1e-12, atol=1e-12)


def test_has_no_product_with_something_between() -> None:
    with pytest.raises(ValueError, match=r"between must be left out for a product, but is ReLU"):
        DepthwiseSeparable(2, 2, 3, between=nn.ReLU()).product()


def test_gradient(layer_gradcheck: Callable[[nn.Module, Tensor], bool]) -> None:
    layer = DepthwiseSeparable(2, 3, 3, padding=1, between=nn.Tanh()).double()
    assert layer_gradcheck(layer, random(2, 2, 4, 4))


def test_learns() -> None:
    true, layer = (
        DepthwiseSeparable(2, 2, 3, generator=torch.Generator().manual_seed(s)).double()
        for s in (1, 2)
    )
    x = random(16, 2, 5, 5)
    y = true(x).detach()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (
        DepthwiseSeparable(2, 3, 3, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.product(), second.product())


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 7), st.integers(1, 100))
def test_the_ratio_of_the_costs(m: int, n: int, k: int, pixels: int) -> None:
    ratio = Fraction(separable_multiplications(m, n, k, pixels), multiplications(m, n, k, pixels))
    assert ratio == Fraction(1, n) + Fraction(1, k * k)


def test_the_cost_is_that_of_the_weights_in_use() -> None:
    layer = DepthwiseSeparable(6, 8, 3, padding=1, bias=False)
    weights = sum(p.numel() for p in layer.parameters())
    assert separable_multiplications(6, 8, 3, 25) == 25 * weights
    grouped = nn.Conv2d(6, 8, 3, groups=2, bias=False).weight.numel()
    assert multiplications(6, 8, 3, 25, groups=2) == 25 * grouped


@pytest.mark.parametrize("name", ["in_channels", "out_channels", "kernel_size", "pixels", "groups"])
def test_costs_refuse_numbers_below_one(name: str) -> None:
    numbers = {"in_channels": 4, "out_channels": 4, "kernel_size": 3, "pixels": 9, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        multiplications(**numbers)


def test_costs_refuse_groups_that_do_not_divide() -> None:
    with pytest.raises(ValueError, match="groups must divide out_channels, but 2 is not in 3"):
        multiplications(4, 3, 3, 9, groups=2)
    with pytest.raises(ValueError, match="groups must divide in_channels, but 2 is not in 5"):
        multiplications(5, 4, 3, 9, groups=2)


def test_refuses_another_number_of_channels(path: str) -> None:
    with pytest.raises(ValueError, match="3"):
        getattr(DepthwiseSeparable(3, 2, 3), path)(torch.zeros(1, 2, 5, 5))
