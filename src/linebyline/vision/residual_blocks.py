"""Residual blocks: a few layers that compute what is to be added to what came in."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.init import he_normal_, zeros_

Images = Float[Tensor, "batch channels height width"]
Maps = Float[Tensor, "batch outputs rows columns"]

Attention = Callable[[int], nn.Module]
"""Makes a layer for so many channels; it stands at the end of every residual branch."""

SHORTCUTS = ("projection", "padding", "none")


class ResidualBlock(nn.Module, ABC):
    """y = ReLU(F(x) + x): the common part of the blocks; use `BasicBlock` or `Bottleneck`.

    Source: He, Zhang, Ren & Sun 2016, *Deep residual learning for image recognition*, equations 1
    and 2. F is the *residual branch*, `residual`; what goes past it is the *shortcut*. Where F
    changes the number of channels or the size of the images, x cannot be added as it is, and the
    paper has two ways out: "projection", its option B, sends x through a convolution of 1 x 1 and a
    norm; "padding", its option A, takes every `stride`-th pixel and fills up with channels of
    zeros, so that no shortcut has parameters. With "none" there is no shortcut anywhere, and the
    block is what the paper calls plain.

    The projection is named `downsample`, as in the weights of torchvision; its parts are
    `downsample.0`, the convolution, and `downsample.1`, the norm.

    Args:
        in_channels: of x.
        channels: of the branch; the block's output has `channels` times `expansion`.
        stride: by how much the image shrinks in height and width.
        shortcut: "projection", "padding" or "none".
        attention: makes a layer for the branch's output, put before the addition: for instance a
            squeeze-and-excitation layer (Hu, Shen & Sun 2018, figure 3). None leaves it out.
        generator: draws the first weights, instead of torch's global generator.

    Raises:
        ValueError: a size is below 1, `shortcut` is none of the three, or `padding` would have to
            take channels away.
    """

    expansion = 1
    """How many times as many channels come out as the branch has inside."""

    preactivated = False
    """Whether norm and ReLU come before the convolutions, so that a last norm must follow."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        *,
        stride: int = 1,
        shortcut: str = "projection",
        attention: Attention | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, size in (
            ("in_channels", in_channels),
            ("channels", channels),
            ("stride", stride),
        ):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        if shortcut not in SHORTCUTS:
            raise ValueError(f"shortcut must be one of {', '.join(SHORTCUTS)}, not {shortcut!r}")
        out_channels = channels * self.expansion
        self.shortcut = shortcut
        self.add_branch(in_channels, channels, stride, generator)
        self.downsample: nn.Module | None = None
        if (stride, in_channels) != (1, out_channels):
            if shortcut == "projection":
                self.downsample = self.projection(in_channels, out_channels, stride, generator)
            elif shortcut == "padding":
                self.downsample = PaddingShortcut(in_channels, out_channels, stride=stride)
        self.attention = attention(out_channels) if attention is not None else None

    @abstractmethod
    def add_branch(
        self, in_channels: int, channels: int, stride: int, generator: torch.Generator | None
    ) -> None:
        """Make the layers of F."""

    def projection(
        self, in_channels: int, out_channels: int, stride: int, generator: torch.Generator | None
    ) -> nn.Module:
        """Make the layers of the shortcut, where x does not fit."""
        conv = convolution(in_channels, out_channels, 1, stride=stride, generator=generator)
        return nn.Sequential(conv, BatchNorm2d(out_channels))

    @abstractmethod
    def branch(self, x: Images) -> Maps:
        """The layers of F, one after another."""

    def residual(self, x: Images) -> Maps:
        """F(x), with the attention that stands at its end."""
        h = self.branch(x)
        return h if self.attention is None else self.attention(h)

    def carried(self, x: Images) -> Maps:
        """What the shortcut brings: x, made to fit where it has to be."""
        return x if self.downsample is None else self.downsample(x)

    def forward(self, x: Images) -> Maps:
        """Add F(x) to x, and take the ReLU of the sum."""
        h = self.residual(x)
        if self.shortcut != "none":
            h = h + self.carried(x)
        return torch.relu(h)

    def zero_branch(self) -> None:
        """Let F begin as zero, so that the block begins as the identity.

        Source: Goyal et al. 2017, *Accurate, large minibatch SGD*, section 5.1: the scale of the
        branch's last norm starts at 0.
        """
        last = [layer for layer in self.children() if isinstance(layer, BatchNorm2d)][-1]
        zeros_(last.get_parameter("weight"))


class BasicBlock(ResidualBlock):
    """F is two convolutions of 3 x 3, each with its norm, and a ReLU between them.

    Source: He et al. 2016, figure 5, left; the block of ResNet-18 and 34. Arguments and errors are
    those of `ResidualBlock`.
    """

    def add_branch(
        self, in_channels: int, channels: int, stride: int, generator: torch.Generator | None
    ) -> None:
        """The first convolution has the stride."""
        self.conv1 = convolution(in_channels, channels, 3, stride=stride, generator=generator)
        self.bn1 = BatchNorm2d(channels)
        self.conv2 = convolution(channels, channels, 3, generator=generator)
        self.bn2 = BatchNorm2d(channels)

    def branch(self, x: Images) -> Maps:
        """No ReLU at the end: what is added may be negative."""
        h = torch.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(h))


class Bottleneck(ResidualBlock):
    """F is 1 x 1, 3 x 3, 1 x 1: fewer channels, the work, and four times as many again.

    Source: He et al. 2016, figure 5, right; the block of ResNet-50, 101 and 152. Deviation: the
    paper's stride is in the first convolution of 1 x 1, which then never looks at three pixels out
    of four. Here it is in the 3 x 3, as in torchvision, whose published weights expect it there.
    Arguments and errors are those of `ResidualBlock`.
    """

    expansion = 4

    def add_branch(
        self, in_channels: int, channels: int, stride: int, generator: torch.Generator | None
    ) -> None:
        """The convolution of 3 x 3 has the stride."""
        out_channels = channels * self.expansion
        self.conv1 = convolution(in_channels, channels, 1, generator=generator)
        self.bn1 = BatchNorm2d(channels)
        self.conv2 = convolution(channels, channels, 3, stride=stride, generator=generator)
        self.bn2 = BatchNorm2d(channels)
        self.conv3 = convolution(channels, out_channels, 1, generator=generator)
        self.bn3 = BatchNorm2d(out_channels)

    def branch(self, x: Images) -> Maps:
        """As in the basic block, with one layer more."""
        h = torch.relu(self.bn1(self.conv1(x)))
        h = torch.relu(self.bn2(self.conv2(h)))
        return self.bn3(self.conv3(h))


class PaddingShortcut(nn.Module):
    """Every so-manieth pixel, and channels of zeros: a shortcut that has nothing to learn.

    Source: He et al. 2016, section 3.3, option A, which the paper's networks for CIFAR-10 have
    everywhere. It leaves open where the zeros go; here they follow the channels of x.

    Args:
        in_channels: of x.
        out_channels: with the zeros.
        stride: which pixels to take: the first and every `stride`-th after it.

    Raises:
        ValueError: `out_channels` is below `in_channels`.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        if out_channels < in_channels:
            raise ValueError(
                f"out_channels must be at least in_channels, {in_channels}, for padding takes no "
                f"channels away, not {out_channels}"
            )
        self.extra = out_channels - in_channels
        self.stride = stride

    def forward(self, x: Images) -> Maps:
        """No parameters, and each pixel that is kept stays what it was."""
        kept = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(kept, (0, 0, 0, 0, 0, self.extra))  # axes W, H, C


def convolution(
    in_channels: int,
    out_channels: int,
    size: int,
    *,
    stride: int = 1,
    generator: torch.Generator | None = None,
) -> Conv2d:
    """Without a bias, which the norm behind it would take away; padded so that images keep size.

    The weights are drawn for the gradient to keep its size: He, Zhang, Ren & Sun 2015, equation 14.
    """
    conv = Conv2d(
        in_channels,
        out_channels,
        size,
        stride=stride,
        padding=size // 2,
        bias=False,
        generator=generator,
    )
    he_normal_(conv.weight, mode="fan_out", generator=generator)
    return conv
