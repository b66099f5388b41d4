"""The residual networks for CIFAR-10: three stages of n blocks each, 6n + 2 layers."""

import torch

from linebyline.vision.preactivation import PreActivationBlock
from linebyline.vision.residual_blocks import Attention, BasicBlock, ResidualBlock
from linebyline.vision.resnet import ResNet


def resnet_cifar(
    depth: int,
    *,
    block: type[ResidualBlock] = BasicBlock,
    channels: int = 16,
    in_channels: int = 3,
    num_classes: int = 10,
    shortcut: str = "padding",
    attention: Attention | None = None,
    zero_init: bool = False,
    generator: torch.Generator | None = None,
) -> ResNet:
    """ResNet-20, 32, 44, 56 or 110 for images of 32 x 32, and their like of other depths and sizes.

    Source: He, Zhang, Ren & Sun 2016, *Deep residual learning for image recognition*, section 4.2.
    Three stages have 16, 32 and 64 channels on images of 32, 16 and 8 pixels, each n blocks of two
    convolutions; with the first convolution and the linear layer that makes 6n + 2 layers with
    weights. Their shortcuts have no parameters, so that a network and its plain twin,
    `shortcut="none"`, have equally many.

    Args:
        depth: 6n + 2.
        block: `BasicBlock` or `PreActivationBlock`: one with two convolutions.
        channels: of the first stage.
        in_channels: of the images.
        num_classes: how many scores come out.
        shortcut: "padding" as in the paper, "projection" or "none".
        attention: as for `ResNet`.
        zero_init: as for `ResNet`.
        generator: draws the first weights, instead of torch's global generator.

    Raises:
        ValueError: `depth` is not 6n + 2 with n from 1 on, or the block has not two convolutions,
            or as for `ResNet`.
    """
    blocks, rest = divmod(depth - 2, 6)
    if blocks < 1 or rest:
        raise ValueError(f"depth must be 6n + 2, that is 8, 14, 20 and so on, not {depth}")
    if not issubclass(block, BasicBlock | PreActivationBlock) or block.expansion != 1:
        raise ValueError(
            "block must have two convolutions, as BasicBlock or PreActivationBlock, "
            f"not be {block.__name__}"
        )
    return ResNet(
        block,
        (blocks,) * 3,
        channels=channels,
        in_channels=in_channels,
        num_classes=num_classes,
        small_images=True,
        shortcut=shortcut,
        attention=attention,
        zero_init=zero_init,
        generator=generator,
    )
