"""AlexNet equals the same network of torch's modules, and has the published counts and names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from vision.conftest import generator, images

from linebyline.vision.alexnet import AlexNet

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
YEARS = pytest.mark.parametrize("year", [2012, 2014])
SMALL = {"channels": (4, 6, 8, 6, 4), "hidden_size": 10}
PUBLISHED = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
    "classifier.1": (4096, 9216),
    "classifier.4": (4096, 4096),
    "classifier.6": (1000, 4096),
}
"""The layout of the weights that everybody downloads."""


def reference(year: int, p: float = 0.5) -> nn.Sequential:
    """The small network, written out of torch's modules."""
    halves = 2 if year == 2012 else 1

    def norm() -> list[nn.Module]:  # torch divides alpha by the 5 channels
        return [nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)] if year == 2012 else []

    features = [
        *[nn.Conv2d(3, 4, 11, 4, 2), nn.ReLU(), *norm(), nn.MaxPool2d(3, 2)],
        *[nn.Conv2d(4, 6, 5, 1, 2, groups=halves), nn.ReLU(), *norm(), nn.MaxPool2d(3, 2)],
        *[nn.Conv2d(6, 8, 3, 1, 1), nn.ReLU()],
        *[nn.Conv2d(8, 6, 3, 1, 1, groups=halves), nn.ReLU()],
        *[nn.Conv2d(6, 4, 3, 1, 1, groups=halves), nn.ReLU(), nn.MaxPool2d(3, 2)],
        *[nn.AdaptiveAvgPool2d(6), nn.Flatten()],
    ]
    first, second = [nn.Linear(144, 10), nn.ReLU()], [nn.Linear(10, 10), nn.ReLU()]
    if year == 2012:
        head = [*first, nn.Dropout(p), *second, nn.Dropout(p), nn.Linear(10, 5)]
    else:
        head = [nn.Dropout(p), *first, nn.Dropout(p), *second, nn.Linear(10, 5)]
    return nn.Sequential(*features, *head).double()


@PATHS
@YEARS
@pytest.mark.parametrize("training", [True, False])
def test_equals_torch(
    same_as_torch: Callable[..., None], path: str, year: int, training: bool
) -> None:
    ours = AlexNet(5, year=year, **SMALL).double().train(training)
    theirs = reference(year).train(training)
    same_as_torch(ours, theirs, images(2, 3, 95, 127), std=0.3, path=path)


def test_has_the_published_layout() -> None:
    with torch.device("meta"):
        state = AlexNet().state_dict()
    expected = {}
    for name, shape in PUBLISHED.items():
        expected |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    assert {name: tuple(value.shape) for name, value in state.items()} == expected


@pytest.mark.parametrize(("year", "count"), [(2014, 61_100_840), (2012, 60_965_224)])
def test_has_as_many_parameters_as_published(year: int, count: int) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in AlexNet(year=year).parameters()) == count


def test_the_two_towers_see_what_the_paper_says() -> None:
    with torch.device("meta"):
        model = AlexNet(year=2012)
    kernels = [tuple(p.shape) for p in model.features.parameters() if p.ndim == 4]
    assert kernels == [
        (96, 3, 11, 11),
        (256, 48, 5, 5),
        (384, 256, 3, 3),
        (384, 192, 3, 3),
        (256, 192, 3, 3),
    ]


@YEARS
def test_maps_are_as_large_as_in_the_paper(year: int) -> None:
    with torch.device("meta"):
        model, x = AlexNet(year=year).eval(), torch.empty(1, 3, 224, 224)
        sides = []
        for layer in model.features:
            x = layer(x)
            if not sides or x.shape[-1] != sides[-1]:
                sides.append(x.shape[-1])
        assert sides == [55, 27, 13, 6]
        assert model.classifier(x.flatten(1)).shape == (1, 1000)


@YEARS
def test_learns_a_batch_by_heart(year: int) -> None:
    model = AlexNet(3, channels=(6, 8, 8, 8, 8), hidden_size=32, dropout=0.0, year=year)
    AlexNet.reset_parameters(model, generator())
    if year == 2012:  # its beginning is for the full width
        for parameter in model.parameters():
            if parameter.ndim > 1:
                nn.init.kaiming_normal_(parameter, generator=generator(1))
    x = images(6, 3, 63, 63).float()
    y = torch.tensor([0, 1, 2, 0, 1, 2])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(60):
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_starts_so_that_signals_keep_their_size() -> None:
    model = AlexNet(10, channels=(32, 32, 32, 32, 32), hidden_size=64, generator=generator()).eval()
    with torch.no_grad():
        logits = model(images(8, 3, 127, 127).float())
    assert 0.3 < logits.std() < 5  # pooling takes the largest of 9
    assert all((p == 0).all() for p in model.features.parameters() if p.ndim == 1)
    assert model.classifier[6].weight.abs().max() <= 1 / 64**0.5


def test_starts_in_2012_as_section_5_says() -> None:
    model = AlexNet(10, year=2012, hidden_size=64, generator=generator())
    weights = [p for p in model.parameters() if p.ndim > 1]
    assert len(weights) == 8
    for weight in weights:
        assert weight.std().item() == pytest.approx(0.01, rel=0.1)
    biases = [p for p in model.parameters() if p.ndim == 1]
    assert [p.unique().tolist() for p in biases] == [[b] for b in (0, 1, 0, 1, 1, 1, 1, 0)]


@YEARS
def test_a_generator_draws_what_it_drew(year: int) -> None:
    before = torch.get_rng_state()
    one, other = (AlexNet(5, year=year, **SMALL, generator=generator(7)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for p, q in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)


def test_takes_grey_images() -> None:
    assert AlexNet(5, in_channels=1, **SMALL)(torch.zeros(2, 1, 63, 63)).shape == (2, 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AlexNet(year=2013), "year must be 2012 or 2014, not 2013"),
        (lambda: AlexNet(channels=(8, 8)), r"channels must be five numbers, not \[8, 8\]"),
        (lambda: AlexNet(year=2012, channels=(3, 3, 3, 3, 3)), "multiple of groups=2, not 3"),
        (lambda: AlexNet(0, **SMALL), "out_features must be at least 1, not 0"),
        (lambda: AlexNet(dropout=1.0, **SMALL), "p must be at least 0 and below 1, not 1.0"),
    ],
)
def test_refuses_arguments(make: Callable[[], AlexNet], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@PATHS
@pytest.mark.parametrize("shape", [(1, 4, 63, 63), (1, 3, 62, 63)])
def test_refuses_other_channels_and_small_images(path: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="x must"):
        getattr(AlexNet(5, **SMALL), path)(torch.zeros(shape))
