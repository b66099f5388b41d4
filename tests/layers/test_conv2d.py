"""The convolution equals torch's on both paths, whatever its geometry, and refuses bad ones."""

import re
import warnings
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layers.conftest import random
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Conv2d, im2col, output_size

Numbers = Callable[..., Tensor]


def pairs(low: int, high: int) -> st.SearchStrategy:
    number = st.integers(low, high)
    return number | st.tuples(number, number)


def theirs_of(ours: Conv2d, *sizes: object, **options: object) -> nn.Conv2d:
    theirs = nn.Conv2d(*sizes, **options, dtype=torch.float64)
    ours.double()
    theirs.load_state_dict(ours.state_dict())
    return theirs


@settings(deadline=None, max_examples=150)
@given(
    kernel=pairs(1, 4),
    stride=pairs(1, 3),
    padding=pairs(0, 3) | st.just("same"),
    dilation=pairs(1, 3),
    groups=st.integers(1, 3),
    per_group=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    batch=st.integers(0, 2),
    bias=st.booleans(),
    path=st.sampled_from(["forward", "explicit"]),
)
def test_equals_torch(
    kernel, stride, padding, dilation, groups, per_group, size, batch, bias, path
) -> None:
    if padding == "same":
        stride = 1
    channels, outputs = groups * per_group[0], groups * per_group[1]
    options = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": bias,
    }
    ours = Conv2d(channels, outputs, kernel, **options)
    theirs = theirs_of(ours, channels, outputs, kernel, **options)
    x = random(batch, channels, *size).requires_grad_()
    x_theirs = x.detach().clone().requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch tells of the copy that an even kernel costs
        try:
            y_theirs = theirs(x_theirs)
        except RuntimeError:
            with pytest.raises(ValueError, match="x must be at least as large as the kernel"):
                getattr(ours, path)(x)
            assume(False)
    y = getattr(ours, path)(x)
    torch.testing.assert_close(y, y_theirs, rtol=1e-12, atol=1e-13)
    weights = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)
    (weights * y).sum().backward()
    (weights * y_theirs).sum().backward()
    torch.testing.assert_close(x.grad, x_theirs.grad, rtol=1e-11, atol=1e-12)
    for name, parameter in theirs.named_parameters():
        found = ours.get_parameter(name).grad
        torch.testing.assert_close(found, parameter.grad, rtol=1e-11, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    kernel=pairs(1, 3),
    stride=pairs(1, 3),
    padding=pairs(0, 2),
    dilation=pairs(1, 2),
    size=st.tuples(st.integers(5, 9), st.integers(5, 9)),
)
def test_im2col_is_torchs_unfold(kernel, stride, padding, dilation, size) -> None:
    x = random(2, 3, *size)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    expected = functional.unfold(x, kernel, **options)
    assert torch.equal(im2col(x, kernel, **options), expected)
    assert expected.shape[2] == torch.Size(output_size(size, kernel, **options)).numel()


def test_of_nine_numbers_as_on_paper(path: str) -> None:
    layer = Conv2d(1, 1, 2)
    x = torch.tensor([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[[1.0, 10], [100, 1000]]]]))  # not flipped
        layer.bias.fill_(0.5)
    expected = [[5421.5, 6532.5], [8754.5, 9865.5]]
    assert getattr(layer, path)(x).tolist() == [[expected]]


@pytest.mark.parametrize("options", [{}, {"padding": "same"}, {"groups": 2}], ids=str)
@pytest.mark.parametrize("bias", [True, False])
def test_a_seed_gives_what_it_gives_torch(options: dict[str, object], bias: bool) -> None:
    torch.manual_seed(5)
    theirs = nn.Conv2d(4, 6, (3, 2), bias=bias, **options)
    torch.manual_seed(5)
    ours = Conv2d(4, 6, (3, 2), bias=bias, **options)
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))
    before = torch.get_rng_state()
    again = Conv2d(4, 6, (3, 2), bias=bias, **options, generator=torch.Generator().manual_seed(5))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(again.weight, ours.weight)


def test_an_even_kernel_keeps_the_size_without_a_warning(path: str) -> None:
    layer = Conv2d(1, 1, 2, padding="same", bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[[[1.0, 2], [3, 4]]]]))
    y = getattr(layer, path)(torch.ones(1, 1, 2, 2))
    assert y.tolist() == [[[[10.0, 4.0], [3.0, 1.0]]]]  # zeros to the right and below


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2, "padding": 1, "dilation": (1, 2)}, {"groups": 2}], ids=str
)
def test_gradient(
    options: dict[str, object], layer_gradcheck: Callable[..., bool], numbers: Numbers
) -> None:
    layer = Conv2d(2, 2, (2, 3), **options).double()
    assert layer_gradcheck(layer, numbers(2, 2, 5, 6))


def test_finds_the_kernel_from_pictures_before_and_after() -> None:
    kernel = torch.tensor([[[[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]]])
    x = torch.randn(8, 1, 10, 10, generator=torch.Generator().manual_seed(0))
    y = functional.conv2d(x, kernel, torch.tensor([0.3]))
    layer = Conv2d(1, 1, 3, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        (layer(x) - y).square().mean().backward()
        optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), kernel, rtol=1e-3, atol=1e-3)
    assert layer.bias.item() == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_channels": 0}, "in_channels must be at least 1, not 0"),
        ({"out_channels": -1}, "out_channels must be at least 1, not -1"),
        ({"groups": 0}, "groups must be at least 1, not 0"),
        ({"groups": 3}, "in_channels must be a multiple of groups=3, not 4"),
        ({"groups": 4}, "out_channels must be a multiple of groups=4, not 6"),
        ({"kernel_size": 0}, "kernel_size must be one whole number from 1 on, or two, not 0"),
        (
            {"kernel_size": (3, 0)},
            "kernel_size must be one whole number from 1 on, or two, not (3, 0)",
        ),
        (
            {"kernel_size": (3, 3, 3)},
            "kernel_size must be one whole number from 1 on, or two, not (3, 3, 3)",
        ),
        ({"stride": 0}, "stride must be one whole number from 1 on, or two, not 0"),
        ({"dilation": (0, 1)}, "dilation must be one whole number from 1 on, or two, not (0, 1)"),
        ({"padding": -1}, "padding must be one whole number from 0 on, or two, not -1"),
        ({"padding": "valid"}, "padding must be one whole number from 0 on, or two, not 'valid'"),
        (
            {"padding": "same", "stride": 2},
            "padding must be numbers where the stride is not 1, but it is 'same' with",
        ),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_an_argument(options: dict[str, object], message: str) -> None:
    sizes = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
    with pytest.raises(ValueError, match=re.escape(message)):
        Conv2d(**{**sizes, **options})


@pytest.mark.parametrize("shape", [(5, 4, 7, 7), (3, 7, 7), (5, 3, 7), (1, 2, 3, 7, 7)])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_another_shape(path: str, shape: tuple[int, ...]) -> None:
    expected = f"x must have 4 axes with 3 channels on axis 1, but its shape is {shape}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        getattr(Conv2d(3, 2, 3), path)(torch.zeros(shape))


def test_refuses_an_image_smaller_than_the_kernel(path: str) -> None:
    layer = Conv2d(1, 1, 3, dilation=3, padding=(0, 1))
    expected = (
        "x must be at least as large as the kernel, but 6x5 pixels, with padding 6x7, "
        "are smaller than 7x7 (kernel_size=(3, 3), dilation=(3, 3))"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        getattr(layer, path)(torch.zeros(2, 1, 6, 5))
    with pytest.raises(ValueError, match="x must be at least as large as the kernel"):
        im2col(torch.zeros(2, 1, 6, 5), 3, dilation=3, padding=(0, 1))


def test_prints_what_is_not_usual() -> None:
    assert repr(Conv2d(3, 4, 3)) == "Conv2d(3, 4, kernel_size=(3, 3))"
    expected = "Conv2d(4, 4, kernel_size=(3, 3), padding='same', groups=2, bias=False)"
    assert repr(Conv2d(4, 4, 3, padding="same", groups=2, bias=False)) == expected


def test_steps_are_one_unless_said() -> None:
    x = random(1, 2, 5, 5)
    assert torch.equal(im2col(x, 3), functional.unfold(x, 3))
    assert output_size((5, 5), 3) == (3, 3)


def test_patches_and_sizes_refuse_same_with_a_stride_as_the_layer_does() -> None:
    expected = re.escape("but it is 'same' with stride=(1, 2)")
    options = {"stride": (1, 2), "padding": "same"}
    with pytest.raises(ValueError, match=expected):
        Conv2d(1, 1, 3, **options)
    with pytest.raises(ValueError, match=expected):
        im2col(random(1, 1, 5, 5), 3, **options)
    with pytest.raises(ValueError, match=expected):
        output_size((5, 5), 3, **options)


@pytest.mark.parametrize("size", [2.5, (2, 2.5), "33"])
def test_refuses_a_size_that_is_no_whole_number(size, without_shape_checks) -> None:
    with pytest.raises(ValueError, match="kernel_size must be one whole number from 1 on, or two"):
        Conv2d(1, 1, size)
