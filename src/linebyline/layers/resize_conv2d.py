"""Resize-convolution: make the image larger by repeating its pixels, then convolve."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Conv2d


class ResizeConv2d(nn.Module):
    """Nearest-neighbour up-sampling and a convolution that keeps the size.

    Source: Odena, Dumoulin & Olah 2016, *Deconvolution and checkerboard artifacts*. It is a
    transposed convolution with ties: that of stride s whose kernel is `stamp`, the small one laid
    on each of s · s places and added up. Every output pixel adds up the whole small kernel,
    so that a constant image stays constant, away from its border, whatever the weights.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        kernel_size: of the convolution; one odd number, so that there is a middle.
        scale: s, how many times as high and as wide the output is.
        bias: False leaves it out.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: `kernel_size` is even, `scale` is below 1, or as `Conv2d`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        *,
        scale: int = 2,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if scale < 1:
            raise ValueError(f"scale must be at least 1, not {scale}")
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, for it needs a middle, not {kernel_size}")
        self.scale = scale
        self.conv = Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            padding=kernel_size // 2,
            bias=bias,
            generator=generator,
        )

    def forward(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs H W"]:
        """By torch's kernels: `interpolate`, then the convolution."""
        return self.conv(functional.interpolate(x, scale_factor=self.scale, mode="nearest"))

    def explicit(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs H W"]:
        """The same, written out: every row s times, every column s times."""
        s = self.scale
        return self.conv.explicit(x.repeat_interleave(s, dim=2).repeat_interleave(s, dim=3))

    def stamp(self) -> Float[Tensor, "inputs outputs K K"]:
        """The kernel of the transposed convolution that this is, K = kernel_size + s - 1.

        With stride s and padding kernel_size // 2 it gives the same outputs.
        """
        kernel = self.conv.weight.flip(2, 3).transpose(0, 1)  # it scatters, so it is turned about
        k, s = kernel.shape[-1], self.scale
        stamp = kernel.new_zeros(*kernel.shape[:2], k + s - 1, k + s - 1)
        for i in range(s):
            for j in range(s):
                stamp[:, :, i : i + k, j : j + k] += kernel
        return stamp

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"scale={self.scale}"
