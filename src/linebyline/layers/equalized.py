"""Equalized learning rate: weights of one common size, scaled each time that they are used."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

GAIN = math.sqrt(2)
"""He initialization's, for a layer that a rectifier follows."""


class EqualizedLinear(nn.Module):
    """y = c W x + b with W ~ N(0, 1) and c = gain / √inputs.

    Source: Karras, Aila, Laine & Lehtinen 2018, *Progressive Growing of GANs*, section 4.1. At its
    start the layer computes what one with He initialization computes (He, Zhang, Ren & Sun 2015,
    equation 10). But what an optimizer holds and moves is W, whose numbers have size 1 in every
    layer. An optimizer that moves each number by about its rate, as Adam does, then changes every
    layer by the same share of its size. (The paper prints w / c, with c "the per-layer
    normalization constant from He's initializer"; it is a product if c is He's standard deviation.)

    Args:
        inputs: the length of the inputs' last axis.
        outputs: the length of the outputs' last axis.
        gain: √2 before a rectifier, 1 where none follows.
        generator: draws W; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, or `gain` is not above 0.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        gain: float = GAIN,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check(gain, inputs=inputs, outputs=outputs)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, generator=generator))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """By torch's kernel, with the scaled weights."""
        return functional.linear(x, self.scale * self.weight, self.bias)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}, scale={self.scale:.3g}"


class EqualizedConv2d(nn.Module):
    """The same for a convolution that keeps the size of the image: c = gain / √(k · k · channels).

    Source: as for `EqualizedLinear`. The kernel is square and odd, the step is 1, and zeros are
    laid around the image.

    Args:
        in_channels: the length of the inputs' axis 1.
        out_channels: the length of the outputs' axis 1.
        kernel_size: k, odd.
        gain: √2 before a rectifier, 1 where none follows.
        generator: draws W; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, `kernel_size` is even, or `gain` is not above 0.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        gain: float = GAIN,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check(gain, in_channels=in_channels, out_channels=out_channels, kernel_size=kernel_size)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, for it needs a middle, not {kernel_size}")
        shape = out_channels, in_channels, kernel_size, kernel_size
        self.weight = nn.Parameter(torch.randn(shape, generator=generator))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.scale = gain / math.sqrt(in_channels * kernel_size**2)

    def forward(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs h w"]:
        """By torch's kernel, with the scaled weights."""
        padding = self.weight.shape[-1] // 2
        return functional.conv2d(x, self.scale * self.weight, self.bias, padding=padding)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        outputs, inputs, k, _ = self.weight.shape
        return f"{inputs}, {outputs}, kernel_size={k}, scale={self.scale:.3g}"


def _check(gain: float, **sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")
    if not gain > 0:
        raise ValueError(f"gain must be above 0, not {gain}")
