"""Residual networks: as many blocks with shortcuts as you like, in stages of equal size."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import GlobalAvgPool2d, MaxPool2d
from linebyline.vision.residual_blocks import (
    Attention,
    BasicBlock,
    Bottleneck,
    Images,
    Maps,
    ResidualBlock,
    convolution,
)

__all__ = [
    "BasicBlock",
    "Bottleneck",
    "ResNet",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
]


class ResNet(nn.Module):
    """A stem, stages of residual blocks, the mean over all positions, and one linear layer.

    Source: He, Zhang, Ren & Sun 2016, *Deep residual learning for image recognition*, table 1. Each
    stage after the first halves the images and doubles the channels, so that a block costs about
    the same in all of them. The stem for ImageNet quarters the images: a convolution of 7 x 7 with
    stride 2, and a maximum over 3 x 3 with stride 2. With `small_images` it is one convolution of
    3 x 3, as in the paper's networks for CIFAR-10.

    Parameters are named as in the weights of torchvision: `conv1`, `bn1`, `layer1.0.conv1`,
    `layer2.0.downsample.0`, `fc`. Convolutions are drawn from He's normal distribution by fan-out,
    scales begin at 1 and shifts at 0, as there; `fc` begins as every `Linear`.

    With blocks that are pre-activated the stem's norm and ReLU are those of the first block, "right
    after conv1 and before splitting into two paths" (He et al. 2016b, appendix), and another norm,
    `norm`, and a ReLU follow the last block.

    Args:
        block: `BasicBlock`, `Bottleneck`, or another subclass of `ResidualBlock`.
        depths: blocks in each stage; the stages are `layer1`, `layer2` and so on.
        channels: of the stem, and of the branches of the first stage.
        in_channels: of the images: 3 for colours.
        num_classes: how many scores come out.
        small_images: True takes the stem without stride and pooling.
        shortcut: "projection", "padding" or "none"; see `ResidualBlock`.
        attention: a layer for the end of every branch, made for so many channels.
        zero_init: True lets every block begin as the identity (Goyal et al. 2017). Not to go with
            padding and a ReLU after the sum: what is filled up with zeros would stay 0, where that
            ReLU's derivative is 0, and no step would ever change it.
        generator: draws the first weights, instead of torch's global generator.

    Raises:
        ValueError: a size is below 1, there is no stage, `shortcut` is unknown or does not go with
            `zero_init`, or images have another number of channels than `in_channels`.
    """

    def __init__(
        self,
        block: type[ResidualBlock],
        depths: Sequence[int],
        *,
        channels: int = 64,
        in_channels: int = 3,
        num_classes: int = 1000,
        small_images: bool = False,
        shortcut: str = "projection",
        attention: Attention | None = None,
        zero_init: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not depths or min(depths) < 1:
            raise ValueError(f"depths must be one block or more for each stage, not {depths}")
        for name, size in (
            ("channels", channels),
            ("in_channels", in_channels),
            ("num_classes", num_classes),
        ):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        if zero_init and shortcut == "padding" and not block.preactivated:
            raise ValueError(
                "shortcut must not be 'padding' if zero_init is True and a ReLU follows the sum, "
                "for channels of zeros would never learn; it may be 'projection'"
            )
        size, stride = (3, 1) if small_images else (7, 2)
        self.conv1 = convolution(in_channels, channels, size, stride=stride, generator=generator)
        self.bn1 = BatchNorm2d(channels)
        self.maxpool = nn.Identity() if small_images else MaxPool2d(3, stride=2, padding=1)

        widths = [channels << i for i in range(len(depths))]  # doubled from stage to stage
        enters = [channels, *(width * block.expansion for width in widths)]
        self.depths = tuple(depths)
        for i, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            sizes = [enters[i], *[enters[i + 1]] * depth]
            blocks = [
                block(
                    before,
                    width,
                    stride=2 if i > 0 and place == 0 else 1,
                    shortcut=shortcut,
                    attention=attention,
                    generator=generator,
                )
                for place, (before, _) in enumerate(pairwise(sizes))
            ]
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
        self.norm = None
        if block.preactivated:
            next(self.blocks()).bn1 = nn.Identity()  # the stem's stands before both paths
            self.norm = BatchNorm2d(enters[-1])
        if zero_init:
            for each in self.blocks():
                each.zero_branch()
        self.avgpool = GlobalAvgPool2d()
        self.fc = Linear(enters[-1], num_classes, generator=generator)

    def blocks(self) -> Iterator[ResidualBlock]:
        """All blocks, from the first stage to the last."""
        for module in self.modules():
            if isinstance(module, ResidualBlock):
                yield module

    def stem(self, x: Images) -> Maps:
        """What the first block is given."""
        self._check(x)
        return self.maxpool(torch.relu(self.bn1(self.conv1(x))))  # (B, C, H/4, W/4)

    def features(self, x: Images) -> Maps:
        """What the last block puts out, with the last norm where there is one."""
        x = self.stem(x)
        for i in range(len(self.depths)):
            x = self.get_submodule(f"layer{i + 1}")(x)
        return x if self.norm is None else torch.relu(self.norm(x))

    def forward(self, x: Images) -> Float[Tensor, "batch classes"]:
        """One score for each class."""
        return self.fc(self.avgpool(self.features(x)))  # (B, C, H, W) -> (B, C) -> (B, K)

    def _check(self, x: Tensor) -> None:
        channels = self.conv1.in_channels
        if x.ndim != 4 or x.shape[1] != channels:
            raise ValueError(
                f"x must be images, (batch, {channels}, height, width), "
                f"but its shape is {tuple(x.shape)}"
            )


def resnet18(**options: Any) -> ResNet:
    """ResNet-18 of table 1, 11,689,512 parameters; the options are those of `ResNet`."""
    return ResNet(BasicBlock, (2, 2, 2, 2), **options)


def resnet34(**options: Any) -> ResNet:
    """ResNet-34, 21,797,672 parameters."""
    return ResNet(BasicBlock, (3, 4, 6, 3), **options)


def resnet50(**options: Any) -> ResNet:
    """ResNet-50, 25,557,032 parameters: the 34-layer network with bottlenecks."""
    return ResNet(Bottleneck, (3, 4, 6, 3), **options)


def resnet101(**options: Any) -> ResNet:
    """ResNet-101, 44,549,160 parameters."""
    return ResNet(Bottleneck, (3, 4, 23, 3), **options)


def resnet152(**options: Any) -> ResNet:
    """ResNet-152, 60,192,808 parameters."""
    return ResNet(Bottleneck, (3, 8, 36, 3), **options)
