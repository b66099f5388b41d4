"""Separate kernels at each place; with equal ones it is the convolution."""

import re
from collections.abc import Callable

import pytest
import torch
from layers.conftest import random

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.locally_connected2d import LocallyConnected2d

GEOMETRIES = pytest.mark.parametrize(
    "options", [{}, {"stride": 2}, {"padding": "same"}, {"padding": 1, "stride": (1, 2)}], ids=str
)


@GEOMETRIES
def test_with_equal_kernels_it_is_the_convolution(path: str, options: dict[str, object]) -> None:
    ours = LocallyConnected2d(2, 3, (3, 2), (6, 5), **options).double()
    shared = Conv2d(2, 3, (3, 2), **options).double()
    with torch.no_grad():
        ours.weight.copy_(shared.weight.flatten(1)[:, :, None].expand_as(ours.weight))
        ours.bias.copy_(shared.bias[:, None].expand_as(ours.bias))
    x = random(4, 2, 6, 5).requires_grad_()
    x_shared = x.detach().clone().requires_grad_()
    y, y_shared = getattr(ours, path)(x), shared(x_shared)
    torch.testing.assert_close(y, y_shared, rtol=1e-12, atol=1e-13)
    weights = random(*y.shape, seed=1)
    (weights * y).sum().backward()
    (weights * y_shared).sum().backward()
    torch.testing.assert_close(x.grad, x_shared.grad, rtol=1e-11, atol=1e-12)
    # To share is to add up: one kernel gets what all of them got.
    summed = ours.weight.grad.sum(2).view_as(shared.weight)
    torch.testing.assert_close(summed, shared.weight.grad, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(ours.bias.grad.sum(1), shared.bias.grad, rtol=1e-11, atol=1e-12)


def test_each_place_has_its_own_kernel(path: str) -> None:
    layer = LocallyConnected2d(1, 2, 3, 5).double()
    x = random(3, 1, 5, 5)
    y = getattr(layer, path)(x)
    for o in range(2):
        for i in range(3):
            for j in range(3):
                patch = x[:, 0, i : i + 3, j : j + 3].flatten(1)
                place = 3 * i + j
                expected = patch @ layer.weight[o, :, place] + layer.bias[o, place]
                torch.testing.assert_close(y[:, o, i, j], expected)


@GEOMETRIES
def test_gradient(options: dict[str, object], layer_gradcheck: Callable[..., bool]) -> None:
    layer = LocallyConnected2d(2, 2, (2, 3), 4, **options).double()
    assert layer_gradcheck(layer, random(2, 2, 4, 4))


def test_learns_the_kernels_of_another(learns_parameters: Callable[..., None]) -> None:
    x = random(200, 1, 4, 4)
    target = LocallyConnected2d(1, 1, 2, 4, generator=torch.Generator().manual_seed(1)).double()
    layer = LocallyConnected2d(1, 1, 2, 4, generator=torch.Generator().manual_seed(2)).double()
    learns_parameters(layer, x, target(x).detach())


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (
        LocallyConnected2d(1, 2, 3, 5, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.weight, second.weight)
    assert -1 / 3 <= first.weight.min() < -0.3
    assert 0.3 < first.weight.max() <= 1 / 3
    assert -1 / 3 <= first.bias.min() < 0 < first.bias.max() <= 1 / 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"in_channels": 0}, "in_channels must be at least 1, not 0"),
        ({"out_channels": 0}, "out_channels must be at least 1, not 0"),
        ({"kernel_size": 6}, "x must be at least as large as the kernel, but 5x5 pixels"),
        ({"stride": 2, "padding": "same"}, "padding must be numbers where the stride is not 1"),
    ],
)
def test_refuses_an_argument(change: dict[str, object], message: str) -> None:
    sizes = {"in_channels": 1, "out_channels": 2, "kernel_size": 3, "image_size": 5}
    with pytest.raises(ValueError, match=message):
        LocallyConnected2d(**{**sizes, **change})


@pytest.mark.parametrize("shape", [(2, 1, 5, 6), (2, 2, 5, 5), (1, 5, 5)])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_another_shape(path: str, shape: tuple[int, ...]) -> None:
    expected = f"x must be a batch of images of shape (1, 5, 5), but its shape is {shape}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        getattr(LocallyConnected2d(1, 2, 3, 5), path)(torch.zeros(shape))
