"""Pooling equals torch's, outputs and gradients, on both paths and whatever the windows."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from linebyline.layers.pooling import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    GlobalAvgPool2d,
    MaxPool2d,
)

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
POOLS = pytest.mark.parametrize("pool", ["MaxPool2d", "AvgPool2d"])
OURS = {
    "MaxPool2d": MaxPool2d,
    "AvgPool2d": AvgPool2d,
    "AdaptiveAvgPool2d": AdaptiveAvgPool2d,
    "AdaptiveMaxPool2d": AdaptiveMaxPool2d,
}


def whole_numbers(*shape: int, seed: int = 0) -> Tensor:
    """Few different values, so that windows have ties; float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-3, 4, shape, generator=generator).double()


def assert_same(ours: nn.Module, path: str, theirs: nn.Module, x: Tensor) -> None:
    """Outputs and gradients."""
    x_ours, x_theirs = (x.clone().requires_grad_() for _ in range(2))
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-13, atol=1e-13)
    weights = torch.arange(1.0, y_theirs.numel() + 1).double().view(y_theirs.shape)
    (y_ours * weights).sum().backward()
    (y_theirs * weights).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-13, atol=1e-13)


pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))


@PATHS
@POOLS
@settings(deadline=None)
@given(
    kernel_size=pairs,
    stride=st.none() | pairs,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ceil_mode=st.booleans(),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    lead=st.sampled_from([(1,), (2, 3)]),
)
def test_equals_torch(path, pool, kernel_size, stride, padding, ceil_mode, size, lead) -> None:
    assume(all(p <= k // 2 for p, k in zip(padding, kernel_size, strict=True)))
    options = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    ours, theirs = OURS[pool](kernel_size, **options), getattr(nn, pool)(kernel_size, **options)
    x = whole_numbers(*lead, *size)
    if not ceil_mode and any(
        n + 2 * p < k for n, p, k in zip(size, padding, kernel_size, strict=True)
    ):
        with pytest.raises(ValueError, match="x must have room for a window"):
            getattr(ours, path)(x)
        return
    try:
        theirs(x)
    except RuntimeError:  # torch finds no room either
        with pytest.raises(ValueError, match="x must have room for a window"):
            getattr(ours, path)(x)
        return
    assert_same(ours, path, theirs, x)


@PATHS
@pytest.mark.parametrize("pool", ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"])
@settings(deadline=None)
@given(
    output_size=st.integers(1, 5) | pairs,
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    lead=st.sampled_from([(1,), (2, 3)]),
)
def test_adaptive_equals_torch(path, pool, output_size, size, lead) -> None:
    ours, theirs = OURS[pool](output_size), getattr(nn, pool)(output_size)
    assert_same(ours, path, theirs, whole_numbers(*lead, *size))


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 1, 1), (2, 3, 5, 4)])
def test_global_equals_torch(shape: tuple[int, ...]) -> None:
    theirs = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(-3))
    assert_same(GlobalAvgPool2d(), "forward", theirs, whole_numbers(*shape))


@PATHS
@pytest.mark.parametrize(
    "layer",
    [
        MaxPool2d(3, stride=2, padding=1),
        AvgPool2d(3, stride=2, padding=1, ceil_mode=True),
        AdaptiveAvgPool2d((2, 3)),
        AdaptiveMaxPool2d((2, 3)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_gradient(layer: nn.Module, path: str) -> None:
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(2 * 2 * 5 * 6, generator=generator).double()  # no ties
    x = order.view(2, 2, 5, 6).requires_grad_()
    assert torch.autograd.gradcheck(getattr(layer, path), x)


@PATHS
def test_of_equals_the_first_gets_the_gradient(path: str) -> None:
    x = torch.tensor([[[1.0, 2.0], [2.0, 2.0]]], requires_grad=True)
    getattr(MaxPool2d(2), path)(x).sum().backward()
    assert x.grad.tolist() == [[[0, 1], [0, 0]]]


@PATHS
def test_a_cell_of_two_windows_gets_what_it_won_in_both(path: str) -> None:
    x = torch.tensor([[[0.0, 5.0, 1.0]]], requires_grad=True)
    y = getattr(MaxPool2d((1, 2), stride=1), path)(x)
    (y * torch.tensor([10.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [[[0, 11, 0]]]


@PATHS
def test_padding_never_is_the_largest(path: str) -> None:
    x = -torch.ones(1, 1, 2, 2)
    assert getattr(MaxPool2d(3, stride=1, padding=1), path)(x).eq(-1).all()


@PATHS
@POOLS
def test_a_nan_is_passed_on(path: str, pool: str) -> None:
    x = torch.zeros(1, 1, 2, 4)
    x[..., 1, 2] = torch.nan
    assert getattr(OURS[pool](2), path)(x).isnan().flatten().tolist() == [False, True]


def test_a_layer_before_a_pool_learns() -> None:
    """A 1×1 filter and a maximum find whether there is a bright cell."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 1, 2, 2, generator=generator)
    target = x.amax(dim=(1, 2, 3))
    model = nn.Sequential(nn.Conv2d(1, 1, 1), MaxPool2d(2), nn.Flatten())
    with torch.no_grad():
        model[0].weight.fill_(0.1)
        model[0].bias.fill_(0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(200):
        optimizer.zero_grad()
        loss = (model(x)[:, 0] - target).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4


@POOLS
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"kernel_size": 0}, "kernel_size must be one whole number from 1 on, or two, not 0"),
        ({"kernel_size": 2, "stride": 0}, "stride must be .* from 1 on, or two, not 0"),
        ({"kernel_size": 2, "padding": -1}, "padding must be .* from 0 on, or two, not -1"),
        (
            {"kernel_size": (4, 3), "padding": 2},
            r"padding must be at most half .* \(2, 2\) for windows of \(4, 3\)",
        ),
    ],
)
def test_refuses_windows_that_make_no_sense(pool: str, bad: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OURS[pool](**bad)


@PATHS
@POOLS
def test_refuses_an_input_smaller_than_a_window(path: str, pool: str) -> None:
    message = r"room for a window of \(4, 4\) with padding \(0, 0\), but is \(5, 3\) large"
    with pytest.raises(ValueError, match=message):
        getattr(OURS[pool](4), path)(torch.zeros(1, 2, 5, 3))


@PATHS
@pytest.mark.parametrize(
    "layer",
    [MaxPool2d(1), AvgPool2d(1), AdaptiveAvgPool2d(1), AdaptiveMaxPool2d(1), GlobalAvgPool2d()],
    ids=lambda layer: type(layer).__name__,
)
@pytest.mark.parametrize("shape", [(1, 1, 1, 4, 4), (1, 1, 0, 4)])
def test_refuses_other_axes_and_no_cells(layer: nn.Module, path: str, shape) -> None:
    call = getattr(layer, path, layer.forward)
    with pytest.raises(ValueError, match=r"x must be \(channels, height, width\)"):
        call(torch.zeros(shape))


def test_refuses_an_empty_output() -> None:
    with pytest.raises(ValueError, match=r"output_size must be .* from 1 on, or two, not 0"):
        AdaptiveAvgPool2d(0)


def test_prints_its_windows() -> None:
    assert repr(MaxPool2d(2)) == "MaxPool2d((2, 2), stride=(2, 2))"
    layer = AvgPool2d(3, stride=2, padding=1, ceil_mode=True)
    assert repr(layer) == "AvgPool2d((3, 3), stride=(2, 2), padding=(1, 1), ceil_mode=True)"
    assert repr(AdaptiveAvgPool2d((1, 2))) == "AdaptiveAvgPool2d((1, 2))"
