"""Equalized layers equal torch's with scaled weights, and every layer moves by the same share."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

from linebyline.layers.equalized import EqualizedConv2d, EqualizedLinear

Numbers = Callable[..., Tensor]


def drawn(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.mark.parametrize("gain", [math.sqrt(2), 1.0])
def test_linear_equals_torch_with_scaled_weights(gain: float, numbers: Numbers) -> None:
    ours = EqualizedLinear(5, 3, gain=gain, generator=drawn(0)).double()
    theirs = nn.Linear(5, 3).double()
    with torch.no_grad():
        ours.bias.copy_(torch.arange(3))
        theirs.weight.copy_(ours.weight * gain / math.sqrt(5))
        theirs.bias.copy_(ours.bias)
    x = numbers(4, 5)
    torch.testing.assert_close(ours(x), theirs(x))
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad * gain / math.sqrt(5))
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad)


@pytest.mark.parametrize("size", [1, 3])
def test_convolution_equals_torch_with_scaled_weights(size: int, numbers: Numbers) -> None:
    ours = EqualizedConv2d(2, 3, size, generator=drawn(0)).double()
    theirs = nn.Conv2d(2, 3, size, padding=size // 2).double()
    scale = math.sqrt(2 / (2 * size * size))
    with torch.no_grad():
        ours.bias.copy_(torch.arange(3))
        theirs.weight.copy_(ours.weight * scale)
        theirs.bias.copy_(ours.bias)
    x = numbers(2, 2, 5, 4)
    torch.testing.assert_close(ours(x), theirs(x))
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad * scale)


def test_gradients_are_those_of_differences(numbers: Numbers) -> None:
    for layer, x in (
        (EqualizedLinear(3, 2, generator=drawn(0)), numbers(2, 3)),
        (EqualizedConv2d(2, 2, generator=drawn(0)), numbers(1, 2, 3, 3)),
    ):
        call = lambda x, w, b, layer=layer: torch.func.functional_call(  # noqa: E731
            layer, {"weight": w, "bias": b}, x
        )
        inputs = x, layer.weight.detach().double(), layer.bias.detach().double()
        assert gradcheck(call, [value.requires_grad_() for value in inputs])


def test_answers_begin_at_the_size_of_inputs() -> None:
    """He's condition: a rectifier halves the mean square, and the gain doubles it."""
    x = torch.randn(512, 300, generator=drawn(1))
    h = torch.relu(EqualizedLinear(300, 4000, generator=drawn(0))(x))
    assert h.square().mean().item() == pytest.approx(1, rel=0.05)
    assert EqualizedLinear(300, 4000, generator=drawn(0)).weight.std().item() == pytest.approx(
        1, rel=0.01
    )


def test_adam_moves_every_layer_by_the_same_share() -> None:
    layers = [
        EqualizedLinear(4, 16, generator=drawn(0)),
        EqualizedConv2d(16, 1, generator=drawn(1)),
    ]
    net = nn.Sequential(layers[0], nn.Unflatten(1, (16, 1, 1)), layers[1])
    before = [layer.weight.detach().clone() for layer in layers]
    adam = torch.optim.Adam(net.parameters(), lr=0.01)
    net(torch.randn(8, 4, generator=drawn(2))).square().sum().backward()
    adam.step()
    moved = [
        (layer.weight - old)[:, :, 1, 1] if old.ndim == 4 else layer.weight - old
        for layer, old in zip(layers, before, strict=True)
    ]
    for change in moved:  # of the convolution only the middle sees a place
        assert change.square().mean().sqrt().item() == pytest.approx(0.01, rel=1e-3)


def test_learns_one_batch() -> None:
    layer = EqualizedConv2d(1, 1, gain=1, generator=drawn(0))
    x = torch.randn(4, 1, 6, 6, generator=drawn(1))
    adam = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(200):
        adam.zero_grad()
        loss = (layer(x) - x).square().mean()
        loss.backward()
        adam.step()
    assert loss.item() < 1e-3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EqualizedLinear(0, 2), "inputs must be at least 1, not 0"),
        (lambda: EqualizedLinear(2, 0), "outputs must be at least 1, not 0"),
        (lambda: EqualizedLinear(2, 2, gain=0), "gain must be above 0, not 0"),
        (lambda: EqualizedConv2d(0, 2), "in_channels must be at least 1, not 0"),
        (lambda: EqualizedConv2d(2, 0), "out_channels must be at least 1, not 0"),
        (lambda: EqualizedConv2d(2, 2, 2), "kernel_size must be odd"),
        (lambda: EqualizedConv2d(2, 2, gain=-1), "gain must be above 0, not -1"),
    ],
)
def test_refuses(make: Callable[[], nn.Module], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_shows_its_sizes() -> None:
    assert "5, 3, scale=0.632" in repr(EqualizedLinear(5, 3))
    assert "2, 3, kernel_size=3, scale=0.333" in repr(EqualizedConv2d(2, 3))
