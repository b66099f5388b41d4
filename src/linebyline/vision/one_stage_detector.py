"""The one-stage detector: all anchors are answered for in one pass of a convolutional network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.init import constant_, zeros_
from linebyline.vision.anchors import grid_anchors
from linebyline.vision.boxes import clip, decode
from linebyline.vision.detections import Detections, list_detections
from linebyline.vision.multibox_loss import Answers


class OneStageDetector(nn.Module):
    """Features of a grid, and one convolution that answers for every anchor of every cell.

    Source: Liu et al. 2016, *SSD: Single shot multibox detector*, section 2.1: a kernel of 3 x 3
    makes, at each cell and for each of its anchors, a score for every class and the background and
    four numbers that move the anchor. Deviations: one map of features, where SSD has six of falling
    size; the scale of boxes that a grid has to cover is small here. With `background=False` there
    is no score for the background and each class is a yes or a no of its own, as in RetinaNet: Lin
    et al. 2017, *Focal loss for dense object detection*, section 4.

    Args:
        features: images (N, 3, H, W) to a map (N, out_channels, H / stride, W / stride); it has
            these two numbers as attributes, like `linebyline.vision.grid_features.GridFeatures`.
        num_classes: without the background.
        sizes: of the anchors of a cell, as for `linebyline.vision.anchors.grid_anchors`.
        ratios: of the anchors of a cell, height to width.
        background: whether the background has a score of its own.
        prior: before anything is learned, with what probability an anchor holds an object; without
            a score for the background, with what probability it holds one of a given class (Lin et
            al. 2017, section 4.1, where that is 0.01). None lets all scores begin at 0.
        generator: draws the first weights of the head.

    Attributes:
        features: what was given.
        head: the convolution; its channels are the numbers of the first anchor, of the second, and
            so on, for each first the scores and then the four codes.

    Raises:
        ValueError: `num_classes` is below 1, `prior` is not between 0 and 1, or as for
            `grid_anchors`.
    """

    def __init__(
        self,
        features: nn.Module,
        num_classes: int = 10,
        *,
        sizes: Sequence[float] = (12, 18),
        ratios: Sequence[float] = (1.0, 2.0),
        background: bool = True,
        prior: float | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if num_classes < 1:
            raise ValueError(f"num_classes must be at least 1, not {num_classes}")
        if prior is not None and not 0 < prior < 1:
            raise ValueError(f"prior must be between 0 and 1, or None, not {prior}")
        self.features = features
        self.num_classes = num_classes
        self.sizes, self.ratios = tuple(sizes), tuple(ratios)
        self.background = background
        self.stride: int = features.stride  # type: ignore[assignment]
        grid_anchors(1, 1, stride=self.stride, sizes=self.sizes, ratios=self.ratios)  # can be made
        self.scores = num_classes + background
        outputs = len(sizes) * len(ratios) * (self.scores + 4)
        channels: int = features.out_channels  # type: ignore[assignment]
        self.head = Conv2d(channels, outputs, 3, padding=1, generator=generator)
        zeros_(self.head.get_parameter("bias"))
        if prior is not None:
            self._expect(prior)

    def _expect(self, prior: float) -> None:
        """Let the scores begin as if they had seen how rare objects are."""
        odds = math.log(prior / (1 - prior))
        bias = self.head.get_parameter("bias").view(-1, self.scores + 4)
        if self.background:  # K exp(0) against exp(b): together they are the prior
            constant_(bias.data[:, self.num_classes], math.log(self.num_classes) - odds)
        else:
            constant_(bias.data[:, : self.num_classes], odds)

    def anchors(self, height: int, width: int) -> Float[Tensor, "anchors 4"]:
        """Of an image of that size, in the order of the answers."""
        rows, columns = height // self.stride, width // self.stride
        return grid_anchors(rows, columns, stride=self.stride, sizes=self.sizes, ratios=self.ratios)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Answers:
        """Scores and codes, cell after cell, and the anchors that they are about."""
        out = self.head(self.features(x))  # (B, anchors of a cell · (scores + 4), rows, columns)
        out = out.movedim(1, -1).reshape(len(x), -1, self.scores + 4)  # (B, anchors, scores + 4)
        logits, codes = out.split([self.scores, 4], dim=-1)
        return Answers(logits, codes, self.anchors(x.shape[2], x.shape[3]).to(out))

    def probabilities(
        self, logits: Float[Tensor, "*shape scores"]
    ) -> Float[Tensor, "*shape classes"]:
        """Of each class that it is there."""
        if self.background:
            return logits.softmax(-1)[..., :-1]
        return logits.sigmoid()

    @torch.no_grad()
    def detect(
        self,
        x: Float[Tensor, "batch channels height width"],
        *,
        least: float = 0.05,
        overlap: float | None = 0.5,
        across_classes: bool = False,
    ) -> list[Detections]:
        """What the answers amount to, image by image: boxes of the surest, each said once.

        Args:
            x: the images.
            least: as for `linebyline.vision.detections.list_detections`.
            overlap: likewise.
            across_classes: likewise.

        Raises:
            ValueError: `overlap` is not from 0 to 1.
        """
        height, width = x.shape[2:]
        answers = self(x)
        anchors = answers.anchors.expand_as(answers.codes)
        boxes = clip(decode(answers.codes, anchors), height, width)
        chances = self.probabilities(answers.logits)
        listed = partial(
            list_detections, least=least, overlap=overlap, across_classes=across_classes
        )
        return [listed(box[:, None], chance) for box, chance in zip(boxes, chances, strict=True)]
