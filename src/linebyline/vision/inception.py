"""The inception module: four branches side by side, made cheap by convolutions of 1x1."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.init import he_normal_, zeros_
from linebyline.layers.pooling import MaxPool2d


class Widths(NamedTuple):
    """Channels of a module's convolutions, in the order of the paper's table 1."""

    one: int
    reduce_three: int
    three: int
    reduce_five: int
    five: int
    pooled: int

    @property
    def out_channels(self) -> int:
        """Of the four branches together."""
        return self.one + self.three + self.five + self.pooled


class ConvRelu(nn.Module):
    """A convolution, batch normalization if wanted, and the rectifier.

    With batch normalization the convolution has no bias, for the normalization has one. Weights
    start as in He et al. 2015, *Delving deep into rectifiers*, biases at 0.

    Args:
        in_channels, out_channels, kernel_size, stride, padding, generator: as of `Conv2d`.
        batch_norm: between convolution and rectifier.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.conv = Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            bias=not batch_norm,
            generator=generator,
        )
        he_normal_(self.conv.weight, generator=generator)
        if self.conv.bias is not None:
            zeros_(self.conv.bias)
        self.bn = BatchNorm2d(out_channels, eps=1e-3) if batch_norm else None

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """relu(BN(conv(x)))."""
        z = self.conv(x)
        return functional.relu(z if self.bn is None else self.bn(z))


class Inception(nn.Module):
    """Four views of one map, stacked as channels: through 1x1, 3x3, 5x5 and through pooling.

    Source: Szegedy et al. 2015, *Going deeper with convolutions*, figure 2(b). The 3x3 and the 5x5
    look through a 1x1 convolution, which first reduces the channels; after the pooling one reduces
    them, too. Height and width stay.

    Args:
        in_channels: of the map.
        widths: channels of the six convolutions.
        large_kernel: the side of the third branch's kernel. The paper's is 5; in the weights that
            everybody downloads it is 3.
        batch_norm: in every convolution; the paper has none.
        generator: draws the first weights.

    Raises:
        ValueError: `large_kernel` is no odd number from 1 on, or a size is below 1.
    """

    def __init__(
        self,
        in_channels: int,
        widths: Widths,
        *,
        large_kernel: int = 5,
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if large_kernel < 1 or large_kernel % 2 == 0:
            raise ValueError(f"large_kernel must be an odd number from 1 on, not {large_kernel}")

        n, w, k = in_channels, widths, large_kernel
        conv = partial(ConvRelu, batch_norm=batch_norm, generator=generator)
        self.branch1 = conv(n, w.one, 1)
        self.branch2 = nn.Sequential(
            conv(n, w.reduce_three, 1),
            conv(w.reduce_three, w.three, 3, padding=1),
        )
        self.branch3 = nn.Sequential(
            conv(n, w.reduce_five, 1),
            conv(w.reduce_five, w.five, k, padding=k // 2),  # height and width stay
        )
        self.branch4 = nn.Sequential(MaxPool2d(3, stride=1, padding=1), conv(n, w.pooled, 1))

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs height width"]:
        """The four answers, one behind the other."""
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(x) for branch in branches], dim=1)
