"""TensorFlow's padding: ⌈n/s⌉ cells, and the extra zero at the bottom and at the right."""

from math import ceil

import pytest
import torch
from torch.nn import functional

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.same_conv2d import SameConv2d

CASES = [
    # kernel, stride, dilation, groups, (height, width)
    (3, 2, 1, 1, (8, 8)),
    (3, 2, 1, 1, (7, 8)),
    (5, 2, 1, 2, (8, 9)),
    (5, 1, 1, 4, (6, 6)),
    (3, 2, 2, 1, (10, 9)),
    (1, 2, 1, 1, (5, 6)),
    ((3, 5), (2, 1), 1, 1, (4, 7)),
    (5, 3, 1, 1, (1, 2)),
]


def images(height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 4, height, width, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize(("kernel", "stride", "dilation", "groups", "size"), CASES)
def test_equals_torch_on_an_image_that_was_padded_by_search(
    kernel: int, stride: int, dilation: int, groups: int, size: tuple[int, int]
) -> None:
    """The reference adds zeros, behind first, until there are ⌈n/s⌉ cells."""
    layer = SameConv2d(4, 8, kernel, stride=stride, dilation=dilation, groups=groups).double()
    pairs = [v if isinstance(v, tuple) else (v, v) for v in (kernel, stride, dilation)]
    sides = []
    for n, k, s, d in zip(size, *pairs, strict=True):
        p = 0
        while n + p < d * (k - 1) + 1 or (n + p - d * (k - 1) - 1) // s + 1 < ceil(n / s):
            p += 1
        sides.append((p // 2, p - p // 2))
    (top, bottom), (left, right) = sides
    assert layer.zeros(*size) == ((top, bottom), (left, right))

    found = []
    for path in ("forward", "explicit", "torch"):
        x = images(*size).requires_grad_()
        if path == "torch":
            padded = functional.pad(x, (left, right, top, bottom))
            options = {"stride": stride, "dilation": dilation, "groups": groups}
            y = functional.conv2d(padded, layer.weight, layer.bias, **options)
        else:
            y = getattr(layer, path)(x)
        assert y.shape[2:] == tuple(ceil(n / s) for n, s in zip(size, pairs[1], strict=True))
        found.append((y, *torch.autograd.grad(y.pow(3).sum(), [x, *layer.parameters()])))
    for ours in found[:2]:
        for one, other in zip(ours, found[2], strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_by_hand_the_extra_zero_is_behind() -> None:
    layer = SameConv2d(1, 1, 3, stride=2, bias=False)
    torch.nn.init.ones_(layer.weight)
    x = torch.zeros(1, 1, 4, 4)
    x[..., 1] = torch.tensor([1.0, 2, 3, 4])  # column 1: seen at columns 0..2, not from 2 on
    assert layer(x)[0, 0].tolist() == [[6, 0], [7, 0]]  # rows 0..2, and 2..3 with one of zeros
    usual = Conv2d(1, 1, 3, stride=2, padding=1, bias=False)
    usual.load_state_dict(layer.state_dict())
    assert usual(x)[0, 0].tolist() == [[3, 3], [9, 9]]


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_without_a_stride_it_is_the_padding_of_conv2d(kernel: int) -> None:
    ours = SameConv2d(4, 3, kernel).double()
    theirs = Conv2d(4, 3, kernel, padding="same").double()
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(images(5, 6)), theirs(images(5, 6)))


def test_gradients() -> None:
    layer = SameConv2d(4, 2, 3, stride=2).double()
    assert torch.autograd.gradcheck(layer, [images(4, 5).requires_grad_()])


def test_a_generator_draws_as_for_conv2d() -> None:
    before = torch.get_rng_state()
    one = SameConv2d(2, 3, 3, stride=2, generator=torch.Generator().manual_seed(1))
    other = Conv2d(2, 3, 3, stride=2, padding=1, generator=torch.Generator().manual_seed(1))
    assert torch.equal(before, torch.get_rng_state())
    assert one.weight.equal(other.weight)
    assert one.bias.equal(other.bias)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name() -> None:
    layer = SameConv2d(4, 2, 3)
    for shape in ((4, 8, 8), (1, 3, 8, 8), (1, 4, 0, 8), (1, 4, 8, 0)):
        for path in (layer, layer.explicit):
            with pytest.raises(ValueError, match=r"^x must have 4 axes with 4 channels on axis 1"):
                path(torch.zeros(shape))
    with pytest.raises(ValueError, match=r"^stride must be one whole number from 1 on"):
        SameConv2d(4, 2, 3, stride=0)
