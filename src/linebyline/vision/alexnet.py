"""AlexNet: five convolutions and three linear layers, the network that won ImageNet in 2012."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.dropout import Dropout
from linebyline.layers.init import constant_, he_normal_, zeros_
from linebyline.layers.linear import Linear
from linebyline.layers.local_response_norm import LocalResponseNorm
from linebyline.layers.pooling import AdaptiveAvgPool2d, MaxPool2d
from linebyline.layers.rectifiers import ReLU
from linebyline.vision.features_classifier import FeaturesClassifier

CHANNELS = {2012: (96, 256, 384, 384, 256), 2014: (64, 192, 384, 256, 256)}
"""Of the five convolutions."""

TOWERS = (1, 2, 1, 2, 2)
"""Into how many groups each convolution's channels are divided in 2012, one for each GPU."""


class AlexNet(FeaturesClassifier):
    """Images to logits: five convolutions, three of them with pooling, then three linear layers.

    Source: Krizhevsky 2014, *One weird trick for parallelizing convolutional neural networks*, in
    the form of the weights that everybody downloads; `year=2012` is Krizhevsky, Sutskever & Hinton
    2012, *ImageNet classification with deep convolutional neural networks*, section 3.5. Both halve
    their maps by windows that overlap, 3 wide and 2 apart, and end in 6 x 6 places of 256 channels.

    In 2012 the network was spread over two GPUs, which is why the second, fourth and fifth
    convolution work in two groups: each half of the channels sees one half of those before. The
    first two are followed by local response normalization. Dropout follows the first two linear
    layers. It has 60,965,224 parameters (the paper says 60 million).

    The published form has no groups and no normalization, and fewer channels instead: 61,100,840
    parameters, named `features.0`, `3`, `6`, `8`, `10` and `classifier.1`, `4`, `6`. Dropout stands
    before the first two linear layers. Deviation from the paper of 2014: the fourth convolution has
    256 channels as in the weights, where the paper counts 384.

    Images of 224 x 224 pixels give 55 x 55 places in the first layer. That takes two rows of zeros
    around them, of which the paper of 2012 says nothing.

    How training begins: by He's rule (2015), with biases of 0; the last layer as `Linear` has it.
    Deviation, for this is younger than both papers. `year=2012` begins as its section 5 says:
    weights from N(0, 0.01²), biases of 1 in the second, fourth and fifth convolution and the hidden
    linear layers, else 0. That is made for these widths; a narrow version hardly learns from it.

    Args:
        num_classes: the number of logits.
        year: 2014 or 2012.
        in_channels: 3, red, green and blue; 1 for grey images.
        channels: of the five convolutions, for a smaller network; in 2012 all must be even.
        hidden_size: of the first two linear layers.
        dropout: p, the share that is dropped; 0.5 in the paper of 2012.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: an argument is out of its range, or an input has other axes or channels, or
            fewer than 63 pixels on a side.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        *,
        year: int = 2014,
        in_channels: int = 3,
        channels: Sequence[int] | None = None,
        hidden_size: int = 4096,
        dropout: float = 0.5,
        generator: torch.Generator | None = None,
    ) -> None:
        if year not in CHANNELS:
            raise ValueError(f"year must be 2012 or 2014, not {year}")
        channels = CHANNELS[year] if channels is None else tuple(channels)
        if len(channels) != 5:
            raise ValueError(f"channels must be five numbers, not {list(channels)}")
        sizes = (channels[-1] * 6 * 6, hidden_size, hidden_size, num_classes)
        super().__init__(
            nn.Sequential(*_features(year, (in_channels, *channels), generator)),
            AdaptiveAvgPool2d(6),  # of 224 x 224 pixels it is given 6 x 6 places
            nn.Sequential(*_classifier(year, sizes, dropout, generator)),
        )
        self.year = year
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all weights anew, layer after layer, and set the biases."""
        layers = [layer for layer in self.modules() if isinstance(layer, Conv2d | Linear)]
        for number, layer in enumerate(layers, start=1):
            assert layer.bias is not None
            if self.year == 2012:
                with torch.no_grad():
                    layer.weight.normal_(0, 0.01, generator=generator)
                constant_(layer.bias, float(number in (2, 4, 5, 6, 7)))
            elif number < len(layers):
                he_normal_(layer.weight, generator=generator)
                zeros_(layer.bias)
            else:  # no rectifier behind it
                layer.reset_parameters(generator)


def _features(
    year: int, channels: Sequence[int], generator: torch.Generator | None
) -> list[nn.Module]:
    """The convolutions, each with a rectifier, and what stands between them."""
    kernels, strides, padding = (11, 5, 3, 3, 3), (4, 1, 1, 1, 1), (2, 2, 1, 1, 1)
    groups = TOWERS if year == 2012 else (1, 1, 1, 1, 1)
    layers: list[nn.Module] = []
    for i in range(5):
        layers += [
            Conv2d(
                channels[i],
                channels[i + 1],
                kernels[i],
                stride=strides[i],
                padding=padding[i],
                groups=groups[i],
                generator=generator,
            ),
            ReLU(),
        ]
        if year == 2012 and i < 2:
            layers.append(LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0))
        if i in (0, 1, 4):
            layers.append(MaxPool2d(3, stride=2))
    return layers


def _classifier(
    year: int, sizes: Sequence[int], dropout: float, generator: torch.Generator | None
) -> list[nn.Module]:
    """Three linear layers; dropout after the first two in 2012, before them in the other form."""
    one, two, three = (Linear(n, m, generator=generator) for n, m in pairwise(sizes))
    if year == 2012:
        return [one, ReLU(), Dropout(dropout), two, ReLU(), Dropout(dropout), three]
    return [Dropout(dropout), one, ReLU(), Dropout(dropout), two, ReLU(), three]
