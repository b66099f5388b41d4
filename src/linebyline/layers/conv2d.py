"""Convolution of images: one small set of weights, laid on every place of the image in turn."""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Pair = int | tuple[int, int]
"""Two numbers, for the rows and for the columns, or one for both."""

Padding = Pair | Literal["same"]
"""How many zeros stand on each side; "same" is as many as keep the height and the width."""


class Conv2d(nn.Module):
    """y_oij = b_o + Σ_c Σ_u Σ_v w_ocuv x̃_c(s·i + d·u)(s·j + d·v), x̃ being x with its zeros.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 9.1, equation 9.6 (the
    cross-correlation, as everywhere in deep learning: the kernel is not flipped) and section 9.5
    (channels, stride, padding); dilation d is that of Yu & Koltun 2016, *Multi-scale context
    aggregation by dilated convolutions*. In G groups, output channel o looks at its own group's
    channels only, as in Krizhevsky, Sutskever & Hinton 2012.

    Parameters are laid out as in `torch.nn.Conv2d`, so either loads the other's `state_dict`:
    `weight` has the shape (out_channels, in_channels/groups, height, width), one kernel for each
    output channel; `bias` is b, of shape (out_channels,), or None. Both start uniform on
    [-1/√n, 1/√n], where n = in_channels/groups · height · width is what a unit adds up: as torch
    draws them, and as for `linebyline.layers.linear.Linear`.

    Deviations from torch: a batch is a must, padding is with zeros only and is not "valid", which
    is padding 0; an even kernel with "same", where one side gets a zero more (the right and the
    lower one), costs a copy of x, and no warning tells of it.

    Args:
        in_channels: C, the length of the inputs' axis 1.
        out_channels: the length of the outputs' axis 1.
        kernel_size: height and width of the kernel.
        stride: s, the step from one place to the next.
        padding: zeros on each side, or "same", which needs the stride 1.
        dilation: d, the step from one weight of the kernel to the next.
        groups: G, into how many groups the channels are divided.
        bias: False leaves b out.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is out of its range, `groups` does not divide the channels, or an input
            has another number of axes or of channels, or is smaller than the kernel.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = 1,
        padding: Padding = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = (("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups))
        for name, size in sizes:
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        for name, size in sizes[:2]:
            if size % groups:
                raise ValueError(f"{name} must be a multiple of groups={groups}, not {size}")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = pair("stride", stride)
        self.dilation = pair("dilation", dilation)
        self.padding = padding if padding == "same" else pair("padding", padding, least=0)
        self.groups = groups
        self._zeros = sides(self.kernel_size, self.stride, padding, self.dilation)
        kernels = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(kernels))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weights anew, then b, so that a seed gives what it gives `torch.nn.Conv2d`."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        with torch.no_grad():
            self.weight.uniform_(-bound, bound, generator=generator)
            if self.bias is not None:
                self.bias.uniform_(-bound, bound, generator=generator)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """One call of the fused kernel."""
        self._check(x)
        (top, bottom), (left, right) = self._zeros
        if (top, left) == (bottom, right):
            around = (top, left)
        else:  # "same" with an even kernel: the fused kernel knows no uneven padding
            x, around = functional.pad(x, (left, right, top, bottom)), (0, 0)
        options = self.stride, around, self.dilation, self.groups
        return functional.conv2d(x, self.weight, self.bias, *options)

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """The same as one matrix product for each group: kernels as rows, patches as columns."""
        self._check(x)
        g, k = self.groups, self.weight[0].numel()  # k = C/G · height · width
        patches = im2col(  # (B, G·k, places)
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
        )
        kernels = self.weight.reshape(g, self.out_channels // g, k)
        y = (kernels @ patches.unflatten(1, (g, k))).flatten(1, 2)  # (B, O, places)
        if self.bias is not None:
            y = y + self.bias[:, None]
        return y.unflatten(2, self._places(x))

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"x must have 4 axes with {self.in_channels} channels on axis 1, "
                f"but its shape is {tuple(x.shape)}"
            )
        self._places(x)

    def _places(self, x: Tensor) -> tuple[int, int]:
        size = (x.shape[2], x.shape[3])
        return _places(size, self.kernel_size, self.stride, self._zeros, self.dilation)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        ones = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
        parts += [
            f"{name}={getattr(self, name)!r}"
            for name, usual in ones.items()
            if getattr(self, name) != usual
        ]
        return ", ".join(parts if self.bias is not None else [*parts, "bias=False"])


def im2col(
    x: Float[Tensor, "batch channels height width"],
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
) -> Float[Tensor, "batch patch places"]:
    """What a kernel sees at each place, as a column: (B, C · height · width, places).

    Source: Chellapilla, Puri & Simard 2006, *High performance convolutional neural networks for
    document processing*. Equals `torch.nn.functional.unfold`, and has its order: in a column the
    channel changes slowest, then the kernel's row; columns go through the places row by row. The
    arguments and errors are those of `Conv2d`.
    """
    kernel, steps = pair("kernel_size", kernel_size), pair("stride", stride)
    gaps = pair("dilation", dilation)
    zeros = sides(kernel, steps, padding, gaps)
    rows, columns = _places((x.shape[2], x.shape[3]), kernel, steps, zeros, gaps)
    x = functional.pad(x, (*zeros[1], *zeros[0]))  # it wants the columns' first
    (s_i, s_j), (d_u, d_v) = steps, gaps
    seen = [  # by each weight of the kernel, at all places at once
        x[:, :, d_u * u :: s_i, d_v * v :: s_j][:, :, :rows, :columns]
        for u in range(kernel[0])
        for v in range(kernel[1])
    ]  # each (B, C, rows, columns)
    return torch.stack(seen, dim=2).flatten(3).flatten(1, 2)


def output_size(
    size: tuple[int, int],
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
) -> tuple[int, int]:
    """Rows and columns of places: ⌊(n + 2p - d(k - 1) - 1)/s⌋ + 1 for a side of length n.

    Source: Dumoulin & Visin 2016, *A guide to convolution arithmetic for deep learning*. The
    kernel's first and last weight are d(k - 1) apart, so the first weight has n + 2p - d(k - 1)
    cells to stand on, of which every s-th is taken.

    Raises:
        ValueError: the kernel is larger than the input with its padding, or an argument is wrong
            as in `Conv2d`.
    """
    kernel, steps = pair("kernel_size", kernel_size), pair("stride", stride)
    gaps = pair("dilation", dilation)
    return _places(size, kernel, steps, sides(kernel, steps, padding, gaps), gaps)


def pair(name: str, value: Pair, *, least: int = 1) -> tuple[int, int]:
    """The number for the rows and the one for the columns.

    Raises:
        ValueError: `value`, called `name`, is neither a number nor two, or one is below `least`.
    """
    if isinstance(value, str) or (not isinstance(value, int) and len(value) != 2):
        raise ValueError(f"{name} must be an integer or two of them, not {value!r}")
    one, other = (value, value) if isinstance(value, int) else value
    if min(one, other) < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return one, other


def sides(
    kernel: tuple[int, int], stride: tuple[int, int], padding: Padding, dilation: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many zeros stand above and below, left and right.

    Raises:
        ValueError: `padding` is "same" with a stride, or is no number of zeros.
    """
    if padding != "same":
        p_i, p_j = pair("padding", padding, least=0)
        return (p_i, p_i), (p_j, p_j)
    if stride != (1, 1):
        raise ValueError(
            f"padding must be numbers where the stride is not 1, but it is 'same' with "
            f"stride={stride}"
        )
    lost = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    above, left = lost[0] // 2, lost[1] // 2
    return (above, lost[0] - above), (left, lost[1] - left)


def _places(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    sides: tuple[tuple[int, int], tuple[int, int]],
    dilation: tuple[int, int],
) -> tuple[int, int]:
    padded = [n + sum(zeros) for n, zeros in zip(size, sides, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if padded[0] < reach[0] or padded[1] < reach[1]:
        raise ValueError(
            f"x must be at least as large as the kernel, but {size[0]}x{size[1]} pixels, with "
            f"padding {padded[0]}x{padded[1]}, are smaller than {reach[0]}x{reach[1]} "
            f"(kernel_size={kernel}, dilation={dilation})"
        )
    rows, columns = ((n - r) // s + 1 for n, r, s in zip(padded, reach, stride, strict=True))
    return rows, columns
