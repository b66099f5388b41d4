"""A detector of two stages: look for places, then look again at each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.scenes import NOTHING
from linebyline.layers.linear import Linear
from linebyline.layers.roi_align import RegionLayer, RoIAlign
from linebyline.vision.boxes import clip, decode, encode, intersection_over_union
from linebyline.vision.detections import Detections, list_detections
from linebyline.vision.region_proposal_network import (
    Proposals,
    RegionProposalNetwork,
    proposal_loss,
)

CODE_SIZES = (0.1, 0.1, 0.2, 0.2)
"""The head's codes are in these units, which makes them about 1: a proposal is nearly right."""

LOOKS = ("proposals", "anchors")


class TwoStageAnswer(NamedTuple):
    """What both stages say, before anything is thrown away."""

    first: Proposals
    codes: Float[Tensor, "batch proposals boxes 4"]
    """For each proposal a box for each class, or one for all, seen from the proposal, in units of
    `CODE_SIZES`."""
    logits: Float[Tensor, "batch proposals classes_and_background"]
    """The last is the background's."""


class TwoStageDetector(nn.Module):
    """Faster R-CNN: proposals by the network, then features of each proposal and a head on them.

    Source: Ren et al. 2015, "Faster R-CNN"; the head Girshick 2015, "Fast R-CNN", section 2; RoI
    align He et al. 2017, "Mask R-CNN". Both stages are trained together, by `two_stage_loss`, which
    Ren et al. call approximate joint training: no gradient goes through the proposals' coordinates.
    Deviations: one hidden layer in the head, where Fast R-CNN has two; true boxes are not put among
    the proposals in training, as the forward pass does not know them.

    Args:
        backbone: images to features, with the attributes `out_channels` and `stride`.
        num_classes: without the background.
        look: features and boxes to a small map for each box; None is `RoIAlign(4)`.
        look_at: "proposals"; "anchors" looks a second time where the first look was, and is there
            to be compared with.
        hidden: units of the head.
        class_wise: a box for each class, as in the papers, or one for all.
        sizes: of the anchors, in pixels.
        ratios: of the anchors.
        proposals: boxes of each image that are looked at again.
        generator: draws the first weights.

    Raises:
        ValueError: a number is below 1, `look_at` is neither, or `look` has another stride than the
            backbone; what `RegionProposalNetwork` refuses.
    """

    def __init__(
        self,
        backbone: nn.Module,
        num_classes: int,
        *,
        look: RegionLayer | None = None,
        look_at: str = "proposals",
        hidden: int = 64,
        class_wise: bool = True,
        sizes: Sequence[float] = (12.0, 20.0),
        ratios: Sequence[float] = (1.0, 2.0),
        proposals: int = 16,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("num_classes", num_classes), ("hidden", hidden)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        if look_at not in LOOKS:
            raise ValueError(f"look_at must be one of {', '.join(LOOKS)}, not {look_at!r}")
        channels: int = backbone.out_channels  # type: ignore[assignment]
        stride: int = backbone.stride  # type: ignore[assignment]
        look = look or RoIAlign(4, stride=stride)
        if look.stride != stride:
            raise ValueError(f"look must have the backbone's stride, {stride}, not {look.stride}")
        self.backbone, self.look, self.look_at = backbone, look, look_at
        self.rpn = RegionProposalNetwork(
            channels,
            stride=stride,
            sizes=sizes,
            ratios=ratios,
            proposals=proposals,
            generator=generator,
        )
        rows, columns = look.output_size
        self.hidden = Linear(channels * rows * columns, hidden, generator=generator)
        self.classifier = Linear(hidden, num_classes + 1, generator=generator)
        self.regressor = Linear(hidden, 4 * (num_classes if class_wise else 1), generator=generator)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> TwoStageAnswer:
        """All images once, and of them the same number of proposals each."""
        features = self.backbone(x)
        first = self.rpn(features)
        places = first.boxes if self.look_at == "proposals" else first.origins
        seen = self.look(features, places)  # (N, P, C, rows, columns)
        hidden = self.hidden(seen.flatten(2)).relu()
        codes = self.regressor(hidden).unflatten(-1, (-1, 4))
        return TwoStageAnswer(first, codes, self.classifier(hidden))

    @torch.no_grad()
    def detect(
        self,
        x: Float[Tensor, "batch channels height width"],
        *,
        least: float = 0.05,
        overlap: float = 0.5,
    ) -> list[Detections]:
        """What the answers amount to, image by image: boxes of the surest, each said once.

        Args:
            x: the images.
            least: as for `linebyline.vision.detections.list_detections`.
            overlap: likewise.

        Raises:
            ValueError: `overlap` is not from 0 to 1.
        """
        answer = self(x)
        units = answer.codes.new_tensor(CODE_SIZES)
        proposals = answer.first.boxes[:, :, None].expand_as(answer.codes)
        boxes = clip(decode(answer.codes * units, proposals), *x.shape[2:])  # (N, P, K or 1, 4)
        chances = answer.logits.softmax(-1)[..., :-1]  # (N, P, K)
        return [
            list_detections(box, chance, least=least, overlap=overlap)
            for box, chance in zip(boxes, chances, strict=True)
        ]


def two_stage_loss(
    answer: TwoStageAnswer,
    targets: Float[Tensor, "batch most 5"],
    *,
    near: float = 0.5,
) -> Float[Tensor, ""]:
    """The loss of the proposals plus that of the head: cross-entropy and smooth L1.

    Source: Ren et al. 2015, equation 1; Girshick 2015, equations 1 to 3. A proposal that overlaps a
    true box by `near` or more has its class and should move to it; any other is background, which
    needs no box. Only the box of the true class is asked for. Deviation: all proposals count, and
    near ones together as much as far ones; Fast R-CNN draws a quarter near and the rest far.

    Args:
        answer: of a `TwoStageDetector`.
        targets: left, top, right, bottom and class, or `NOTHING`: see
            `linebyline.data.scenes.box_targets`.
        near: from this overlap on a proposal stands for a digit.
    """
    boxes, classes = targets[..., :4], targets[..., 4].long()
    present = classes != NOTHING
    overlaps = intersection_over_union(answer.first.boxes, boxes)  # (N, P, most)
    overlap, row = overlaps.where(present[:, None], -1.0).max(2)
    positive = overlap >= near
    background = answer.logits.shape[-1] - 1
    label = classes.gather(1, row).where(positive, background)
    says = functional.cross_entropy(
        answer.logits.flatten(0, 1), label.flatten(), reduction="none"
    ).view_as(label)

    own = boxes.gather(1, row[..., None].expand(-1, -1, 4))[positive]  # (positives, 4)
    wanted = encode(own, answer.first.boxes[positive]) / own.new_tensor(CODE_SIZES)
    codes = answer.codes.expand(-1, -1, background, -1)[positive]
    codes = codes[torch.arange(len(codes), device=codes.device), label[positive]]
    off = functional.smooth_l1_loss(codes, wanted, reduction="sum")
    near_ones, far_ones = positive.sum().clamp(min=1), (~positive).sum().clamp(min=1)
    head = ((says * positive).sum() + off) / near_ones + (says * ~positive).sum() / far_ones
    return proposal_loss(answer.first, targets) + head
