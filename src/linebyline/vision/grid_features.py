"""Grid features: the small convolutional network that the book's detectors are given."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.pooling import MaxPool2d
from linebyline.layers.rectifiers import ReLU
from linebyline.vision.residual_blocks import convolution


class GridFeatures(nn.Module):
    """A map of features: for each cell of a grid over the image, what is seen around that cell.

    Source: detectors are built on the convolutions of a classifier whose last, fully connected
    layers are left out: Sermanet et al. 2014, *OverFeat*, and Girshick 2015, *Fast R-CNN*, section
    2. Deviation: VGG or a residual network would take hours on one processor; these four
    convolutions are made for scenes of a few digits.

    Every stage but the last is convolution of 3 x 3, maximum of 2 x 2, batch norm, relu: pooled
    before the norm, which costs a quarter so. Then one more convolution, norm and relu at the last
    size. Three stages make a grid of 8 x 8 cells of 64 x 64 pixels, and a cell is influenced by 38
    pixels in each direction. Cell (i, j) stands for the pixels from stride · i on down and from
    stride · j on to the right, which is where `linebyline.vision.anchors.grid_anchors` has its
    anchors.

    Args:
        in_channels: of the images.
        channels: of each pooled stage; as many halvings as there are numbers. The last
            convolution keeps the last number.
        generator: draws the first weights; without one torch's global generator does.

    Attributes:
        layers: the stages in order, a `Sequential`.
        out_channels: features of a cell.
        stride: pixels from one cell to the next.

    Raises:
        ValueError: `channels` is empty, or a number is below 1; an input's height or width is no
            multiple of `stride`, for then the grid would not lie evenly over the image.
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        channels: Sequence[int] = (16, 32, 64),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not channels:
            raise ValueError("channels must name at least 1 stage, not be empty")
        self.layers = nn.Sequential()
        for inputs, outputs in zip([in_channels, *channels], channels, strict=False):
            self.layers.append(convolution(inputs, outputs, 3, generator=generator))
            self.layers.append(MaxPool2d(2))
            self.layers.append(BatchNorm2d(outputs))
            self.layers.append(ReLU())
        self.layers.append(convolution(channels[-1], channels[-1], 3, generator=generator))
        self.layers.append(BatchNorm2d(channels[-1]))
        self.layers.append(ReLU())
        self.out_channels = channels[-1]
        self.stride = 2 ** len(channels)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features rows columns"]:
        """As many rows and columns as strides fit into the image."""
        if x.ndim != 4 or x.shape[2] % self.stride or x.shape[3] % self.stride:
            raise ValueError(
                f"x must be images (batch, channels, height, width) with sides that are multiples "
                f"of {self.stride}, but its shape is {tuple(x.shape)}"
            )
        return self.layers(x)
