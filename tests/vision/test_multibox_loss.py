"""What each anchor is asked for, which negatives count, and both losses term by term."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from vision.conftest import generator

from linebyline.data.scenes import NOTHING
from linebyline.vision.anchors import BACKGROUND, IGNORED, grid_anchors
from linebyline.vision.boxes import decode, intersection_over_union
from linebyline.vision.multibox_loss import (
    Answers,
    anchor_targets,
    focal_box_loss,
    hard_negatives,
    multibox_loss,
)

CLASSES = 3


def some(images: int = 4, scores: int = CLASSES + 1) -> tuple[Answers, Tensor]:
    """Random answers in double precision, and boxes: three, two, one and none in an image."""
    random = generator()
    anchors = grid_anchors(4, 4, stride=8, sizes=[10, 14], ratios=[1, 2]).double()
    low = 16 * torch.rand(images, 3, 2, generator=random, dtype=torch.float64)
    size = 7 + 9 * torch.rand(images, 3, 2, generator=random, dtype=torch.float64)
    classes = torch.randint(CLASSES, (images, 3, 1), generator=random)
    classes[torch.arange(3) >= 3 - torch.arange(images)[:, None]] = NOTHING
    boxes = torch.cat([low, low + size], dim=-1) * (classes != NOTHING)
    logits = torch.randn(images, len(anchors), scores, generator=random, dtype=torch.float64)
    codes = torch.randn(images, len(anchors), 4, generator=random, dtype=torch.float64)
    return Answers(logits, codes, anchors), torch.cat([boxes, classes], dim=-1)


def test_targets_by_hand() -> None:
    anchors = torch.tensor([[0.0, 0, 8, 8], [8, 0, 16, 8], [0, 8, 8, 16], [8, 8, 16, 16]])
    targets = torch.tensor([[[1.0, 0, 9, 8, 7], [8, 8, 12, 16, 2], [0, 0, 0, 0, NOTHING]]])
    found = anchor_targets(anchors, targets)
    # The first box shares 7 of 9 columns with the first anchor. The second is half the last one.
    assert found.classes.tolist() == [[7, BACKGROUND, BACKGROUND, 2]]
    expected = [[1 / 8, 0, 0, 0], [0] * 4, [0] * 4, [-2 / 8, 0, -math.log(2), 0]]
    torch.testing.assert_close(found.codes, torch.tensor([expected]))


@pytest.mark.parametrize("far", [0.3, 0.5])
def test_matched_anchors_have_the_class_and_the_code_of_a_box_that_they_overlap(far) -> None:
    answers, targets = some()
    found = anchor_targets(answers.anchors, targets, far=far)
    assert found.codes.isfinite().all()
    seen = set()
    for image, all_rows in enumerate(targets):
        rows = all_rows[all_rows[:, 4] != NOTHING]
        overlaps = intersection_over_union(answers.anchors, rows[:, :4])
        decoded = decode(found.codes[image], answers.anchors)
        for anchor, label in enumerate(found.classes[image].tolist()):
            best = overlaps[anchor].max().item() if len(rows) else 0.0
            if label >= 0:
                same = (rows[:, :4] - decoded[anchor]).abs().max(1).values < 1e-9
                assert rows[same, 4].tolist() == [label]
                seen.add("near" if best >= 0.5 else "own")
            else:
                torch.testing.assert_close(decoded[anchor], answers.anchors[anchor])
                assert best < 0.5
                assert label == (BACKGROUND if best < far else IGNORED)
                seen.add(label)
        if not len(rows):
            assert (found.classes[image] == BACKGROUND).all()
    assert seen == {"near", "own", BACKGROUND} | ({IGNORED} if far < 0.5 else set())


def test_hard_negatives_by_hand() -> None:
    losses = torch.tensor([[9.0, 1, 5, 3, 4, 2], [1, 2, 3, 4, 5, 6], [7, 7, 7, 7, 7, 7]])
    positive = torch.zeros(3, 6, dtype=torch.bool)
    positive[0, 0] = positive[2, :4] = True
    negative = ~positive
    negative[0, 2] = False  # ignored
    found = hard_negatives(losses, positive, negative, ratio=3)
    assert found.int().tolist() == [[0, 0, 0, 1, 1, 1], [0] * 6, [0, 0, 0, 0, 1, 1]]
    found = hard_negatives(losses, positive, negative, ratio=1.5)
    assert found[0].int().tolist() == [0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("ratio", [0.0, 1.0, 3.0, None])
def test_multibox_loss_is_its_formula(ratio: float | None) -> None:
    answers, targets = some()
    wanted = anchor_targets(answers.anchors, targets)
    total, matched, counts = 0.0, 0, []
    for image in range(4):
        log_p = answers.logits[image].log_softmax(-1)
        label = wanted.classes[image]
        (own,) = (label >= 0).nonzero(as_tuple=True)
        total -= log_p[own, label[own]].sum().item()
        against = -log_p[label == BACKGROUND, -1]
        hardest = against.sort(descending=True).values
        if ratio is not None:
            hardest = hardest[: int(ratio * len(own))]
        total += hardest.sum().item()
        counts.append(len(hardest))
        total += 2 * functional.smooth_l1_loss(
            answers.codes[image, own], wanted.codes[image, own], reduction="sum"
        )
        matched += len(own)
    found = multibox_loss(answers, targets, ratio=ratio, box_weight=2)
    assert found.item() == pytest.approx(float(total) / matched)
    assert matched > 10
    if ratio:
        assert 0 == counts[-1] < min(counts[:-1])


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (0.0, None)])
def test_focal_box_loss_is_its_formula(gamma: float, alpha: float | None) -> None:
    answers, targets = some(scores=CLASSES)
    wanted = anchor_targets(answers.anchors, targets, far=0.3)
    total, ignored = 0.0, 0
    for image in range(4):
        for anchor, label in enumerate(wanted.classes[image].tolist()):
            if label == IGNORED:
                ignored += 1
                continue
            for number in range(CLASSES):
                p = torch.sigmoid(answers.logits[image, anchor, number]).item()
                p_t = p if number == label else 1 - p
                weight = 1.0 if alpha is None else alpha if number == label else 1 - alpha
                total -= weight * (1 - p_t) ** gamma * math.log(p_t)
            if label >= 0:
                total += functional.smooth_l1_loss(
                    answers.codes[image, anchor], wanted.codes[image, anchor], reduction="sum"
                ).item()
    matched = (wanted.classes >= 0).sum().item()
    found = focal_box_loss(answers, targets, gamma=gamma, alpha=alpha, far=0.3)
    assert found.item() == pytest.approx(total / matched)
    assert ignored > 3


@pytest.mark.parametrize(("loss", "scores"), [(multibox_loss, 4), (focal_box_loss, 3)])
def test_gradient(loss, scores: int) -> None:
    answers, targets = some(2, scores)
    assert torch.autograd.gradcheck(
        lambda logits, codes: loss(Answers(logits, codes, answers.anchors), targets),
        (answers.logits.requires_grad_(), answers.codes.requires_grad_()),
    )


@pytest.mark.parametrize(("loss", "scores"), [(multibox_loss, 4), (focal_box_loss, 3)])
def test_nothing_to_find(loss, scores: int) -> None:
    answers, targets = some(2, scores)
    targets[:] = 0
    targets[..., 4] = NOTHING
    assert loss(answers, targets).isfinite()
    assert multibox_loss(some(2)[0], targets) == 0  # no positive, so no negative either


def test_a_right_answer_costs_next_to_nothing() -> None:
    answers, targets = some()
    wanted = anchor_targets(answers.anchors, targets)
    label = torch.where(wanted.classes >= 0, wanted.classes, CLASSES)
    logits = 30.0 * functional.one_hot(label, CLASSES + 1).double()
    right = Answers(logits, wanted.codes, answers.anchors)
    assert multibox_loss(right, targets, ratio=None) < 1e-9
    yes = Answers(logits[..., :CLASSES] - 15, wanted.codes, answers.anchors)
    assert focal_box_loss(yes, targets) < 1e-9


def test_refuses() -> None:
    answers, targets = some()
    with pytest.raises(ValueError, match="ratio must be zero or more, or None for all negatives"):
        multibox_loss(answers, targets, ratio=-1)
    with pytest.raises(ValueError, match=r"far is 0\.6 and near is 0\.5"):
        multibox_loss(answers, targets, far=0.6)
    with pytest.raises(ValueError, match="gamma must be zero or more"):
        focal_box_loss(answers, targets, gamma=-1)
