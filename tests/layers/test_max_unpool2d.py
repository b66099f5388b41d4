"""Pooling with places, and unpooling, against torch; and what unpooling needs."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from linebyline.layers.max_unpool2d import (
    MaxUnpool2d,
    max_pool2d_with_places,
    max_pool2d_with_places_explicit,
)

ways = pytest.mark.parametrize(
    "pool", [max_pool2d_with_places, max_pool2d_with_places_explicit], ids=["fused", "explicit"]
)


def maps(*shape, seed=0):
    return torch.randn(
        shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    ).requires_grad_()


@ways
@pytest.mark.parametrize("kernel", [2, 3, (2, 3)])
def test_pooling_is_torchs_with_gradients(pool, kernel):
    x, other = maps(2, 3, 7, 9), maps(2, 3, 7, 9)
    values, places = pool(x, kernel)
    theirs, indices = functional.max_pool2d(other, kernel, return_indices=True)
    assert torch.equal(values, theirs)
    assert torch.equal(places, indices)
    for y in (values, theirs):
        y.pow(3).sum().backward()
    assert torch.equal(x.grad, other.grad)


@ways
def test_of_equals_the_first_wins(pool):
    _, places = pool(torch.zeros(1, 1, 4, 4))
    assert places.flatten().tolist() == [0, 2, 8, 10]


def test_by_hand():
    x = torch.tensor([[1.0, 3, 0, 2], [4, 2, 5, 1]])[None, None]
    values, places = max_pool2d_with_places(x)
    assert values.flatten().tolist() == [4, 5]
    assert places.flatten().tolist() == [4, 6]
    back = MaxUnpool2d()(values, places)
    assert back[0, 0].tolist() == [[0, 0, 0, 0], [4, 0, 5, 0]]


@pytest.mark.parametrize("path", ["forward", "explicit"])
@pytest.mark.parametrize("kernel", [2, (2, 3)])
def test_unpooling_is_torchs_with_gradients(path, kernel):
    _, places = max_pool2d_with_places(maps(2, 3, 8, 12), kernel)
    x, other = maps(*places.shape, seed=1), maps(*places.shape, seed=1)
    ours = getattr(MaxUnpool2d(kernel), path)(x, places)
    theirs = nn.MaxUnpool2d(kernel)(other, places)
    assert torch.equal(ours, theirs)
    for y in (ours, theirs):
        y.pow(3).sum().backward()
    assert torch.equal(x.grad, other.grad)


def test_gradcheck():
    _, places = max_pool2d_with_places(maps(1, 2, 4, 4))
    unpool = MaxUnpool2d(2)
    assert torch.autograd.gradcheck(lambda x: unpool.explicit(x, places), maps(1, 2, 2, 2, seed=1))
    assert torch.autograd.gradcheck(
        lambda x: max_pool2d_with_places_explicit(x)[0], maps(1, 2, 4, 6, seed=2)
    )


def test_pooling_what_was_unpooled_gives_it_back():
    x = maps(2, 3, 8, 8).detach()
    values, places = max_pool2d_with_places(x.abs())
    again, same_places = max_pool2d_with_places(MaxUnpool2d(2)(values, places))
    assert torch.equal(again, values)
    assert torch.equal(same_places, places)


@pytest.mark.usefixtures("without_shape_checks")
@ways
def test_pooling_refuses_by_name(pool):
    with pytest.raises(ValueError, match=r"^x must be \(batch, .* room .*\(2, 2\).*\(1, 1, 1, 4\)"):
        pool(torch.zeros(1, 1, 1, 4))
    with pytest.raises(ValueError, match=r"^x must be .*\(3, 4, 4\)"):
        pool(torch.zeros(3, 4, 4))
    with pytest.raises(ValueError, match=r"^kernel_size must be"):
        pool(torch.zeros(1, 1, 4, 4), 0)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_unpooling_refuses_by_name(path):
    unpool = getattr(MaxUnpool2d(2), path)
    places = torch.zeros(1, 1, 2, 2, dtype=torch.long)
    with pytest.raises(ValueError, match=r"^x must be .* \(1, 1, 2, 3\) and \(1, 1, 2, 2\)"):
        unpool(torch.zeros(1, 1, 2, 3), places)
    for wrong in (16, -1):
        with pytest.raises(ValueError, match=r"^places must be from 0 to 15 in a map of 4 x 4"):
            unpool(torch.zeros(1, 1, 2, 2), places.clone().fill_(wrong))
    with pytest.raises(ValueError, match=r"^kernel_size must be"):
        MaxUnpool2d(0)


def test_it_shows_its_windows():
    assert repr(MaxUnpool2d((2, 3))) == "MaxUnpool2d((2, 3))"
