"""Region proposal network: the first look, which says where to look again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Conv2d
from linebyline.vision.anchors import IGNORED, grid_anchors
from linebyline.vision.boxes import clip, decode
from linebyline.vision.multibox_loss import anchor_targets
from linebyline.vision.non_maximum_suppression import survivors


class Proposals(NamedTuple):
    """What the network says of every anchor, and the few boxes that are to be looked at again."""

    anchors: Float[Tensor, "anchors 4"]
    codes: Float[Tensor, "batch anchors 4"]
    """A box as seen from each anchor (`linebyline.vision.boxes.encode`)."""
    scores: Float[Tensor, "batch anchors"]
    """The log-odds that an anchor has an object, of whatever class."""
    boxes: Float[Tensor, "batch proposals 4"]
    """The proposals, surest first; the same number for every image. No gradient goes through."""
    origins: Float[Tensor, "batch proposals 4"]
    """The anchor that each proposal came from."""


class RegionProposalNetwork(nn.Module):
    """Scores and codes of all anchors from a map of features; of them a few boxes are proposed.

    Source: Ren et al. 2015, "Faster R-CNN", section 3.1: a convolution of 3 x 3 with a ReLU, and
    beside each other two of 1 x 1. Deviations: one score for an anchor and a sigmoid, where the
    paper has two and a softmax, which is the same function with more weights; every image gets the
    same number of proposals, so that all of a batch go through the second stage together: if fewer
    survive suppression, the surest of those that did not fill up.

    Args:
        in_channels: of the features.
        stride: pixels of the image from one position of the features to the next.
        sizes: of the anchors, in pixels: see `linebyline.vision.anchors.grid_anchors`.
        ratios: of the anchors.
        proposals: boxes for each image.
        candidates: of so many of the surest anchors they are chosen.
        threshold: of suppression: two proposals overlap by no more.
        generator: draws the first weights.

    Raises:
        ValueError: `proposals` is not from 1 to `candidates`; the features have fewer anchors than
            there are proposals; what anchors and suppression refuse.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        stride: int,
        sizes: Sequence[float],
        ratios: Sequence[float] = (1.0,),
        proposals: int = 16,
        candidates: int = 64,
        threshold: float = 0.7,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not 1 <= proposals <= candidates:
            raise ValueError(f"proposals must be from 1 to {candidates}, not {proposals}")
        self.stride, self.sizes, self.ratios = stride, tuple(sizes), tuple(ratios)
        self.proposals, self.candidates, self.threshold = proposals, candidates, threshold
        each = len(self.sizes) * len(self.ratios)
        self.conv = Conv2d(in_channels, in_channels, 3, padding=1, generator=generator)
        self.score = Conv2d(in_channels, each, 1, generator=generator)
        self.code = Conv2d(in_channels, 4 * each, 1, generator=generator)
        with torch.no_grad():  # section 3.1.3: at first all anchors are as good, and as they are
            for layer in (self.score, self.code):
                layer.get_parameter("weight").normal_(std=0.01, generator=generator)
                layer.get_parameter("bias").zero_()

    def forward(self, features: Float[Tensor, "batch channels height width"]) -> Proposals:
        """For an image of height · stride by width · stride pixels."""
        height, width = features.shape[2:]
        x = self.conv(features).relu()
        scores = self.score(x).permute(0, 2, 3, 1).flatten(1)  # the order of the anchors
        codes = self.code(x).permute(0, 2, 3, 1).reshape(len(x), -1, 4)
        anchors = grid_anchors(
            height, width, stride=self.stride, sizes=self.sizes, ratios=self.ratios
        ).to(codes)
        with torch.no_grad():
            side = height * self.stride, width * self.stride
            boxes = clip(decode(codes, anchors.expand_as(codes)), *side)
            chosen = self.choose(boxes, scores)  # (N, proposals)
        boxes = boxes.gather(1, chosen[..., None].expand(-1, -1, 4))
        return Proposals(anchors, codes, scores, boxes, anchors[chosen])

    def choose(
        self, boxes: Float[Tensor, "batch anchors 4"], scores: Float[Tensor, "batch anchors"]
    ) -> Tensor:
        """(batch, proposals): which boxes survive suppression, and if need be which of the rest."""
        if self.proposals > scores.shape[1]:
            raise ValueError(
                f"proposals must be at most {scores.shape[1]}, the anchors, not {self.proposals}"
            )
        surest = scores.topk(min(self.candidates, scores.shape[1])).indices  # (N, candidates)
        rivals = boxes.gather(1, surest[..., None].expand(-1, -1, 4))
        dropped = ~survivors(rivals, threshold=self.threshold)
        order = dropped.int().argsort(dim=1, stable=True)  # those that stay come first
        return surest.gather(1, order[:, : self.proposals])


def proposal_loss(
    proposals: Proposals,
    targets: Float[Tensor, "batch most 5"],
    *,
    near: float = 0.5,
    far: float = 0.3,
) -> Float[Tensor, ""]:
    """Cross-entropy of the scores plus smooth L1 of the codes.

    Source: Ren et al. 2015, equation 1. Deviations: all anchors count that are not ignored, where
    the paper draws 256 of an image; an anchor is near from an overlap of 0.5 on, not 0.7, for a
    coarse grid has few nearer ones. The mean over the batch is one over its anchors.

    Args:
        proposals: what the network answered.
        targets: see `linebyline.vision.multibox_loss.anchor_targets`; any class is an object.
        near: likewise.
        far: likewise.

    Raises:
        ValueError: `near` and `far` are out of order.
    """
    wanted = anchor_targets(proposals.anchors, targets, near=near, far=far)
    counts, positive = wanted.classes != IGNORED, wanted.classes >= 0  # (N, A)
    says = functional.binary_cross_entropy_with_logits(
        proposals.scores[counts], positive[counts].to(proposals.scores)
    )
    off = functional.smooth_l1_loss(
        proposals.codes[positive], wanted.codes[positive], reduction="sum", beta=0.1
    )
    return says + off / positive.sum().clamp(min=1)
