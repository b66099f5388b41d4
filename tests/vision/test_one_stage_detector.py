"""The detector's answers are in the order of its anchors; it learns two squares by heart."""

import math

import pytest
import torch
from kornia.geometry.bbox import nms
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.data.examples import Examples
from linebyline.data.scenes import NOTHING
from linebyline.training.loop import fit
from linebyline.vision.anchors import grid_anchors
from linebyline.vision.boxes import decode, intersection_over_union
from linebyline.vision.grid_features import GridFeatures
from linebyline.vision.multibox_loss import Answers, focal_box_loss, multibox_loss
from linebyline.vision.one_stage_detector import OneStageDetector


class Same(nn.Module):
    """Features that are the image itself, one cell a pixel of two channels."""

    out_channels, stride = 2, 1

    def forward(self, x: Tensor) -> Tensor:
        return x


def small(**options) -> OneStageDetector:
    return OneStageDetector(
        Same(), 3, sizes=(2, 4), ratios=(1, 0.5, 2), generator=generator(), **options
    ).double()


@pytest.mark.parametrize("background", [True, False])
def test_every_anchor_has_its_own_kernels(background: bool) -> None:
    model, x = small(background=background), images(2, 2, 4, 5)
    nn.init.normal_(model.head.bias, generator=generator(3))
    answers = model(x)
    assert answers.logits.shape == (2, 4 * 5 * 6, 3 + background)
    torch.testing.assert_close(
        answers.anchors,
        grid_anchors(4, 5, stride=1, sizes=(2, 4), ratios=(1, 0.5, 2)).double(),
    )
    padded = functional.pad(x, (1, 1, 1, 1))
    weight = model.head.weight.unflatten(0, (6, -1))  # an anchor of a cell each
    bias = model.head.bias.unflatten(0, (6, -1))
    for row, column, anchor in ((0, 0, 0), (2, 4, 3), (3, 1, 5)):
        patch = padded[:, :, row : row + 3, column : column + 3]
        expected = torch.einsum("ocuv,bcuv->bo", weight[anchor], patch) + bias[anchor]
        place = (row * 5 + column) * 6 + anchor
        found = torch.cat([answers.logits[:, place], answers.codes[:, place]], dim=-1)
        torch.testing.assert_close(found, expected)


def test_gradient() -> None:
    model, x = small(), images(1, 2, 2, 3).requires_grad_()

    def outputs(x: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
        answers = model(x)
        return answers.logits, answers.codes

    assert torch.autograd.gradcheck(outputs, (x, *model.parameters()))


@pytest.mark.parametrize("background", [True, False])
def test_the_prior_is_what_it_believes_at_first(background: bool) -> None:
    model = small(background=background, prior=0.01)
    nn.init.zeros_(model.head.weight)
    likely = model.probabilities(model(images(1, 2, 4, 4)).logits)
    assert likely.shape[-1] == 3
    expected = 0.01 / 3 if background else 0.01
    torch.testing.assert_close(likely, torch.full_like(likely, expected))
    codes = model(images(1, 2, 4, 4)).codes
    assert torch.equal(codes, torch.zeros_like(codes))


def answering(likely: Tensor, codes: Tensor, background: bool) -> OneStageDetector:
    """A detector that answers these probabilities (anchors, 2) and codes, whatever it sees."""
    model = OneStageDetector(Same(), 2, sizes=(2,), ratios=(1,), background=background)
    rest = 1 - likely.sum(-1, keepdim=True)
    logits = torch.cat([likely, rest], dim=-1).log() if background else likely.logit()
    anchors = model.anchors(4, 4)
    model.forward = lambda x: Answers(  # type: ignore[method-assign]
        logits.expand(len(x), -1, -1), codes.expand(len(x), -1, -1), anchors
    )
    return model


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("across", [True, False])
def test_detections_are_those_of_the_definition(background: bool, across: bool) -> None:
    likely = 0.5 * torch.rand(16, 2, generator=generator(1))
    codes = 0.3 * torch.randn(16, 4, generator=generator(2))
    model = answering(likely, codes, background)
    x = torch.zeros(3, 2, 4, 4)
    first, *_, last = model.detect(x, least=0.1, overlap=0.3, across_classes=across)
    assert torch.equal(first.boxes, last.boxes)
    boxes = decode(codes, model.anchors(4, 4)).clamp(0, 4)
    expected = set()
    groups = [[0, 1]] if across else [[0], [1]]
    for group in groups:
        rows = [(n, k) for n in range(16) for k in group if likely[n, k] >= 0.1]
        own = boxes[[n for n, _ in rows]]
        scores = torch.stack([likely[n, k] for n, k in rows])
        expected |= {rows[place] for place in nms(own, scores, 0.3).tolist()}
    found = {
        ((boxes - box).abs().sum(1).argmin().item(), label.item())
        for box, label in zip(first.boxes, first.classes, strict=True)
    }
    assert found == expected
    assert 3 < len(found) < len(likely) * 2
    assert first.scores.tolist() == sorted(first.scores.tolist(), reverse=True)
    all_of_them = model.detect(x, least=0.1, overlap=None)[0]
    assert len(all_of_them.scores) == (likely >= 0.1).sum()


def test_boxes_end_where_the_image_does_and_nothing_may_be_found() -> None:
    model = answering(torch.full((16, 2), 0.3), torch.full((16, 4), 1.0), background=True)
    x = torch.zeros(1, 2, 4, 4)
    boxes = model.detect(x)[0].boxes
    assert 0 <= boxes.min() < boxes.max() == 4
    assert model.detect(x, least=0.31)[0].boxes.shape == (0, 4)


@pytest.mark.parametrize(("loss", "background"), [(multibox_loss, True), (focal_box_loss, False)])
def test_learns_squares_by_heart(loss, background: bool) -> None:
    x = torch.zeros(6, 3, 32, 32)
    targets = torch.zeros(6, 2, 5)
    targets[..., 4] = NOTHING
    for image in range(6):
        left, top = 2 + 3 * image, 14 - 2 * image
        x[image, image % 2, top : top + 12, left : left + 12] = 1
        targets[image, 0] = torch.tensor([left, top, left + 12, top + 12, image % 2])
    g = generator()
    features = GridFeatures(channels=(8, 8, 16), generator=g)
    model = OneStageDetector(features, 2, ratios=(1,), background=background, generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    fit(model, loss, optimizer, Examples(x, targets), epochs=120, batch_size=6, device="cpu")
    for image, found in enumerate(model.detect(x, least=0.5)):
        assert found.classes.tolist() == [image % 2]
        assert intersection_over_union(found.boxes, targets[image, :1, :4]).item() > 0.8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "num_classes must be at least 1, not 0"),
        ({"prior": 0.0}, "prior must be between 0 and 1, or None, not 0.0"),
        ({"prior": 1.0}, "prior must be between 0 and 1, or None, not 1.0"),
        ({"sizes": ()}, "sizes must be one or more positive numbers"),
        ({"ratios": (1, -1)}, "ratios must be one or more positive numbers"),
    ],
)
def test_refuses(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OneStageDetector(Same(), **options)


def test_counts_its_parameters_by_hand() -> None:
    model = OneStageDetector(GridFeatures())
    assert sum(p.numel() for p in model.head.parameters()) == 4 * 15 * (9 * 64 + 1)
    assert len(model.anchors(64, 64)) == 256
    assert math.isclose(model.head.bias.abs().sum().item(), 0)
