"""Pooling: one number for each window of a feature map, its largest value or its mean."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Pair, pair
from linebyline.layers.pooling_windows import Pool2d, check_axes, first_largest


class MaxPool2d(Pool2d):
    """y = the largest value of a window.

    Source: Riesenhuber & Poggio 1999, *Hierarchical models of object recognition in cortex*; in a
    network that is trained, Ranzato, Huang, Boureau & LeCun 2007. Padding is -∞, so that it never
    wins. Derivative: 1 for the winner, 0 for the others; of equals the first, row by row, is the
    winner. A cell of several windows gets the sum of what it won.

    Equals `torch.nn.MaxPool2d`. Arguments and errors: see `Pool2d`.
    """

    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """One call of the fused kernel."""
        self.output_size(x)
        return functional.max_pool2d(
            x, self.kernel_size, self.stride, self.padding, ceil_mode=self.ceil_mode
        )

    def explicit(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """The same, written out."""
        return first_largest(self.windows(x, fill=-torch.inf))


class AvgPool2d(Pool2d):
    """y = the mean of a window.

    Source: LeCun, Bottou, Bengio & Haffner 1998, *Gradient-based learning applied to document
    recognition*, whose sub-sampling layers have a weight, a bias and a sigmoid besides. Zeros of
    the padding count as values, and what hangs over the padded input does not, as in torch.
    Derivative: 1/n for each of a window's n cells.

    Equals `torch.nn.AvgPool2d`. Arguments and errors: see `Pool2d`.
    """

    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """One call of the fused kernel."""
        self.output_size(x)
        return functional.avg_pool2d(
            x, self.kernel_size, self.stride, self.padding, ceil_mode=self.ceil_mode
        )

    def explicit(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """The same, written out: a sum for each window, divided by its number of cells."""
        total = self.windows(x, fill=0).sum(-1)
        rows, columns = (self._cells(x, axis, count) for axis, count in enumerate(total.shape[-2:]))
        return total / (rows[:, None] * columns)

    def _cells(self, x: Tensor, axis: int, count: int) -> Tensor:
        """How many cells of the padded input each of `count` windows has along an axis."""
        start = self.stride[axis] * torch.arange(count, device=x.device)
        end = start + self.kernel_size[axis]
        return end.clamp(max=x.shape[axis - 2] + 2 * self.padding[axis]) - start


class AdaptivePool2d(nn.Module):
    """What `AdaptiveAvgPool2d` and `AdaptiveMaxPool2d` share: windows made to fit the input.

    To get O outputs out of n cells, window i covers the cells from floor(i·n / O) up to, and
    without, ceil((i + 1)·n / O). Where O divides n these are windows side by side, else some
    overlap by a cell; where O is above n, cells are repeated.

    Args:
        output_size: rows and columns of the output, one number for both or two.

    Raises:
        ValueError: a size is below 1, or an input is not (channels, height, width) with or without
            a batch before, or has no cell.
    """

    def __init__(self, output_size: Pair) -> None:
        super().__init__()
        self.output_size = pair("output_size", output_size, least=1)

    def windows(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> list[list[Float[Tensor, "*batch channels cells"]]]:
        """The cells of each window, row by row."""
        rows, columns = (
            [slice(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]
            for n, count in zip(x.shape[-2:], self.output_size, strict=True)
        )
        return [[x[..., i, j].flatten(-2) for j in columns] for i in rows]

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.output_size}"


class AdaptiveAvgPool2d(AdaptivePool2d):
    """The mean of each window, whatever the input's size, an output of the size that was asked for.

    Equals `torch.nn.AdaptiveAvgPool2d`, whose size may also be None, "as the input". Arguments,
    windows and errors: see `AdaptivePool2d`.
    """

    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """One call of the fused kernel."""
        check_axes(x)
        return functional.adaptive_avg_pool2d(x, self.output_size)

    def explicit(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """The same, written out."""
        check_axes(x)
        rows = [torch.stack([cells.mean(-1) for cells in row], -1) for row in self.windows(x)]
        return torch.stack(rows, -2)


class AdaptiveMaxPool2d(AdaptivePool2d):
    """The largest value of each window, whatever the input's size.

    Equals `torch.nn.AdaptiveMaxPool2d`. Arguments, windows and errors: see `AdaptivePool2d`.
    """

    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """One call of the fused kernel."""
        check_axes(x)
        return functional.adaptive_max_pool2d(x, self.output_size)

    def explicit(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """The same, written out."""
        check_axes(x)
        rows = [torch.stack([first_largest(cells) for cells in row], -1) for row in self.windows(x)]
        return torch.stack(rows, -2)


class GlobalAvgPool2d(nn.Module):
    """y = the mean of each channel over all positions: one number a channel.

    Source: Lin, Chen & Yan 2014, *Network in network*, section 3.2. It has no parameters, takes an
    input of any size, and does not tell where in a channel a value stood.

    Equals `torch.nn.AdaptiveAvgPool2d(1)` and a flattening after it.

    Raises:
        ValueError: an input is not (channels, height, width) with or without a batch before, or
            has no position.
    """

    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels"]:
        """A mean over two axes: here the mathematics and the fast path are one line."""
        check_axes(x)
        return x.mean(dim=(-2, -1))
