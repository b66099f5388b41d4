"""VGG equals the same network of torch's modules, and has the published counts and names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from vision.conftest import generator, images

from linebyline.vision.vgg import VGG

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
SMALL = {"channels": (4, 5), "hidden_size": 9, "pooled_size": 3}
COLUMNS = {
    11: [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    13: [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    16: [*[64] * 2, "M", *[128] * 2, "M", *[256] * 3, "M", *[512] * 3, "M", *[512] * 3, "M"],
    19: [*[64] * 2, "M", *[128] * 2, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"],
}
"""Table 1 of the paper, columns A, B, D, E: a convolution by its channels, M for a pooling."""
COUNTS = {
    (11, False): 132_863_336,
    (13, False): 133_047_848,
    (16, False): 138_357_544,
    (19, False): 143_667_240,
    (11, True): 132_868_840,
    (13, True): 133_053_736,
    (16, True): 138_365_992,
    (19, True): 143_678_248,
}


def reference(
    column: Sequence[int | str], batch_norm: bool, hidden: int, pooled: int
) -> nn.Sequential:
    """Out of torch's modules, column by column of the table."""
    parts: list[nn.Module] = []
    seen, outputs = 3, 0
    for entry in column:
        if entry == "M":
            parts.append(nn.MaxPool2d(2, 2))
            continue
        outputs = int(entry)
        parts.append(nn.Conv2d(seen, outputs, 3, padding=1))
        parts += [nn.BatchNorm2d(outputs)] if batch_norm else []
        parts.append(nn.ReLU())
        seen = outputs
    parts += [nn.AdaptiveAvgPool2d(pooled), nn.Flatten()]
    parts += [nn.Linear(outputs * pooled**2, hidden), nn.ReLU(), nn.Dropout(0.5)]
    parts += [nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, 6)]
    return nn.Sequential(*parts).double()


@PATHS
@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_equals_torch(
    same_as_torch: Callable[..., None], path: str, batch_norm: bool, training: bool
) -> None:
    ours = VGG((1, 2), batch_norm=batch_norm, num_classes=6, **SMALL).double().train(training)
    theirs = reference([4, "M", 5, 5, "M"], batch_norm, 9, 3).train(training)
    same_as_torch(ours, theirs, images(3, 3, 13, 20), std=0.4, path=path)


@pytest.mark.parametrize(("depth", "batch_norm"), COUNTS)
def test_has_the_published_layout_and_count(depth: int, batch_norm: bool) -> None:
    with torch.device("meta"):
        model = VGG(depth, batch_norm=batch_norm)
    assert sum(p.numel() for p in model.parameters()) == COUNTS[depth, batch_norm]
    expected: dict[str, tuple[int, ...]] = {}
    seen = 3
    index = 0
    for entry in COLUMNS[depth]:
        if entry != "M":
            expected[f"features.{index}.weight"] = (entry, seen, 3, 3)
            expected[f"features.{index}.bias"] = (entry,)
            index += 1
            if batch_norm:
                for name in ("weight", "bias", "running_mean", "running_var"):
                    expected[f"features.{index}.{name}"] = (entry,)
                expected[f"features.{index}.num_batches_tracked"] = ()
                index += 1
            seen = entry
        index += 1  # the rectifier, or the pooling
    for number, shape in ((0, (4096, 25088)), (3, (4096, 4096)), (6, (1000, 4096))):
        expected[f"classifier.{number}.weight"] = shape
        expected[f"classifier.{number}.bias"] = shape[:1]
    assert {name: tuple(value.shape) for name, value in model.state_dict().items()} == expected


def test_an_image_of_224_pixels_comes_down_to_7() -> None:
    with torch.device("meta"):
        model, x = VGG(16).eval(), torch.empty(1, 3, 224, 224)
        assert model.features(x).shape == (1, 512, 7, 7)
        assert model(x).shape == (1, 1000)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_learns_a_batch_by_heart(batch_norm: bool) -> None:
    model = VGG(
        (1, 1, 2),
        batch_norm=batch_norm,
        num_classes=3,
        channels=(8, 8, 16),
        hidden_size=32,
        pooled_size=1,
        dropout=0.0,
        generator=generator(),
    )
    x, y = images(6, 3, 16, 16).float(), torch.tensor([0, 1, 2, 0, 1, 2])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(60):
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_starts_so_that_signals_keep_their_size() -> None:
    sizes = {"channels": (32, 32, 32, 32, 32), "hidden_size": 64, "num_classes": 10}
    model = VGG(19, **sizes, generator=generator()).eval()
    with torch.no_grad():
        logits = model(images(8, 3, 64, 64).float())
    assert 0.1 < logits.std() < 5
    assert all((p == 0).all() for p in model.parameters() if p.ndim == 1)
    assert model.classifier[6].weight.abs().max() <= 1 / 64**0.5


def test_normalizations_start_as_they_do() -> None:
    model = VGG((1,), batch_norm=True, channels=(4,), hidden_size=4, num_classes=2)
    assert model.features[1].weight.tolist() == [1, 1, 1, 1]


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    one, other = (VGG((1, 2), **SMALL, num_classes=6, generator=generator(7)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)


def test_takes_grey_images() -> None:
    model = VGG((1, 2), **SMALL, num_classes=6, in_channels=1)
    assert model(torch.zeros(2, 1, 14, 14)).shape == (2, 6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VGG(12), "depth must be one of 11, 13, 16, 19, or the number .* not 12"),
        (lambda: VGG((1, 0), **SMALL), r"at least 1 convolution, not \(1, 0\)"),
        (lambda: VGG((), **SMALL), r"at least 1 convolution, not \(\)"),
        (lambda: VGG(11, channels=(4, 5)), r"each of 5 stages, not \(4, 5\)"),
        (lambda: VGG((1, 2), channels=(4, 0)), "out_channels must be at least 1, not 0"),
    ],
)
def test_refuses_arguments(make: Callable[[], VGG], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@PATHS
@pytest.mark.parametrize("shape", [(2, 4, 8, 8), (2, 3, 3, 8)])
def test_refuses_other_channels_and_small_images(path: str, shape: tuple[int, ...]) -> None:
    model = VGG((1, 2), **SMALL, num_classes=6)
    with pytest.raises(ValueError, match="x must"):
        getattr(model, path)(torch.zeros(shape))
