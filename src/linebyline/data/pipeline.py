"""From stored images to what a network sees: scaled, varied while it learns, standardized."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Shaped
from torch import Tensor

from linebyline.data.augmentations import Augmentation
from linebyline.data.examples import TrainTest
from linebyline.data.resumable import Resumable
from linebyline.data.standardization import Standardization


class Pipeline(Resumable):
    """Bytes to numbers from 0 to 1, augmented in training mode only, and standardized.

    It is a module for the front of a model: ``nn.Sequential(pipeline, nn.Flatten(), network)``. So
    `fit` needs nothing new. Data lie on the device as they were stored, one byte for each pixel if
    they came from files; every batch is worked on there, and every epoch sees other images.

    What a test set knows cannot leak into it. The figures are taken from ``data.train`` when it is
    made; it has no method that takes others later; and an example's output in evaluation mode
    depends on that example alone, whatever stands beside it in the batch.

    The order matters. Augmentations come before standardization, because in pixels 0 means black,
    or paper, and that is what fills a corner when an image is turned. The mean and spread are those
    of the images as they are, unaugmented.

    Args:
        data: only its training inputs are looked at.
        augment: applied in this order, to pixels from 0 to 1, with the pipeline's generator;
            see `linebyline.data.augmentations`.
        over: which axes share a mean and a spread; see `Standardization`. The default is one pair
            for all numbers.
        seed: of the augmentations. Torch's global generator is left alone, so a network's dropout
            draws the same with augmentation as without.

    Raises:
        TypeError: `data` is no `TrainTest`.
        ValueError: the inputs are neither bytes nor in floating point, or Standardization refuses
            them.
    """

    def __init__(
        self,
        data: TrainTest,
        augment: Sequence[Augmentation] = (),
        *,
        over: Sequence[int] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(data, TrainTest):
            raise TypeError(
                f"data must be TrainTest(train, test), so that it is known what is for training, "
                f"not {type(data).__name__}"
            )
        self.augment = tuple(augment)
        self.standardize = Standardization(self.scale(data.train.inputs), over=over)
        self.generator = torch.Generator().manual_seed(seed)

    def forward(
        self, x: Shaped[Tensor, "images *channels height width"]
    ) -> Shaped[Tensor, "images *channels height width"]:
        """What the network gets."""
        x = self.scale(x)
        if self.training:
            for change in self.augment:
                x = change(x, self.generator)
        return self.standardize(x)

    @staticmethod
    def scale(x: Tensor) -> Tensor:
        """Bytes from 0 to 255 become numbers from 0 to 1; what is in floating point stays."""
        if x.dtype == torch.uint8:
            return x.to(torch.get_default_dtype()) / 255
        if not x.is_floating_point():
            raise ValueError(
                f"inputs must be bytes (torch.uint8) or in floating point, not {x.dtype}"
            )
        return x

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"augment={list(self.augment)}"
