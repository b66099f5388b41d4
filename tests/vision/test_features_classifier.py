"""Two halves and an average between them: equal to torch's parts in a row, on both paths."""

import pytest
import torch
from torch import nn

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.linear import Linear
from linebyline.layers.pooling import AdaptiveAvgPool2d
from linebyline.layers.rectifiers import ReLU
from linebyline.vision.features_classifier import FeaturesClassifier


def made() -> FeaturesClassifier:
    features = nn.Sequential(Conv2d(2, 3, 3), ReLU())
    return FeaturesClassifier(
        features, AdaptiveAvgPool2d(2), nn.Sequential(Linear(12, 4), ReLU(), Linear(4, 5))
    ).double()


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_equals_the_parts_in_a_row(path: str) -> None:
    ours = made()
    theirs = nn.Sequential(
        *(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
        *(nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 5)),
    ).double()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    x = torch.randn(3, 2, 7, 6, dtype=torch.float64)
    y, expected = getattr(ours, path)(x), theirs(x)
    torch.testing.assert_close(y, expected)
    y.pow(3).sum().backward()
    expected.pow(3).sum().backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_the_explicit_path_asks_every_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = made(), []
    for name, layer in model.named_modules():
        if explicit := getattr(layer, "explicit", None):
            if layer is model:
                continue

            def noted(x, name=name, explicit=explicit):
                asked.append(name)
                return explicit(x)

            monkeypatch.setattr(layer, "explicit", noted)
    model.explicit(torch.zeros(1, 2, 5, 5, dtype=torch.float64))
    halves = [f"features.{i}" for i in range(2)], [f"classifier.{i}" for i in range(3)]
    assert asked == [*halves[0], "avgpool", *halves[1]]


def test_names_begin_with_the_two_halves() -> None:
    assert {name.split(".")[0] for name in made().state_dict()} == {"features", "classifier"}
