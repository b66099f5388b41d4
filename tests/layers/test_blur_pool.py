"""Blur pooling equals SciPy's filter and kornia's, lets no finest stripe through, and learns."""

import math

import kornia
import numpy as np
import pytest
import scipy.ndimage
import torch
from layers.conftest import random
from torch import nn

from linebyline.layers.blur_pool import BlurPool2d, binomial
from linebyline.layers.pooling import MaxPool2d

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def test_binomial() -> None:
    assert binomial(1).tolist() == [1]
    assert binomial(2).tolist() == [0.5, 0.5]
    assert (16 * binomial(5)).tolist() == [1, 4, 6, 4, 1]


@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("cycles", [0.0, 0.1, 0.35, 0.5])
def test_response_to_stripes(size: int, cycles: float) -> None:
    turns = torch.exp(2j * torch.pi * cycles * torch.arange(size, dtype=torch.float64))
    response = (binomial(size).double() * turns).sum().abs().item()
    assert response == pytest.approx(abs(math.cos(math.pi * cycles)) ** (size - 1), abs=1e-7)


@PATHS
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, (3, 2)])
@pytest.mark.parametrize("shape", [(3, 7, 6), (2, 3, 8, 9)])
@pytest.mark.parametrize(("mode", "scipys"), [("reflect", "mirror"), ("circular", "wrap")])
def test_equals_scipy(path: str, size: int, stride, shape, mode: str, scipys: str) -> None:
    layer = BlurPool2d(size, stride=stride, padding_mode=mode).double()
    x = random(*shape)
    line = np.array([math.comb(size - 1, k) for k in range(size)]) / 2 ** (size - 1)
    blurred = x.numpy()
    for axis in (-2, -1):  # an even filter is centred half a cell later than SciPy's
        origin = 0 if size % 2 else -1
        blurred = scipy.ndimage.correlate1d(blurred, line, axis, mode=scipys, origin=origin)
    rows, columns = layer.stride
    expected = torch.from_numpy(blurred[..., ::rows, ::columns].copy())
    y = getattr(layer, path)(x)
    assert y.shape[-2:] == tuple(
        math.ceil(n / s) for n, s in zip(shape[-2:], layer.stride, strict=True)
    )
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("size", [3, 5])
def test_equals_kornia_away_from_the_border(size: int) -> None:
    x = random(2, 3, 12, 13)
    x_ours, x_theirs = (x.clone().requires_grad_() for _ in range(2))
    ours = BlurPool2d(size).double()(x_ours)[..., 1:-1, 1:-1]
    theirs = kornia.filters.BlurPool2D(size, stride=2)(x_theirs)[..., 1:-1, 1:-1]
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    ours.pow(2).sum().backward()
    theirs.pow(2).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_both_paths_are_one(size: int) -> None:
    x = random(2, 3, 7, 8)
    layer, found = BlurPool2d(size).double(), []
    for path in (layer.forward, layer.explicit):
        inputs = x.clone().requires_grad_()
        outputs = path(inputs)
        outputs.pow(3).sum().backward()
        found.append((outputs.detach(), inputs.grad))
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-13)


@PATHS
def test_gradient(path: str) -> None:
    layer = BlurPool2d(3).double()
    assert torch.autograd.gradcheck(getattr(layer, path), random(1, 2, 5, 4).requires_grad_())


@PATHS
def test_stripes_from_cell_to_cell_become_grey(path: str) -> None:
    stripes = torch.arange(8.0).remainder(2).expand(1, 8, 8)
    assert getattr(BlurPool2d(3), path)(stripes).eq(0.5).all()
    assert getattr(BlurPool2d(1), path)(stripes).eq(0).all()


def test_a_shift_by_one_changes_less_than_after_max_pooling() -> None:
    x = torch.tensor([0.0, 0, 1, 1]).repeat(4).expand(1, 16, 16)
    steady = nn.Sequential(MaxPool2d(2, stride=1), BlurPool2d(3))
    inner = (slice(None), slice(1, -1), slice(1, -1))
    plain, blurred = (
        (pool(x.roll(1, -1))[inner] - pool(x)[inner]).abs().mean().item()
        for pool in (MaxPool2d(2), steady)
    )
    assert plain == 0.5
    assert blurred <= 0.25


def test_a_filter_before_it_learns() -> None:
    x, true = random(32, 1, 6, 6), nn.Conv2d(1, 1, 3, dtype=torch.float64)
    nn.init.normal_(true.weight, generator=torch.Generator().manual_seed(1))
    model = nn.Sequential(nn.Conv2d(1, 1, 3, dtype=torch.float64), BlurPool2d(2).double())
    nn.init.zeros_(model[0].weight)
    with torch.no_grad():
        y = model[1](true(x))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    first = (model(x) - y).square().mean().item()
    for _ in range(300):
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3 * first


def test_nothing_of_it_is_stored() -> None:
    layer = BlurPool2d(3)
    assert not layer.state_dict()
    assert not list(layer.parameters())
    assert repr(layer) == "BlurPool2d(3, stride=(2, 2), padding_mode='reflect')"


def test_refuses() -> None:
    with pytest.raises(ValueError, match="size must be at least 1, not 0"):
        binomial(0)
    with pytest.raises(ValueError, match="kernel_size must be at least 1, not 0"):
        BlurPool2d(0)
    with pytest.raises(ValueError, match='"reflect" or "circular", not \'zeros\''):
        BlurPool2d(3, padding_mode="zeros")
    with pytest.raises(ValueError, match=r"stride must be .* from 1 on, or two, not 0"):
        BlurPool2d(3, stride=0)
    for shape in ((1, 4, 1), (1, 1, 4)):
        with pytest.raises(ValueError, match="x must have more than 1 rows and columns"):
            BlurPool2d(3)(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"x must be \(channels, height, width\)"):
        BlurPool2d(3)(torch.zeros(1, 1, 1, 4, 4))
