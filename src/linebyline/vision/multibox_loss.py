"""The loss of a one-stage detector: which anchors are asked for what, and how much each counts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from linebyline.data.scenes import NOTHING
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.losses.focal import focal_loss
from linebyline.losses.huber import huber_loss
from linebyline.vision.anchors import BACKGROUND, IGNORED, match
from linebyline.vision.boxes import encode


class Answers(NamedTuple):
    """What a detector answers for every anchor of every image, and the anchors themselves."""

    logits: Float[Tensor, "images anchors scores"]
    """A score for each class and, with softmax, one more at the end for the background."""
    codes: Float[Tensor, "images anchors 4"]
    """The box as seen from the anchor: see `linebyline.vision.boxes.encode`."""
    anchors: Float[Tensor, "anchors 4"]


class AnchorTargets(NamedTuple):
    """What every anchor should answer."""

    classes: Int[Tensor, "images anchors"]
    """A class from 0 on, `BACKGROUND` or `IGNORED`."""
    codes: Float[Tensor, "images anchors 4"]
    """Zeros where there is no class."""


def anchor_targets(
    anchors: Float[Tensor, "anchors 4"],
    targets: Float[Tensor, "images most 5"],
    *,
    near: float = 0.5,
    far: float = 0.5,
) -> AnchorTargets:
    """From boxes, as many as an image has, to one right answer for each anchor.

    Source: Liu et al. 2016, *SSD: Single shot multibox detector*, section 2.2: an anchor (they say
    default box) answers for the box that it overlaps by more than 0.5, and the best one in any
    case; all others for the background.

    Args:
        anchors: the same for all images.
        targets: left, top, right, bottom and class, as `linebyline.data.scenes.box_targets` has
            them; `NOTHING` is the class in rows that are not used.
        near: the overlap from which on an anchor answers for a box.
        far: the overlap below which it answers for the background; between the two for nothing.

    Raises:
        ValueError: `near` and `far` are out of order.
    """
    boxes, classes = targets[..., :4], targets[..., 4].long()
    box = match(anchors, boxes, classes != NOTHING, near=near, far=far).box  # (N, A)
    matched = box >= 0
    row = box.clamp(min=0)
    own = boxes.gather(1, row[..., None].expand(-1, -1, 4))
    # The anchor itself where there is no box, for no box has no logarithm.
    own = torch.where(matched[..., None], own, anchors)
    return AnchorTargets(
        torch.where(matched, classes.gather(1, row), box), encode(own, anchors.expand_as(own))
    )


def hard_negatives(
    losses: Float[Tensor, "images anchors"],
    positive: Bool[Tensor, "images anchors"],
    negative: Bool[Tensor, "images anchors"],
    *,
    ratio: float,
) -> Bool[Tensor, "images anchors"]:
    """Of each image's negatives those with the greatest losses, `ratio` times as many as positives.

    Source: Liu et al. 2016, section 2.2, with the ratio 3. Of losses that are equal as many are
    taken as there is room for.
    """
    room = (ratio * positive.sum(1, keepdim=True)).long()
    order = losses.masked_fill(~negative, -torch.inf).argsort(dim=1, descending=True, stable=True)
    rank = order.argsort(dim=1)  # the place of each anchor in that order
    return negative & (rank < room)


def multibox_loss(
    answers: Answers,
    targets: Float[Tensor, "images most 5"],
    *,
    ratio: float | None = 3.0,
    near: float = 0.5,
    far: float = 0.5,
    box_weight: float = 1.0,
) -> Float[Tensor, ""]:
    """(Σ cross-entropy + box_weight · Σ smooth L1 of the codes) / how many anchors are matched.

    Source: Liu et al. 2016, equations 1 to 3. The first sum is over the matched anchors and the
    hard negatives, the second over the matched ones. Smooth L1 is Huber's loss with δ = 1.
    Deviations: the paper's code divides the codes by 0.1 and 0.2, for which `box_weight` stands
    here; hard negatives are chosen in each image, as there; boxes of all images are one sum, so the
    loss of a batch is no mean of its images' losses.

    Args:
        answers: with one logit more than classes, the last for the background.
        targets: as for `anchor_targets`.
        ratio: negatives for each positive; None takes all of them.
        near: as for `anchor_targets`.
        far: as for `anchor_targets`.
        box_weight: of the second sum.

    Raises:
        ValueError: `ratio` is negative, or as for `anchor_targets`.
    """
    if ratio is not None and not ratio >= 0:
        raise ValueError(f"ratio must be zero or more, or None for all negatives, not {ratio}")
    wanted = anchor_targets(answers.anchors, targets, near=near, far=far)
    positive, negative = wanted.classes >= 0, wanted.classes == BACKGROUND
    background = answers.logits.shape[-1] - 1
    label = torch.where(positive, wanted.classes, background)
    losses = cross_entropy(answers.logits.movedim(-1, 1), label, reduction="none")  # (N, A)
    if ratio is not None:
        negative = hard_negatives(losses.detach(), positive, negative, ratio=ratio)
    matched = positive.sum().clamp(min=1)
    classified = (losses * (positive | negative)).sum()
    return (classified + box_weight * _box_loss(answers, wanted)) / matched


def focal_box_loss(
    answers: Answers,
    targets: Float[Tensor, "images most 5"],
    *,
    gamma: float = 2.0,
    alpha: float | None = 0.25,
    near: float = 0.5,
    far: float = 0.4,
    box_weight: float = 1.0,
) -> Float[Tensor, ""]:
    """(Σ focal loss over all anchors and classes + box_weight · Σ smooth L1) / matched anchors.

    Source: Lin et al. 2017, *Focal loss for dense object detection*, section 4.1: near is 0.5, far
    0.4, and anchors between them do not count.

    Args:
        answers: with as many logits as classes, each a yes or a no.
        targets: as for `anchor_targets`.
        gamma: as for `linebyline.losses.focal.focal_loss`; 0 is cross-entropy.
        alpha: as for `linebyline.losses.focal.focal_loss`.
        near: as for `anchor_targets`.
        far: as for `anchor_targets`.
        box_weight: of the second sum.

    Raises:
        ValueError: as for `focal_loss` and `anchor_targets`.
    """
    wanted = anchor_targets(answers.anchors, targets, near=near, far=far)
    label = torch.arange(answers.logits.shape[-1], device=wanted.classes.device)
    truth = (wanted.classes[..., None] == label).to(answers.logits)  # (N, A, K), 0 on background
    losses = focal_loss(answers.logits, truth, gamma=gamma, alpha=alpha, reduction="none")
    counted = wanted.classes != IGNORED
    matched = (wanted.classes >= 0).sum().clamp(min=1)
    classified = (losses * counted[..., None]).sum()
    return (classified + box_weight * _box_loss(answers, wanted)) / matched


def _box_loss(answers: Answers, wanted: AnchorTargets) -> Float[Tensor, ""]:
    """Summed over the matched anchors' four codes."""
    losses = huber_loss(answers.codes, wanted.codes, reduction="none")
    return (losses.sum(-1) * (wanted.classes >= 0)).sum()
