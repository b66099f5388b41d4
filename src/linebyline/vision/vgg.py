"""VGG: nothing but 3 x 3 convolutions, many of them, and pooling by halves."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.dropout import Dropout
from linebyline.layers.init import he_normal_, zeros_
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import AdaptiveAvgPool2d, MaxPool2d
from linebyline.layers.rectifiers import ReLU
from linebyline.vision.features_classifier import FeaturesClassifier

DEPTHS: dict[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""How many convolutions each stage has; with the three linear layers they make the depth."""

CHANNELS = (64, 128, 256, 512, 512)
"""Of the five stages: doubled where the maps are halved, up to 512."""


class VGG(FeaturesClassifier):
    """Images to logits: stages of 3 x 3 convolutions, a halving after each, three linear layers.

    Source: Simonyan & Zisserman 2015, *Very deep convolutional networks for large-scale image
    recognition*, table 1, columns A (11 layers with weights), B (13), D (16) and E (19). Two 3 x 3
    convolutions see as much as one of 5 x 5, with fewer weights and a rectifier between them.

    Names are those of the weights that everybody downloads: `features.0.weight` and so on, counted
    over convolutions, normalizations, rectifiers and poolings, and `classifier.0`, `3`, `6`.
    Parameters: 132,863,336; 133,047,848; 138,357,544; 143,667,240 for the four depths.

    Deviations: with `batch_norm`, which the paper had not yet, each convolution is followed by a
    normalization (its bias, then without effect, stays, as in the published weights: 132,868,840;
    133,053,736; 138,365,992; 143,678,248 parameters). The weights start by He's rule (2015), the
    last layer's as in `Linear`, the biases from 0; the paper began its deep networks from the
    layers of a trained shallow one. Its tests applied the linear layers at every place of a larger
    image; here adaptive pooling brings images of any size to `pooled_size` first. At 224 x 224
    there are 7 x 7 places, and it does nothing.

    Args:
        depth: 11, 13, 16 or 19; or for a network of your own the number of convolutions of each
            stage: (1, 1, 2) has three stages.
        batch_norm: whether to normalize between convolution and rectifier.
        num_classes: the number of logits.
        in_channels: 3, red, green and blue; 1 for grey images.
        channels: one number for each stage.
        hidden_size: of the first two linear layers.
        pooled_size: rows and columns that the linear layers are given.
        dropout: p, the share that is dropped of each hidden linear layer.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: an argument is out of its range, or an input has other axes or channels, or is
            so small that nothing is left to halve.
    """

    def __init__(
        self,
        depth: int | Sequence[int] = 16,
        *,
        batch_norm: bool = False,
        num_classes: int = 1000,
        in_channels: int = 3,
        channels: Sequence[int] = CHANNELS,
        hidden_size: int = 4096,
        pooled_size: int = 7,
        dropout: float = 0.5,
        generator: torch.Generator | None = None,
    ) -> None:
        stages = _stages(depth, channels)
        features = _features(stages, (in_channels, *channels), batch_norm, generator)
        classifier = nn.Sequential(
            Linear(channels[-1] * pooled_size**2, hidden_size, generator=generator),
            ReLU(),
            Dropout(dropout),
            Linear(hidden_size, hidden_size, generator=generator),
            ReLU(),
            Dropout(dropout),
            Linear(hidden_size, num_classes, generator=generator),
        )
        super().__init__(nn.Sequential(*features), AdaptiveAvgPool2d(pooled_size), classifier)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the weights anew, layer after layer; biases are 0. Normalizations stay."""
        *hidden, last = [layer for layer in self.modules() if isinstance(layer, Conv2d | Linear)]
        for layer in hidden:
            he_normal_(layer.weight, generator=generator)
            if layer.bias is not None:
                zeros_(layer.bias)
        last.reset_parameters(generator)  # no rectifier behind it
        if last.bias is not None:
            zeros_(last.bias)


def _stages(depth: int | Sequence[int], channels: Sequence[int]) -> tuple[int, ...]:
    """The number of convolutions of each stage."""
    if isinstance(depth, int):
        if depth not in DEPTHS:
            raise ValueError(
                f"depth must be one of {', '.join(map(str, DEPTHS))}, or the number of "
                f"convolutions of each stage, not {depth}"
            )
        stages = DEPTHS[depth]
    else:
        stages = tuple(depth)
        if not stages or min(stages) < 1:
            raise ValueError(f"depth must give each stage at least 1 convolution, not {stages}")
    if len(channels) != len(stages):
        raise ValueError(
            f"channels must be one number for each of {len(stages)} stages, not {tuple(channels)}"
        )
    return stages


def _features(
    stages: Sequence[int],
    channels: Sequence[int],
    batch_norm: bool,
    generator: torch.Generator | None,
) -> list[nn.Module]:
    """Stage after stage: convolutions with their rectifiers, then the halving."""
    layers: list[nn.Module] = []
    for (inputs, outputs), convolutions in zip(pairwise(channels), stages, strict=True):
        for i in range(convolutions):
            seen = outputs if i else inputs
            layers.append(Conv2d(seen, outputs, 3, padding=1, generator=generator))
            layers += [BatchNorm2d(outputs), ReLU()] if batch_norm else [ReLU()]
        layers.append(MaxPool2d(2))
    return layers
