"""Pre-activation: residual blocks with norm and ReLU in the branch, and a bare sum after it."""

import torch
from torch import nn

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.init import zeros_
from linebyline.vision.residual_blocks import Images, Maps, ResidualBlock, convolution


class PreActivationBlock(ResidualBlock):
    """y = x + F(x), where F is norm, ReLU, convolution, twice: nothing happens after the addition.

    Source: He, Zhang, Ren & Sun 2016, *Identity mappings in deep residual networks*, figure 1b and
    equation 5. So what a block puts out reaches every later block unchanged, x_L = x_l + Σ F(x_i),
    where in `BasicBlock` each ReLU on the way cuts off what is negative. In return the sum is
    nowhere normalized: a network of such blocks ends with a norm and a ReLU of its own.

    Where x does not fit, the projection is a convolution alone, and gets what F's first
    convolution gets: norm and ReLU of x. Arguments and errors are those of `ResidualBlock`.
    """

    preactivated = True

    def add_branch(
        self, in_channels: int, channels: int, stride: int, generator: torch.Generator | None
    ) -> None:
        """The first norm is for x, so it has as many channels as x."""
        self.bn1 = BatchNorm2d(in_channels)
        self.conv1 = convolution(in_channels, channels, 3, stride=stride, generator=generator)
        self.bn2 = BatchNorm2d(channels)
        self.conv2 = convolution(channels, channels, 3, generator=generator)

    def projection(
        self, in_channels: int, out_channels: int, stride: int, generator: torch.Generator | None
    ) -> nn.Module:
        """No norm: what comes in has one behind it, and what comes out meets one soon."""
        return convolution(in_channels, out_channels, 1, stride=stride, generator=generator)

    def branch(self, x: Images) -> Maps:
        """What follows the first norm and ReLU: `forward` has those, for the projection's sake."""
        return self.conv2(torch.relu(self.bn2(self.conv1(x))))

    def forward(self, x: Images) -> Maps:
        """Add F(x) to x, and leave the sum alone."""
        activated = torch.relu(self.bn1(x))
        h = self.residual(activated)
        if self.shortcut == "none":
            return h
        if self.downsample is None:
            return h + x
        return h + self.downsample(activated if self.shortcut == "projection" else x)

    def zero_branch(self) -> None:
        """Let F begin as zero: its last convolution does, since no norm stands at its end."""
        last = [layer for name, layer in self.named_children() if name.startswith("conv")][-1]
        zeros_(last.get_parameter("weight"))


class PreActivationBottleneck(PreActivationBlock):
    """The same with the three convolutions of `Bottleneck`, and so with its expansion.

    Source: the same, section 3.1 and the networks of 164 and 1001 layers. The stride is in the
    convolution of 3 x 3, as in our `Bottleneck`.
    """

    expansion = 4

    def add_branch(
        self, in_channels: int, channels: int, stride: int, generator: torch.Generator | None
    ) -> None:
        """Each convolution has its norm before it."""
        self.bn1 = BatchNorm2d(in_channels)
        self.conv1 = convolution(in_channels, channels, 1, generator=generator)
        self.bn2 = BatchNorm2d(channels)
        self.conv2 = convolution(channels, channels, 3, stride=stride, generator=generator)
        self.bn3 = BatchNorm2d(channels)
        out_channels = channels * self.expansion
        self.conv3 = convolution(channels, out_channels, 1, generator=generator)

    def branch(self, x: Images) -> Maps:
        """As above, with one layer more."""
        h = self.conv2(torch.relu(self.bn2(self.conv1(x))))
        return self.conv3(torch.relu(self.bn3(h)))
