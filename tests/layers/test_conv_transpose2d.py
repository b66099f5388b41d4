"""Transposed convolution equals torch's on both paths, and the gradient of a convolution."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layers.conftest import random
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv_transpose2d import ConvTranspose2d, scatter

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
configurations = st.fixed_dictionaries(
    {
        "kernel_size": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "stride": pairs,
        "padding": st.tuples(st.integers(0, 2), st.integers(0, 2)),
        "output_padding": st.tuples(st.integers(0, 2), st.integers(0, 2)),
        "dilation": pairs,
        "groups": st.integers(1, 3),
        "bias": st.booleans(),
    }
)


def fits(options: dict[str, Any], height: int, width: int) -> None:
    """Pass over what torch refuses too."""
    sizes = []
    for axis, n in enumerate((height, width)):
        kernel, stride, padding, extra, gap = (
            options[name][axis]
            for name in ("kernel_size", "stride", "padding", "output_padding", "dilation")
        )
        assume(extra < max(stride, gap))
        sizes.append((n - 1) * stride + gap * (kernel - 1) + 1 + extra - 2 * padding)
    assume(min(sizes) > 0)


@given(configurations, st.integers(1, 2), st.integers(1, 2), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_equals_torch(options: dict[str, Any], c: int, o: int, height: int, width: int) -> None:
    fits(options, height, width)
    groups = options["groups"]
    ours = ConvTranspose2d(c * groups, o * groups, **options).double()
    theirs = nn.ConvTranspose2d(c * groups, o * groups, **options, dtype=torch.float64)
    theirs.load_state_dict(ours.state_dict())  # the names and layouts are torch's
    for path in (ours.forward, ours.explicit):
        x_ours = random(2, c * groups, height, width).requires_grad_()
        x_theirs = x_ours.detach().clone().requires_grad_()
        y_ours, y_theirs = path(x_ours), theirs(x_theirs)
        assert ours.output_size(height, width) == tuple(y_theirs.shape[2:])
        torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-12)
        ours.zero_grad()
        theirs.zero_grad()
        y_ours.pow(3).sum().backward()
        y_theirs.pow(3).sum().backward()
        torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-11, atol=1e-11)
        for name, parameter in theirs.named_parameters():
            found = ours.get_parameter(name).grad
            torch.testing.assert_close(found, parameter.grad, rtol=1e-11, atol=1e-11)


@given(pairs, pairs, pairs, st.integers(0, 1), st.integers(1, 2), st.integers(5, 8))
@settings(max_examples=40, deadline=None)
def test_is_the_gradient_of_the_convolution_by_its_input(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: int,
    groups: int,
    n: int,
) -> None:
    # An odd size and another, so that the rest of the division by the stride is met.
    x = random(2, 2 * groups, n, 7).requires_grad_()
    weight = random(3 * groups, 2, *kernel, seed=1)
    assume(
        all(m + 2 * padding > g * (k - 1) for m, g, k in zip((n, 7), dilation, kernel, strict=True))
    )
    y = functional.conv2d(x, weight, None, stride, padding, dilation, groups)
    at_output = random(*y.shape, seed=2)
    (gradient,) = torch.autograd.grad(y, x, at_output)
    rest = [
        (m + 2 * padding - g * (k - 1) - 1) % s
        for m, g, k, s in zip((n, 7), dilation, kernel, stride, strict=True)
    ]
    layer = ConvTranspose2d(
        3 * groups,
        2 * groups,
        kernel,
        stride=stride,
        padding=padding,
        output_padding=(rest[0], rest[1]),
        dilation=dilation,
        groups=groups,
        bias=False,
    ).double()
    layer.load_state_dict({"weight": weight})  # in the convolution's own layout
    for path in (layer.forward, layer.explicit):
        torch.testing.assert_close(path(at_output), gradient, rtol=1e-12, atol=1e-12)


def test_scatter_is_fold_and_the_transpose_of_unfold() -> None:
    stamps, image = random(2, 3, 2, 3, 4, 3), random(2, 3, 8, 8, seed=1)
    options: dict[str, Any] = {"stride": (2, 3), "padding": (0, 1), "dilation": (1, 2)}
    folded = functional.fold(stamps.flatten(1, 3).flatten(2), (8, 9), (2, 3), **options)
    torch.testing.assert_close(scatter(stamps, **options), folded, rtol=1e-13, atol=1e-13)
    options["padding"] = (0, 0)
    patches = functional.unfold(image, (2, 3), **options)  # of a row and a column less at the end
    columns = random(*patches.shape, seed=2)
    shaped = columns.unflatten(1, (3, 2, 3)).unflatten(-1, (4, 2))
    back = scatter(shaped, output_padding=(0, 0), **options)
    rows, width = back.shape[2:]
    assert torch.isclose((patches * columns).sum(), (image[:, :, :rows, :width] * back).sum())


def test_scatter_only_adds_up_unless_it_is_told_more() -> None:
    stamps = random(2, 3, 2, 3, 4, 3)
    folded = functional.fold(stamps.flatten(1, 3).flatten(2), (8, 9), (2, 3), stride=(2, 3))
    torch.testing.assert_close(scatter(stamps, (2, 3)), folded, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_one_row_by_hand(path: str) -> None:
    layer = ConvTranspose2d(1, 1, (1, 3), stride=(1, 2), bias=False)
    layer.load_state_dict({"weight": torch.tensor([[[[1.0, 2.0, 3.0]]]])})
    x = torch.tensor([[[[1.0, 10.0]]]])
    assert getattr(layer, path)(x).flatten().tolist() == [1, 2, 3 + 10, 20, 30]


def test_starts_as_torch_does() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        ours = ConvTranspose2d(4, 6, 3, groups=2)
        torch.manual_seed(3)
        theirs = nn.ConvTranspose2d(4, 6, 3, groups=2)
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_a_generator_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    first, second = (
        ConvTranspose2d(2, 3, 3, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.weight, second.weight)


def test_gradient(layer_gradcheck: Callable[[nn.Module, Tensor], bool]) -> None:
    layer = ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1, groups=2).double()
    assert layer_gradcheck(layer, random(2, 2, 2, 3))


def test_learns(learns_parameters: Callable[[nn.Module, Tensor, Tensor], None]) -> None:
    x = random(16, 2, 3, 3)
    true, layer = (
        ConvTranspose2d(2, 2, 3, stride=2, generator=torch.Generator().manual_seed(s)).double()
        for s in (1, 2)
    )
    learns_parameters(layer, x, true(x).detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_channels": 0}, "in_channels is 0"),
        ({"out_channels": 3, "groups": 2}, "out_channels is 3 and groups is 2"),
        ({"groups": 0}, "groups is 0"),
        ({"kernel_size": 0}, "kernel_size must be one whole number from 1 on, or two, not 0"),
        ({"stride": (1, 0)}, "stride must be one whole number from 1 on, or two, not (1, 0)"),
        ({"padding": -1}, "padding must be one whole number from 0 on, or two, not -1"),
        (
            {"dilation": (1, 1, 1)},
            "dilation must be one whole number from 1 on, or two, not (1, 1, 1)",
        ),
        ({"stride": 2, "output_padding": 2}, "larger of stride and dilation, 2, not 2"),
        ({"dilation": 3, "output_padding": (3, 0)}, "larger of stride and dilation, 3, not 3"),
        ({"stride": (4, 2), "output_padding": (3, 3)}, "larger of stride and dilation, 2, not 3"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ConvTranspose2d(**{"in_channels": 2, "out_channels": 2, "kernel_size": 3} | options)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 4, 4), "x must be (batch, 2 channels, height, width), but its shape is (2, 3, 4,"),
        ((2, 4, 4), "but its shape is (2, 4, 4)"),
        ((2, 2, 1, 4), "x of 1 x 4 pixels would give -1 x 2: padding (2, 2) cuts off all"),
        ((2, 2, 4, 1), "x of 4 x 1 pixels would give 2 x -1: padding (2, 2) cuts off all"),
        ((2, 2, 0, 4), "x of 0 x 4 pixels would give 0 x 0"),
        ((2, 2, 4, 0), "x of 4 x 0 pixels would give 0 x 0"),
    ],
)
def test_refuses_inputs(path: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(ConvTranspose2d(2, 2, 3, padding=2), path)(torch.zeros(shape))


@pytest.mark.parametrize("size", [(0, 4), (4, 0)])
def test_refuses_no_pixels_also_where_a_stamp_would_have_room(
    path: str, size: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match=f"x of {size[0]} x {size[1]} pixels would give 0 x 0"):
        getattr(ConvTranspose2d(2, 2, 3), path)(torch.zeros(2, 2, *size))


def test_prints_its_sizes() -> None:
    assert repr(ConvTranspose2d(2, 3, 4)) == "ConvTranspose2d(2, 3, kernel_size=(4, 4))"
    layer = ConvTranspose2d(2, 4, 3, stride=2, output_padding=1, groups=2, bias=False)
    assert repr(layer) == (
        "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1), "
        "groups=2, bias=False)"
    )
    layer = ConvTranspose2d(2, 4, 3, padding=1, dilation=(1, 2))
    assert repr(layer) == (
        "ConvTranspose2d(2, 4, kernel_size=(3, 3), padding=(1, 1), dilation=(1, 2))"
    )
