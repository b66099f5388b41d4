"""The two-stage detector: its parts in their order, its loss by its equations, what is left."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from linebyline.data.examples import Examples
from linebyline.data.scenes import NOTHING
from linebyline.layers.roi_align import RoIAlign, RoIPool
from linebyline.training.loop import fit
from linebyline.vision.boxes import clip, decode, encode, intersection_over_union
from linebyline.vision.grid_features import GridFeatures
from linebyline.vision.region_proposal_network import proposal_loss
from linebyline.vision.two_stage_detector import (
    CODE_SIZES,
    TwoStageAnswer,
    TwoStageDetector,
    two_stage_loss,
)


def detector(seed: int = 0, **options) -> TwoStageDetector:
    random = torch.Generator().manual_seed(seed)
    backbone = GridFeatures(channels=(4, 6), generator=random)  # stride 4
    options = {"sizes": (8, 14), "proposals": 6, "hidden": 9} | options
    return TwoStageDetector(backbone, 3, generator=random, **options)


def images(count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, 24, 32, generator=torch.Generator().manual_seed(1))


TARGETS = torch.tensor(
    [
        [[3.0, 4, 11, 14, 2], [15, 5, 30, 20, 0]],
        [[10.0, 8, 18, 17, 1], [0, 0, 0, 0, NOTHING]],
    ]
)


@pytest.mark.parametrize("look_at", ["proposals", "anchors"])
@pytest.mark.parametrize("class_wise", [True, False])
def test_second_stage_sees_the_features_of_its_places(look_at, class_wise) -> None:
    model = detector(look_at=look_at, class_wise=class_wise).double().eval()
    x = images().double()
    answer = model(x)
    features = model.backbone(x)
    first = model.rpn(features)
    assert isinstance(answer, TwoStageAnswer)
    torch.testing.assert_close(tuple(answer.first), tuple(first))
    places = first.boxes if look_at == "proposals" else first.origins
    for n, p in ((0, 0), (1, 5)):
        seen = RoIAlign(4, stride=4).explicit(features[n, None], places[n, None, p, None])
        hidden = (seen.flatten() @ model.hidden.weight.T + model.hidden.bias).relu()
        logits = hidden @ model.classifier.weight.T + model.classifier.bias
        torch.testing.assert_close(answer.logits[n, p], logits)
        codes = hidden @ model.regressor.weight.T + model.regressor.bias
        torch.testing.assert_close(answer.codes[n, p], codes.view(3 if class_wise else 1, 4))


@pytest.mark.parametrize("class_wise", [True, False])
def test_loss_by_its_equations(class_wise) -> None:
    model = detector(class_wise=class_wise).double()
    answer = model(images().double())
    # Boxes near proposals, and the second of an image near none.
    targets = TARGETS.double().clone()
    targets[0, 0, :4] = answer.first.boxes[0, 1] + 0.5
    targets[1, 0, :4] = answer.first.boxes[1, 3] - torch.tensor([1.0, 0, 0, 1])
    boxes, classes = targets[..., :4], targets[..., 4].long()
    near, far, off = [], [], []
    for n in range(2):
        truth = [row for row in range(2) if classes[n, row] != NOTHING]
        overlaps = intersection_over_union(answer.first.boxes[n], boxes[n, truth])
        for p in range(6):
            chances = answer.logits[n, p].log_softmax(0)
            row = truth[overlaps[p].argmax().item()]
            if overlaps[p].max() < 0.5:
                far.append(-chances[3])
                continue
            near.append(-chances[classes[n, row]])
            wanted = encode(boxes[n, row], answer.first.boxes[n, p]) / torch.tensor(CODE_SIZES)
            code = answer.codes[n, p, classes[n, row] if class_wise else 0]
            off.append(functional.smooth_l1_loss(code, wanted, reduction="sum"))
    assert len(near) >= 2
    assert far
    expected = (
        proposal_loss(answer.first, targets)
        + torch.stack(near).mean()
        + torch.stack(far).mean()
        + torch.stack(off).mean()
    )
    torch.testing.assert_close(two_stage_loss(answer, targets), expected)


def test_loss_of_scenes_without_digits_is_finite() -> None:
    model = detector()
    nothing = TARGETS.clone()
    nothing[..., 4] = NOTHING
    loss = two_stage_loss(model(images()), nothing)
    loss.backward()
    assert loss.isfinite()


def test_gradient_reaches_every_parameter_and_no_proposal() -> None:
    model = detector()
    answer = model(images())
    targets = TARGETS.clone()
    targets[:, 0, :4] = answer.first.boxes[:, 0] + 0.2
    two_stage_loss(answer, targets).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
    assert not answer.first.boxes.requires_grad


def test_detections_are_what_the_answers_amount_to() -> None:
    model = detector().double().eval()
    with torch.no_grad():
        model.classifier.bias[1] = 2.0
    x = images().double()
    answer = model(x)
    found = model.detect(x, least=0.1, overlap=0.3)
    units = torch.tensor(CODE_SIZES)
    for n, each in enumerate(found):
        chances = answer.logits[n].softmax(1)[:, :3]
        expected = []
        for c in range(3):
            boxes = clip(decode(answer.codes[n, :, c] * units, answer.first.boxes[n]), 24, 32)
            kept: list[int] = []
            for p in chances[:, c].argsort(descending=True).tolist():
                if chances[p, c] < 0.1:
                    continue
                if kept and intersection_over_union(boxes[p, None], boxes[kept]).max() > 0.3:
                    continue
                kept.append(p)
            expected += [(chances[p, c].item(), c, boxes[p].tolist()) for p in kept]
        ours = zip(each.scores.tolist(), each.classes.tolist(), each.boxes.tolist(), strict=True)
        for one, other in zip(ours, sorted(expected, reverse=True), strict=True):
            assert one[0] == pytest.approx(other[0])
            assert one[1] == other[1]
            assert one[2] == pytest.approx(other[2])
        assert len(each.scores)


@pytest.mark.parametrize("look", [RoIAlign, RoIPool])
def test_it_learns_two_images_by_heart(look) -> None:
    model = detector(look=look(4, stride=4), hidden=32)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    data = Examples(images(), TARGETS)
    fit(model, two_stage_loss, optimizer, data, epochs=150, batch_size=2, device="cpu")
    found = model.train().detect(data.inputs, least=0.5)  # its norms as they learned
    for each, rows in zip(found, TARGETS, strict=True):
        target = rows[rows[:, 4] != NOTHING]
        assert sorted(each.classes.tolist()) == sorted(target[:, 4].long().tolist())
        overlaps = intersection_over_union(each.boxes, target[:, :4])
        assert overlaps.max(1).values.min() > 0.8


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses() -> None:
    for name in ("num_classes", "hidden"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
            TwoStageDetector(GridFeatures(), **({"num_classes": 3} | {name: 0}))
    with pytest.raises(ValueError, match="look_at must be one of proposals, anchors, not 'here'"):
        detector(look_at="here")
    with pytest.raises(ValueError, match="look must have the backbone's stride, 4, not 8"):
        detector(look=RoIPool(2, stride=8))
    with pytest.raises(ValueError, match="proposals must be from 1 to 64"):
        detector(proposals=0)
