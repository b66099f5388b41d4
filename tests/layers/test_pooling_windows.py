"""The windows of pooling are those of torch's unfold, and of equal values the first wins."""

import re

import pytest
import torch
from torch.nn import functional

from linebyline.layers.pooling import MaxPool2d
from linebyline.layers.pooling_windows import first_largest


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, (1, 0)])
def test_windows_are_those_of_unfold(stride, padding) -> None:
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    found = MaxPool2d((3, 2), stride=stride, padding=padding).windows(x, fill=0.0)
    columns = functional.unfold(x, (3, 2), stride=stride, padding=padding)  # (2, 3 · 6, places)
    expected = columns.view(2, 3, 6, *found.shape[2:4]).movedim(2, -1)
    assert torch.equal(found, expected)


def test_what_lies_outside_is_filled() -> None:
    windows = MaxPool2d(3, stride=2, padding=1, ceil_mode=True).windows(torch.ones(1, 4, 4), 7.0)
    assert windows[0, 0, 0].tolist() == [7, 7, 7, 7, 1, 1, 7, 1, 1]
    assert windows.shape == (1, 3, 3, 9)
    assert windows[0, 2, 2].tolist() == [1, 7, 7, 7, 7, 7, 7, 7, 7]


def test_of_equal_values_the_first_gets_the_gradient() -> None:
    x = torch.tensor([[1.0, 5, 5, 0], [2, 2, 2, 2]], requires_grad=True)
    largest = first_largest(x)
    largest.backward(torch.tensor([3.0, 4.0]))
    assert largest.tolist() == [5, 2]
    assert x.grad.tolist() == [[0, 3, 0, 0], [4, 0, 0, 0]]


@pytest.mark.parametrize("size", [(5, 3), (3, 5)])
def test_says_how_large_the_map_is_that_has_no_room(size: tuple[int, int]) -> None:
    expected = f"for a window of (4, 4) with padding (0, 0), but is {size} large"
    with pytest.raises(ValueError, match=re.escape(expected)):
        MaxPool2d(4).output_size(torch.zeros(2, *size))


@pytest.mark.parametrize("shape", [(2, 0, 3), (2, 3, 0), (2, 3), (1, 1, 1, 3, 3)])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_other_axes_and_no_cells(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"x must be \(channels, height, width\)"):
        MaxPool2d(1).output_size(torch.zeros(shape))


def test_the_last_window_begins_on_the_input_or_before_it() -> None:
    pool = MaxPool2d(2, stride=3, ceil_mode=True)
    assert pool.output_size(torch.zeros(1, 3, 4)) == (1, 2)  # at 0 and 3, but 3 is beyond 3 cells
    pool = MaxPool2d(2, padding=1, ceil_mode=True)
    assert pool.output_size(torch.zeros(1, 4, 5)) == (3, 3)  # at -1, 1 and 3


@pytest.mark.parametrize("size", [(2, 2, 2), 2.0, (2, 1.5), "22"])
def test_refuses_what_is_no_size(size, without_shape_checks) -> None:
    with pytest.raises(ValueError, match="kernel_size must be one whole number from 1 on, or two"):
        MaxPool2d(size)
