"""The windows of pooling are those of torch's unfold, and of equal values the first wins."""

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


@pytest.mark.parametrize("size", [(2, 2, 2), 2.0, (2, 1.5), "22"])
def test_refuses_what_is_no_size(size, without_shape_checks) -> None:
    with pytest.raises(ValueError, match="kernel_size must be one whole number from 1 on, or two"):
        MaxPool2d(size)
