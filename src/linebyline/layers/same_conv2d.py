"""Convolution with TensorFlow's "same" padding: with stride s, n pixels become ⌈n/s⌉."""

from math import ceil

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from linebyline.layers.conv2d import Conv2d, Pair


class SameConv2d(Conv2d):
    """`Conv2d` with as many zeros as TensorFlow's padding "SAME" puts round this image.

    Source: TensorFlow's documentation of `tf.nn.convolution`. An output of ⌈n/s⌉ cells needs

        p = max((⌈n/s⌉ - 1) s + d (k - 1) + 1 - n, 0)

    zeros along a side of n, for a kernel of k with stride s and dilation d. Of these ⌊p/2⌋ stand in
    front and the rest behind. With stride 2 and an even side p is odd, and the extra zero is at
    the bottom and at the right, where PyTorch's usual padding has it at the top and at the left as
    well. The same weights then look at other pixels, so that weights which were trained with
    TensorFlow need this layer. With stride 1 it is `Conv2d(padding="same")`.

    Args:
        in_channels, out_channels, kernel_size, stride, dilation, groups, bias, generator: as in
            `Conv2d`.

    Raises:
        ValueError: as `Conv2d`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = 1,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            dilation=dilation,
            groups=groups,
            bias=bias,
            generator=generator,
        )

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """One call of the fused kernel; where zeros are uneven, a copy of x before it."""
        self._check_channels(x)
        (top, bottom), (left, right) = self.zeros(x.shape[2], x.shape[3])
        if (top, left) == (bottom, right):
            around = (top, left)
        else:
            x, around = functional.pad(x, (left, right, top, bottom)), (0, 0)
        options = self.stride, around, self.dilation, self.groups
        return functional.conv2d(x, self.weight, self.bias, *options)

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """The same as zeros first, and then a convolution without padding as a matrix product."""
        self._check_channels(x)
        (top, bottom), (left, right) = self.zeros(x.shape[2], x.shape[3])
        return super().explicit(functional.pad(x, (left, right, top, bottom)))

    def zeros(self, height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """How many zeros stand (above, below) and (left, right) of an image of this size."""
        sides = zip((height, width), self.kernel_size, self.stride, self.dilation, strict=True)
        both = []
        for n, k, s, d in sides:
            p = max((ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
            both.append((p // 2, p - p // 2))
        return both[0], both[1]

    def _check_channels(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.in_channels or 0 in x.shape[2:]:
            raise ValueError(
                f"x must have 4 axes with {self.in_channels} channels on axis 1 and at least one "
                f"pixel, but its shape is {tuple(x.shape)}"
            )
