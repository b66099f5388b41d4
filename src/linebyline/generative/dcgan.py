"""DCGAN: a generator and a discriminator of convolutions, and the rules that they are built by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.conv_transpose2d import ConvTranspose2d
from linebyline.layers.gain import gain
from linebyline.layers.pooling import MaxPool2d
from linebyline.layers.resize_conv2d import ResizeConv2d

NORMS = ("inside", "none", "everywhere")


@dataclass(frozen=True)
class Rules:
    """What Radford et al. prescribe; each field takes one rule away.

    Source: Radford, Metz & Chintala 2016, *Unsupervised Representation Learning with Deep
    Convolutional Generative Adversarial Networks*, section 3 (the list) and section 4 (slope,
    first weights).

    Attributes:
        strided: False pools in D (convolutions of 3 x 3, and the largest of 2 x 2), and repeats
            pixels in G (`ResizeConv2d`).
        batch_norm: "inside" normalizes all but G's output and D's first layer; "everywhere" these,
            too; "none" nothing.
        hidden_units: of a fully connected layer more in each network; 0 for none.
        slope: of D's leaky ReLU below 0; 0 makes it a ReLU.
        squashed: True ends G in a tanh; False in nothing.
        deviation: of the first weights, which are normal with mean 0. None gives each layer what
            keeps the size of its signal, the gain of its activation over the root of the number of
            products that an output adds up (He et al. 2015).

    Raises:
        ValueError: a field is out of its range.
    """

    # Each field is a rule, and each default keeps it.
    strided: bool = True
    batch_norm: str = "inside"
    hidden_units: int = 0
    slope: float = 0.2
    squashed: bool = True
    deviation: float | None = 0.02

    def __post_init__(self) -> None:
        if self.batch_norm not in NORMS:
            raise ValueError(f"batch_norm must be one of {NORMS}, not {self.batch_norm!r}")
        if self.hidden_units < 0:
            raise ValueError(f"hidden_units must be at least 0, not {self.hidden_units}")
        if not 0 <= self.slope < 1:
            raise ValueError(f"slope must be at least 0 and below 1, not {self.slope}")
        if self.deviation is not None and not self.deviation > 0:
            raise ValueError(f"deviation must be above 0, or None, not {self.deviation}")

    def norm(self, channels: int, *, at_the_edge: bool) -> nn.Module:
        """What stands behind a layer; the edges are G's output and D's first layer."""
        wanted = self.batch_norm == "everywhere" or (
            self.batch_norm == "inside" and not at_the_edge
        )
        return BatchNorm2d(channels) if wanted else nn.Identity()


class DCGANGenerator(nn.Module):
    """x = G(z): from a column of numbers to an image, each layer twice as high and wide.

    Source: Radford, Metz & Chintala 2016, figure 1, with fewer and narrower layers, one channel of
    colour, and kernels of 4 x 4 instead of 5 x 5. The first layer, which they call a projection
    and a reshaping, is a transposed convolution of one pixel: each number of z stamps an image.

    Args:
        noise_size: numbers in z.
        widths: channels, from the coarsest map to the finest that is no image yet.
        side: of the image; `2 ** len(widths)` must divide it.
        rules: what to build by.
        generator: draws the first weights.

    Raises:
        ValueError: a size is below 1, or the side cannot be halved so often.
    """

    def __init__(
        self,
        noise_size: int,
        widths: Sequence[int],
        *,
        side: int = 28,
        rules: Rules | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        rules = rules or Rules()
        coarse = _coarse(side, widths, noise_size=noise_size)
        self.noise_size, self.squashed = noise_size, rules.squashed
        sizes = [noise_size, *[rules.hidden_units] * (rules.hidden_units > 0), *widths, 1]
        kernels = [1] * (rules.hidden_units > 0) + [coarse] + [4] * len(widths)
        self.layers = nn.ModuleList()
        self.norms = nn.ModuleList()
        for number, (c, d, kernel) in enumerate(zip(sizes, sizes[1:], kernels, strict=False)):
            last = number == len(sizes) - 2
            grows = number > len(sizes) - 2 - len(widths)
            layer: nn.Module
            if grows and not rules.strided:
                layer = ResizeConv2d(c, d, 3)
            elif grows:
                layer = ConvTranspose2d(c, d, kernel, stride=2, padding=1)
            else:
                layer = ConvTranspose2d(c, d, kernel)
            self.layers.append(layer)
            self.norms.append(rules.norm(d, at_the_edge=last))
        draw_weights(self.layers, torch.relu, rules.deviation, generator)

    def forward(self, noise: Float[Tensor, "batch noise"]) -> Float[Tensor, "batch side side"]:
        """One image for each row of the noise, with pixels from -1 to 1 if squashed."""
        return self.maps(noise)[-1][:, 0]

    def maps(self, noise: Float[Tensor, "batch noise"]) -> list[Tensor]:
        """What every layer passes on; the last is the image."""
        found = [noise[:, :, None, None]]  # (B, noise, 1, 1): an image of one pixel
        for layer, norm in zip(self.layers, self.norms, strict=True):
            h = norm(layer(found[-1]))
            if layer is not self.layers[-1]:
                found.append(torch.relu(h))
            else:
                found.append(torch.tanh(h) if self.squashed else h)
        return found[1:]


class DCGANDiscriminator(nn.Module):
    """The logit of D(x): from an image to one number, each layer half as high and wide.

    Source: Radford, Metz & Chintala 2016, sections 3 and 4. Deviations: fewer and narrower layers,
    kernels of 4 x 4, and the answer stops before the sigmoid (`linebyline.generative.gan`).

    Args:
        widths: channels, from the finest map to the coarsest.
        side: of the image; `2 ** len(widths)` must divide it.
        rules: what to build by.
        generator: draws the first weights.

    Raises:
        ValueError: a size is below 1, or the side cannot be halved so often.
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        side: int = 28,
        rules: Rules | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        rules = rules or Rules()
        coarse = _coarse(side, widths)
        self.slope = rules.slope
        self.layers = nn.ModuleList()
        self.norms = nn.ModuleList()
        sizes = [1, *widths]
        for number, (c, d) in enumerate(zip(sizes, widths, strict=False)):
            strided = Conv2d(c, d, 4, stride=2, padding=1)
            self.layers.append(strided if rules.strided else Conv2d(c, d, 3, padding=1))
            self.norms.append(rules.norm(d, at_the_edge=number == 0))
        self.pool = nn.Identity() if rules.strided else MaxPool2d(2)
        units = rules.hidden_units or 1
        self.layers.append(Conv2d(widths[-1], units, coarse))  # looks at the whole map at once
        if rules.hidden_units:
            self.norms.append(rules.norm(units, at_the_edge=False))
            self.layers.append(Conv2d(units, 1, 1))
        activation = lambda x: leaky_relu(x, rules.slope)  # noqa: E731
        draw_weights(self.layers, activation, rules.deviation, generator)

    def forward(self, images: Float[Tensor, "batch side side"]) -> Float[Tensor, " batch"]:
        """One logit for each image."""
        return self.layers[-1](self.maps(images)[-1]).flatten()

    def maps(self, images: Float[Tensor, "batch side side"]) -> list[Tensor]:
        """What every layer but the last passes on: the features."""
        found = [images[:, None]]  # (B, 1, side, side)
        for layer, norm in zip(self.layers, self.norms, strict=False):  # the last has no norm
            h = leaky_relu(norm(layer(found[-1])), self.slope)
            found.append(self.pool(h) if h.shape[-1] > 1 else h)
        return found[1:]


def products(layer: nn.Module) -> float:
    """How many products an output of the layer adds up, away from borders and on average."""
    if isinstance(layer, ResizeConv2d):
        return float(layer.conv.weight[0].numel())
    if isinstance(layer, ConvTranspose2d):
        inputs, _, height, width = layer.weight.shape
        if layer.stride == (1, 1):
            return float(inputs)  # here always of one pixel, whose stamps meet no other's
        # Each input pixel stamps the whole kernel; a canvas of stride² places shares it.
        return inputs * height * width / (layer.stride[0] * layer.stride[1])
    assert isinstance(layer, Conv2d)
    return float(layer.weight[0].numel())


def uses(layer: nn.Module) -> float:
    """Into how many products an input of the layer goes, away from borders and on average."""
    if isinstance(layer, ResizeConv2d):
        return layer.conv.weight[:, 0].numel() * layer.scale**2  # each pixel stands there s² times
    if isinstance(layer, ConvTranspose2d):
        return float(layer.weight[0].numel())
    assert isinstance(layer, Conv2d)
    outputs, _, height, width = layer.weight.shape
    if layer.stride == (1, 1) and layer.padding in (0, (0, 0)):
        return float(outputs)  # here always one place, which looks at the whole map
    return outputs * height * width / (layer.stride[0] * layer.stride[1])


@torch.no_grad()
def draw_weights(
    layers: Iterable[nn.Module],
    activation: Callable[[Tensor], Tensor],
    deviation: float | None,
    generator: torch.Generator | None = None,
) -> None:
    """Draw normal weights anew, and set biases to 0."""
    for number, layer in enumerate(layers):
        weight, bias = layer.parameters()
        before = gain(activation) if number else 1.0
        weight.normal_(0, deviation or before / sqrt(products(layer)), generator=generator)
        bias.zero_()


def _coarse(side: int, widths: Sequence[int], **sizes: int) -> int:
    sizes |= {"side": side} | {f"widths[{n}]": width for n, width in enumerate(widths)}
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")
    if not widths or side % 2 ** len(widths):
        raise ValueError(
            f"side must be a multiple of 2 to the number of widths, which is {len(widths)} (and "
            f"at least 1), not {side}"
        )
    return side // 2 ** len(widths)
