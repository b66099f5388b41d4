"""The windows hold the cells that they should, and the first of equals wins."""

import pytest
import torch

from linebyline.layers.pooling import MaxPool2d
from linebyline.layers.pooling_windows import check_axes, first_largest, pair


def test_pair() -> None:
    assert pair("stride", 2, least=1) == (2, 2)
    assert pair("stride", (2, 3), least=1) == (2, 3)
    with pytest.raises(ValueError, match=r"stride must be .* from 1 on, or two, not \(2, 0\)"):
        pair("stride", (2, 0), least=1)


@pytest.mark.usefixtures("without_shape_checks")
def test_pair_refuses_three_numbers() -> None:
    with pytest.raises(ValueError, match=r"or two, not \(1, 2, 3\)"):
        pair("stride", (1, 2, 3), least=1)


def test_windows_are_filled_where_there_is_no_input() -> None:
    layer = MaxPool2d((1, 3), stride=2, padding=(0, 1), ceil_mode=True)
    x = torch.tensor([[[1.0, 2, 3, 4]]])
    expected = [[0, 1, 2], [2, 3, 4], [4, 0, 0]]
    assert layer.output_size(x) == (1, 3)
    assert layer.windows(x, fill=0)[0, 0].tolist() == expected


def test_cells_after_the_last_window_are_left_out() -> None:
    windows = MaxPool2d((1, 2)).windows(torch.arange(5.0).view(1, 1, 5), fill=0)
    assert windows[0, 0].tolist() == [[0, 1], [2, 3]]


def test_the_first_of_equals_gets_the_gradient() -> None:
    x = torch.tensor([[1.0, 3, 3], [2, 2, 2]], requires_grad=True)
    y = first_largest(x)
    assert y.tolist() == [3, 2]
    y.backward(torch.tensor([5.0, 7]))
    assert x.grad.tolist() == [[0, 5, 0], [7, 0, 0]]


def test_windows_pass_gradients_on() -> None:
    x = torch.randn(1, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    layer = MaxPool2d(3, stride=2, padding=1)
    assert torch.autograd.gradcheck(lambda x: layer.windows(x, 0), x.requires_grad_())


def test_refuses_an_input_without_axes_or_room() -> None:
    with pytest.raises(ValueError, match=r"x must be \(channels, height, width\)"):
        check_axes(torch.zeros(4, 4))
    with pytest.raises(ValueError, match=r"room for a window of \(3, 3\).* is \(2, 5\) large"):
        MaxPool2d(3).output_size(torch.zeros(1, 2, 5))
