"""Depthwise separable convolution: look at each channel by itself, then mix the channels."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.conv2d import Conv2d, Padding, Pair


class DepthwiseSeparable(nn.Module):
    """A convolution in two factors: over space in each channel, then over channels at each pixel.

    Source: Howard et al. 2017, *MobileNets: efficient convolutional neural networks for mobile
    vision applications*, section 3.1. The first factor (`depthwise`) has as many groups as
    channels, the second (`pointwise`) kernels of one pixel. What MobileNet puts behind each,
    batch normalization and a relu, is given as `between` for the first; what follows the second is
    left to the model. With nothing between them the two are one convolution with the kernel
    `product`, and so a restriction of it; deviation from the paper: that is the default here.

    Args:
        in_channels: M, of the input.
        out_channels: N, of the output.
        kernel_size: D_K, height and width of the depthwise kernel.
        stride: of the depthwise factor.
        padding: of the same; "same" keeps height and width, and needs the stride 1.
        dilation: of the same.
        between: a module from M channels to M channels that stands between the factors.
        bias: whether the pointwise factor has one. (The depthwise one never does: what it would
            add, the pointwise bias or the normalization between them adds.)
        generator: draws the first weights, depthwise first; without one torch's global generator.

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
        padding: Padding = 0,
        dilation: Pair = 1,
        between: nn.Module | None = None,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.depthwise = Conv2d(
            in_channels,
            in_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=in_channels,
            bias=False,
            generator=generator,
        )
        self.between = nn.Identity() if between is None else between
        self.pointwise = Conv2d(in_channels, out_channels, 1, bias=bias, generator=generator)

    def forward(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs H W"]:
        """Two calls of the fused kernel."""
        return self.pointwise(self.between(self.depthwise(x)))

    def explicit(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs H W"]:
        """The same, with the second factor as what it is: a linear layer at every pixel."""
        h = self.between(self.depthwise.explicit(x))  # (B, M, H, W)
        y = torch.einsum("nm, bmhw -> bnhw", self.pointwise.weight[:, :, 0, 0], h)
        bias = self.pointwise.bias
        return y if bias is None else y + bias[:, None, None]

    def product(self) -> Float[Tensor, "outputs inputs k l"]:
        """The kernel P_nm K_m of the one convolution that the two are, with nothing between them.

        For every pair of channels it is the same small picture K_m, only stronger or weaker.

        Raises:
            ValueError: there is something between them, so that they are not one convolution.
        """
        if not isinstance(self.between, nn.Identity):
            raise ValueError(f"between must be left out for a product, but is {self.between}")
        return self.pointwise.weight * self.depthwise.weight[:, 0]  # (N, M, 1, 1) * (M, k, l)


def multiplications(
    in_channels: int, out_channels: int, kernel_size: int, pixels: int, *, groups: int = 1
) -> int:
    """How often a convolution multiplies for one image: D_K² M N D_F² / groups.

    Source: Howard et al. 2017, equation 2, with AlexNet's groups. Zeros of the padding count.

    Args:
        in_channels: M.
        out_channels: N.
        kernel_size: D_K, of a square kernel.
        pixels: of the *output*, D_F².
        groups: into how many groups that do not mix the channels are divided.

    Raises:
        ValueError: a number is below 1, or groups do not divide the channels.
    """
    numbers = {"in_channels": in_channels, "out_channels": out_channels}
    numbers |= {"kernel_size": kernel_size, "pixels": pixels, "groups": groups}
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, not {number}")
    for name in ("in_channels", "out_channels"):
        if numbers[name] % groups:
            raise ValueError(f"groups must divide {name}, but {groups} is not in {numbers[name]}")
    return kernel_size**2 * (in_channels // groups) * out_channels * pixels


def separable_multiplications(
    in_channels: int, out_channels: int, kernel_size: int, pixels: int
) -> int:
    """The same for the two factors together: D_K² M D_F² + M N D_F² (Howard et al. 2017, eq. 5).

    Over `multiplications` of the full convolution that is 1/N + 1/D_K².
    """
    depthwise = multiplications(in_channels, in_channels, kernel_size, pixels, groups=in_channels)
    return depthwise + multiplications(in_channels, out_channels, 1, pixels)
