"""GoogLeNet: nine inception modules one above the other, and two classifiers on the way up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.dropout import Dropout
from linebyline.layers.linear import Linear
from linebyline.layers.local_response_norm import LocalResponseNorm
from linebyline.layers.pooling import GlobalAvgPool2d, MaxPool2d
from linebyline.vision.inception import ConvRelu, Inception, Widths

MODULES: Mapping[str, Widths] = MappingProxyType(
    {
        "3a": Widths(64, 96, 128, 16, 32, 32),
        "3b": Widths(128, 128, 192, 32, 96, 64),
        "4a": Widths(192, 96, 208, 16, 48, 64),
        "4b": Widths(160, 112, 224, 24, 64, 64),
        "4c": Widths(128, 128, 256, 24, 64, 64),
        "4d": Widths(112, 144, 288, 32, 64, 64),
        "4e": Widths(256, 160, 320, 32, 128, 128),
        "5a": Widths(256, 160, 320, 32, 128, 128),
        "5b": Widths(384, 192, 384, 48, 128, 128),
    }
)
"""The paper's table 1. The first character is the stage: within one, maps keep their size."""

HEADS: Mapping[str, str] = MappingProxyType({"4a": "aux1", "4d": "aux2"})
"""Behind which modules the auxiliary classifiers stand."""


class AuxiliaryHead(nn.Module):
    """A classifier half-way up: pooling, a 1x1 convolution, and two linear layers.

    Source: Szegedy et al. 2015, section 5: averages over 5x5 places at every third one, 128
    channels, 1,024 units, 70 % dropout. Deviation: a map with sides below 5 is averaged as a whole.

    Args:
        in_channels: of the map.
        num_classes: K.
        side: height and width of the map, 14 in the paper; that leaves 4x4 averages.
        width: times so many channels and units.
        batch_norm, generator: as of `Inception`.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        *,
        side: int = 14,
        width: float = 1.0,
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.window = min(side, 5)
        places = ((side - self.window) // 3 + 1) ** 2
        channels, units = scaled(128, width), scaled(1024, width)
        self.conv = ConvRelu(in_channels, channels, 1, batch_norm=batch_norm, generator=generator)
        self.fc1 = Linear(channels * places, units, generator=generator)
        self.dropout = Dropout(0.7)
        self.fc2 = Linear(units, num_classes, generator=generator)

    def forward(
        self, x: Float[Tensor, "batch channels side side"]
    ) -> Float[Tensor, "batch classes"]:
        """Scores from a map of a middle layer."""
        x = functional.avg_pool2d(x, self.window, stride=3)
        h = functional.relu(self.fc1(self.conv(x).flatten(1)))
        return self.fc2(self.dropout(h))


class GoogLeNet(nn.Module):
    """22 layers with weights and 7 million parameters: it won the classification of ILSVRC 2014.

    Source: Szegedy et al. 2015, *Going deeper with convolutions*, table 1 and figure 3. Without
    the auxiliary heads there are 6,998,552 parameters. With batch normalization (Ioffe & Szegedy
    2015) there are 7,005,832, since each of 7,280 channels then has γ and β where it had a bias,
    and no local response normalization.

    Parameters are named as in the weights that everybody downloads. Those are of another network,
    ``GoogLeNet(batch_norm=True, large_kernel=3)``, of 6,624,904 parameters: its "5x5" is a 3x3,
    and its last max pooling is 2x2 where the paper's, and this one's, is 3x3.

    Deviations: the paper says neither how the weights start nor what the constants of the response
    normalization are; here they start as in He et al. 2015, and the constants are those of
    Krizhevsky et al. 2012.

    Args:
        num_classes: K.
        in_channels: of the images.
        image_size: their height and width. From 64 on they are made eight times smaller before
            module 3a, as in the paper; below, one convolution of 3x3 takes the place of all that.
        width: times so many channels everywhere, and at least one.
        auxiliary: whether there are the heads `aux1` and `aux2`.
        large_kernel, batch_norm, generator: as of `Inception`.

    Raises:
        ValueError: `image_size` is below 8, or `width` not above 0; and as `Inception` says.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        *,
        in_channels: int = 3,
        image_size: int = 224,
        width: float = 1.0,
        auxiliary: bool = True,
        large_kernel: int = 5,
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if image_size < 8:
            raise ValueError(f"image_size must be at least 8, not {image_size}")
        if not width > 0:
            raise ValueError(f"width must be above 0, not {width}")
        conv = partial(ConvRelu, batch_norm=batch_norm, generator=generator)
        module = partial(
            Inception, large_kernel=large_kernel, batch_norm=batch_norm, generator=generator
        )
        head = partial(AuxiliaryHead, width=width, batch_norm=batch_norm, generator=generator)

        self.small = image_size < 64
        first, channels = scaled(64, width), scaled(192, width)
        if self.small:
            self.conv1 = conv(in_channels, channels, 3, padding=1)
        else:
            self.conv1 = conv(in_channels, first, 7, stride=2, padding=3)
            self.conv2 = conv(first, first, 1)
            self.conv3 = conv(first, channels, 3, padding=1)
        side = (image_size if self.small else (image_size + 1) // 8) // 2  # of stage 4
        self.norm = nn.Identity() if batch_norm or self.small else LocalResponseNorm()
        self.pool = MaxPool2d(3, stride=2, ceil_mode=True)
        for name, widths in MODULES.items():
            w = Widths(*(scaled(n, width) for n in widths))
            self.add_module(f"inception{name}", module(channels, w))
            channels = w.out_channels
            if auxiliary and name in HEADS:
                self.add_module(HEADS[name], head(channels, num_classes, side=side))
        self.avgpool, self.dropout = GlobalAvgPool2d(), Dropout(0.4)
        self.fc = Linear(channels, num_classes, generator=generator)
        self.auxiliary = auxiliary

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """The scores of the classifier at the top."""
        return self._run(x, heads=False)[0]

    def all_scores(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch classes"], ...]:
        """The scores at the top, then those of `aux1` and `aux2`, if there are such."""
        return self._run(x, heads=self.auxiliary)

    def _run(self, x: Tensor, *, heads: bool) -> tuple[Tensor, ...]:
        x, stage, scores = self._stem(x), "3", []
        for name in MODULES:
            if name[0] != stage:
                x, stage = self.pool(x), name[0]
            x = self.get_submodule(f"inception{name}")(x)
            if heads and name in HEADS:
                scores.append(self.get_submodule(HEADS[name])(x))
        top = self.fc(self.dropout(self.avgpool(x)))
        return (top, *scores)

    def _stem(self, x: Tensor) -> Tensor:
        """All that comes before module 3a."""
        if self.small:
            return self.norm(self.conv1(x))
        x = self.norm(self.pool(self.conv1(x)))
        x = self.conv3(self.conv2(x))
        return self.pool(self.norm(x))


def auxiliary_loss(
    scores: Sequence[Float[Tensor, "batch classes"]],
    target: Int[Tensor, " batch"],
    *,
    weight: float = 0.3,
) -> Float[Tensor, ""]:
    """Cross-entropy at the top, plus `weight` times that of each auxiliary head.

    Source: Szegedy et al. 2015, section 5, with the weight 0.3. After training the heads are
    thrown away.

    Args:
        scores: of the top and of the heads, as `GoogLeNet.all_scores` gives them.
        target: y, the classes.
        weight: of each head's loss.
    """
    top, *heads = (functional.cross_entropy(s, target) for s in scores)
    return top + weight * sum(heads)


def scaled(channels: int, width: float) -> int:
    """A number of channels in a network of another width: at least 1."""
    return max(1, round(channels * width))
