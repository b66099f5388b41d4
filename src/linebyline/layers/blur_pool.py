"""Blur pooling: blur a feature map, then keep every second value, so that stripes come out true."""

from math import comb

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Pair, pair
from linebyline.layers.pooling_windows import check_axes


def binomial(size: int) -> Float[Tensor, " size"]:
    """Row `size` - 1 of Pascal's triangle, divided by its sum: (1), (1 1)/2, (1 2 1)/4, ...

    Stripes of f cycles a cell leave it weaker by the absolute value of cos(π f), to the power of
    `size` - 1, for it is the mean of two neighbours, taken `size` - 1 times. It is 1 for what is
    the same everywhere, and 0 for stripes that change from cell to cell.

    Raises:
        ValueError: `size` is below 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    row = torch.tensor([float(comb(size - 1, k)) for k in range(size)])
    return row / row.sum()


class BlurPool2d(nn.Module):
    """Every stride-th value of a map that was blurred by a binomial filter.

    Source: Zhang 2019, *Making convolutional networks shift-invariant again*, section 3. Max
    pooling without aliasing is `MaxPool2d(2, stride=1)` and this; a convolution of stride 2 without
    aliasing is one of stride 1, its activation function and this.

    The border is mirrored, and not repeated: what comes before a, b, c is b. (With `padding_mode`
    "circular" it is c, as on a canvas that closes on itself.) Along an axis of n
    cells there are ceil(n / stride) outputs, of which the first is centred on the first cell. (For
    an even `kernel_size`, half a cell after it.)

    The weights are a buffer that `state_dict` leaves out, for nothing of them is learned.

    Args:
        kernel_size: of the binomial filter in either direction; 1 blurs nothing.
        stride: how far an output is from the next, one number for both directions or two.
        padding_mode: "reflect" or "circular", what the filter sees beyond the border.

    Raises:
        ValueError: an argument is below 1, or `padding_mode` another; an input is not (channels,
            height, width) with or without a batch before, or too small to be padded.
    """

    weight: Tensor

    def __init__(
        self, kernel_size: int = 3, *, stride: Pair = 2, padding_mode: str = "reflect"
    ) -> None:
        super().__init__()
        if kernel_size < 1:
            raise ValueError(f"kernel_size must be at least 1, not {kernel_size}")
        if padding_mode not in ("reflect", "circular"):
            raise ValueError(f'padding_mode must be "reflect" or "circular", not {padding_mode!r}')
        self.kernel_size = kernel_size
        self.padding_mode = padding_mode
        self.stride = pair("stride", stride, least=1)
        self.padding = (kernel_size - 1) // 2  # cells before the first
        line = binomial(kernel_size)
        self.register_buffer("weight", torch.outer(line, line), persistent=False)

    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """A fused convolution, the same filter for each channel by itself."""
        padded = self._padded(x)
        channels = padded.shape[-3]
        weight = self.weight.expand(channels, 1, -1, -1)  # (C, 1, k, k)
        return functional.conv2d(padded, weight, stride=self.stride, groups=channels)

    def explicit(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """The same, written out: a weighted sum of each window."""
        (sh, sw), k = self.stride, self.kernel_size
        windows = self._padded(x).unfold(-2, k, sh).unfold(-2, k, sw)  # (..., H', W', k, k)
        return (windows * self.weight).sum((-2, -1))

    def _padded(self, x: Tensor) -> Tensor:
        check_axes(x)
        before, after = self.padding, self.kernel_size // 2
        if min(x.shape[-2:]) <= after:
            raise ValueError(
                f"x must have more than {after} rows and columns, to be padded for a filter of "
                f"{self.kernel_size}, but its shape is {tuple(x.shape)}"
            )
        return functional.pad(x, (before, after, before, after), mode=self.padding_mode)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.kernel_size}, stride={self.stride}, padding_mode={self.padding_mode!r}"
