"""LeNet in today's parts: convolution, rectifier, largest of four, twice; then fully connected."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.mlp import MLP
from linebyline.layers.pooling import MaxPool2d
from linebyline.layers.rectifiers import ReLU


class LeNet(nn.Module):
    """Stages of convolution and pooling that see the image as an image, and an MLP on what is left.

    Source: LeCun, Bottou, Bengio & Haffner 1998, *Gradient-based learning applied to document
    recognition*, section II: local fields, shared weights, sub-sampling. Deviations, all of them
    customary today: relu instead of the scaled tanh, the maximum of 2 x 2 instead of a trained
    multiple of their sum, every map connected to every map below, linear scores instead of
    distances to fixed codes. `linebyline.vision.lenet5` is the network as it was published.

    With the defaults an image of 28 x 28 becomes 6 maps of 24 x 24 and of 12 x 12, then 16 maps of
    8 x 8 and of 4 x 4; those 256 numbers go through 120 and 84 hidden units to 10 scores.

    Args:
        image_size: pixels along each side of the images.
        in_channels: 1 for grey images, 3 for colours.
        channels: how many maps each stage makes; as many stages as there are numbers.
        kernel_size: odd or even, the same in all stages.
        padding: zeros around the maps before each convolution.
        hidden: units of each hidden layer behind the stages; none makes the scores a linear
            function of the last maps.
        num_classes: how many scores.
        generator: draws the first weights; without one torch's global generator does.

    Attributes:
        features: the stages, a `Sequential` of convolution, relu and pooling, each by itself, so
            that any of them can be looked at.
        classifier: the MLP.

    Raises:
        ValueError: `channels` is empty, a size is out of its range, the images are too small for
            so many stages, or an input is no batch of such images.
    """

    def __init__(
        self,
        image_size: int = 28,
        *,
        in_channels: int = 1,
        channels: Sequence[int] = (6, 16),
        kernel_size: int = 5,
        padding: int = 0,
        hidden: Sequence[int] = (120, 84),
        num_classes: int = 10,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.image_shape = (in_channels, image_size, image_size)
        sides = sides_after(image_size, len(channels), kernel_size, padding)
        self.features = nn.Sequential()
        for inputs, outputs in zip([in_channels, *channels], channels, strict=False):
            self.features.append(
                Conv2d(inputs, outputs, kernel_size, padding=padding, generator=generator)
            )
            self.features.append(ReLU())
            self.features.append(MaxPool2d(2))
        sizes = [channels[-1] * sides[-1] ** 2, *hidden, num_classes]
        self.classifier = MLP(sizes, activation=ReLU(), generator=generator)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Scores; what the stages leave of the image becomes one row of numbers."""
        self._check(x)
        maps = self.features(x)  # (B, C, side, side)
        return self.classifier(maps.flatten(1))

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """The same through every layer's `explicit`."""
        self._check(x)
        for layer in self.features:
            x = layer.explicit(x)  # type: ignore[operator]
        return self.classifier.explicit(x.flatten(1))

    def _check(self, x: Tensor) -> None:
        if tuple(x.shape[1:]) != self.image_shape:
            wanted = ", ".join(map(str, self.image_shape))
            raise ValueError(
                f"x must be images (batch, {wanted}), but its shape is {tuple(x.shape)}"
            )


def sides_after(image_size: int, stages: int, kernel_size: int, padding: int = 0) -> list[int]:
    """Side of the maps after each stage: n + 2p - k + 1 places for the kernel, and half of them.

    Raises:
        ValueError: there is no stage, a size is out of its range, or a stage would have no map.
    """
    for name, number, least in (
        ("image_size", image_size, 1),
        ("channels", stages, 1),
        ("kernel_size", kernel_size, 1),
        ("padding", padding, 0),
    ):
        if number < least:
            what = "name at least 1 stage" if name == "channels" else f"be at least {least}"
            raise ValueError(f"{name} must {what}, not {number}")
    sides = [image_size]
    for stage in range(1, stages + 1):
        sides.append((sides[-1] + 2 * padding - kernel_size + 1) // 2)
        if sides[-1] < 1:
            raise ValueError(
                f"image_size must be larger for {stages} stages of kernels of {kernel_size} with "
                f"padding {padding}: of {image_size} nothing is left in stage {stage}"
            )
    return sides[1:]
