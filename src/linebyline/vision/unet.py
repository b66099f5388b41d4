"""U-Net: an encoder that learns what, a decoder that learns where, and a skip at every size."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d, Padding
from linebyline.layers.conv_transpose2d import ConvTranspose2d
from linebyline.layers.init import he_normal_
from linebyline.layers.max_unpool2d import MaxUnpool2d, max_pool2d_with_places
from linebyline.layers.pooling import MaxPool2d

Map = Float[Tensor, "batch channels height width"]
Scores = Float[Tensor, "batch classes rows columns"]

UPSAMPLING = ("transposed", "nearest", "bilinear", "unpooling")


class DoubleConv(nn.Sequential):
    """Two convolutions of 3 x 3, each followed by a ReLU.

    Args:
        in_channels: of the input.
        hidden: channels between the two.
        out_channels: of the output.
        padding: "same" keeps height and width; "valid" takes 4 pixels off each.
        batch_norm: a norm before each ReLU, in the place of the biases.
        generator: draws the first weights, instead of torch's global generator.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        *,
        padding: str = "same",
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        zeros = 1 if padding == "same" else 0
        layers: list[nn.Module] = []
        for inputs, outputs in ((in_channels, hidden), (hidden, out_channels)):
            layers.append(
                convolution(
                    inputs, outputs, 3, padding=zeros, bias=not batch_norm, generator=generator
                )
            )
            layers += [BatchNorm2d(outputs)] if batch_norm else []
            layers.append(nn.ReLU())
        super().__init__(*layers)


class UpSampling(nn.Module):
    """A map twice as high and wide, with half as many channels.

    Source: the "up-convolution" of Ronneberger, Fischer & Brox 2015, section 2: an up-sampling,
    then a convolution of 2 x 2 that halves the channels. "nearest" and "bilinear" are this, with a
    zero more at the right and below. "transposed" is the usual reading of it, a transposed
    convolution of 2 x 2 with stride 2, and has as many parameters. "unpooling", after SegNet,
    halves the channels by a convolution of 1 x 1 and puts each value where the encoder's largest
    value of that window stood.

    Args:
        channels: of the output; the input has twice as many.
        kind: "transposed", "nearest", "bilinear" or "unpooling".
        generator: draws the first weights, instead of torch's global generator.
    """

    def __init__(
        self, channels: int, kind: str, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.kind = kind
        self.conv: nn.Module
        if kind == "transposed":
            self.conv = ConvTranspose2d(2 * channels, channels, 2, stride=2)
            with torch.no_grad():  # an output adds up one product for each input channel
                self.conv.weight.normal_(0, math.sqrt(1 / channels), generator=generator)
            nn.init.zeros_(self.conv.get_parameter("bias"))
        else:
            kernel = 1 if kind == "unpooling" else 2
            self.conv = convolution(
                2 * channels, channels, kernel, padding="same", generator=generator
            )
        self.unpool = MaxUnpool2d(2)

    def forward(
        self, x: Map, encoded: Float[Tensor, "batch outputs H W"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """Up by a factor of 2; `encoded`, the encoder's map of that level, is asked for places."""
        if self.kind == "transposed":
            return self.conv(x)
        if self.kind == "unpooling":
            _, places = max_pool2d_with_places(encoded)
            return self.unpool(self.conv(x), places)
        corners = {"align_corners": False} if self.kind == "bilinear" else {}
        return self.conv(functional.interpolate(x, scale_factor=2, mode=self.kind, **corners))


class UNet(nn.Module):
    """An answer for every pixel, from maps of every size.

    Source: Ronneberger, Fischer & Brox 2015, *U-Net: Convolutional networks for biomedical image
    segmentation*, section 2 and figure 1. Level 0 has the image's size and `channels` channels;
    each of `depth` poolings halves the one and doubles the other. On the way back up, the map that
    comes from below is doubled in size, put beside the encoder's map of that size (the *skip*),
    and both go through two convolutions. A convolution of 1 x 1 makes the scores.

    ``UNet(1, 2, depth=4, channels=64, padding="valid")`` is the paper's, but for its dropout. There
    the convolutions are not padded, so that no answer rests on made-up pixels: 572 x 572 pixels in,
    388 x 388 scores out, and the skips are cropped to what comes from below. Deviations, to be
    asked for: "same" padding, which keeps the size and has become usual; other up-sampling; batch
    norms; `skips=False`. Without skips a decoder block has half as many channels again between its
    two convolutions, so that multiply-adds are equal at every level, and half as many parameters
    more as the level has channels.

    Weights start as the paper says, N(0, 2/N) with N the inputs that a neuron adds up; biases at 0.

    Args:
        in_channels: of the images.
        num_classes: how many scores a pixel gets.
        depth: how many poolings; 0 leaves one level.
        channels: of level 0; an even number.
        padding: "same" or "valid".
        upsampling: "transposed", "nearest", "bilinear" or "unpooling"; see `UpSampling`.
        skips: False cuts the encoder's maps off, but for the places that "unpooling" asks for.
        batch_norm: a norm before each ReLU of a `DoubleConv`.
        generator: draws the first weights, instead of torch's global generator.

    Raises:
        ValueError: an argument is out of its range, or an image's height or width does not go
            through the poolings without a remainder.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        depth: int = 4,
        channels: int = 64,
        padding: str = "same",
        upsampling: str = "transposed",
        skips: bool = True,
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check(in_channels, num_classes, depth, channels, padding, upsampling)
        self.in_channels, self.depth, self.padding, self.skips = in_channels, depth, padding, skips
        widths = [channels * 2**level for level in range(depth + 1)]
        shared: dict[str, Any] = {
            "padding": padding,
            "batch_norm": batch_norm,
            "generator": generator,
        }
        self.encoder = nn.ModuleList(
            DoubleConv(i, o, o, **shared)
            for i, o in zip([in_channels, *widths], widths, strict=False)
        )
        self.pool = MaxPool2d(2)
        self.up = nn.ModuleList(UpSampling(c, upsampling, generator=generator) for c in widths[:-1])
        self.decoder = nn.ModuleList(
            DoubleConv(2 * c, c, c, **shared) if skips else DoubleConv(c, 3 * c // 2, c, **shared)
            for c in widths[:-1]
        )
        self.head = convolution(channels, num_classes, 1, padding=0, generator=generator)

    def forward(self, x: Map) -> Scores:
        """Down, and up again."""
        return self.decode(self.encode(x))

    def encode(self, x: Map) -> list[Tensor]:
        """A map (batch, channels, height, width) for each level, the finest first."""
        self._check(x)
        maps = [self.encoder[0](x)]
        for block in self.encoder[1:]:
            maps.append(block(self.pool(maps[-1])))
        return maps

    def decode(self, maps: list[Tensor]) -> Scores:
        """Scores from the encoder's maps, or from others of their shapes."""
        x = maps[-1]  # all that a network without skips gets
        for level in reversed(range(self.depth)):
            x = self.up[level](x, maps[level])
            if self.skips:
                skip = center_crop(maps[level], x.shape[-2:])
                x = torch.cat([skip, x], dim=1)
            x = self.decoder[level](x)
        return self.head(x)

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"x must be (batch, {self.in_channels} channels, height, width), "
                f"but its shape is {tuple(x.shape)}"
            )
        for name, size in zip(("height", "width"), x.shape[2:], strict=True):
            if not self._fits(size):
                near = sorted(range(1, 2 * size + 200), key=lambda other: abs(other - size))
                other = next(other for other in near if self._fits(other))
                raise ValueError(
                    f"x must go through {self.depth} poolings without a remainder, but its {name} "
                    f"is {size}; {other} would do"
                )

    def _fits(self, size: int) -> bool:
        """Whether an axis of this length can be halved so often, and what comes up is left."""
        lost = 0 if self.padding == "same" else 4
        for _ in range(self.depth):
            size -= lost
            if size < 2 or size % 2:
                return False
            size //= 2
        size -= lost
        for _ in range(self.depth):
            size = 2 * size - lost
        return size > 0


def convolution(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    padding: Padding,
    bias: bool = True,
    generator: torch.Generator | None = None,
) -> Conv2d:
    """With the paper's first weights, and biases of 0."""
    conv = Conv2d(in_channels, out_channels, kernel_size, padding=padding, bias=bias)
    he_normal_(conv.weight, generator=generator)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def center_crop(x: Map, size: tuple[int, int]) -> Float[Tensor, "batch channels rows columns"]:
    """The middle of a map, of so many rows and columns."""
    top, left = (x.shape[-2] - size[0]) // 2, (x.shape[-1] - size[1]) // 2
    return x[..., top : top + size[0], left : left + size[1]]


def _check(
    in_channels: int, num_classes: int, depth: int, channels: int, padding: str, upsampling: str
) -> None:
    sizes = (("in_channels", in_channels, 1), ("num_classes", num_classes, 1), ("depth", depth, 0))
    for name, value, least in sizes:
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if channels < 2 or channels % 2:
        raise ValueError(f"channels must be an even number from 2 on, not {channels}")
    kinds = (("padding", padding, ("same", "valid")), ("upsampling", upsampling, UPSAMPLING))
    for name, kind, known in kinds:
        if kind not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}, not {kind!r}")
    if padding == "valid" and upsampling == "unpooling":
        raise ValueError(
            "upsampling 'unpooling' needs padding 'same': an encoder's map of another size than "
            "what comes from below has other windows"
        )
