"""LeNet equals a plain torch Sequential with its weights, learns, and says what it cannot take."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from vision.conftest import generator, images

from linebyline.vision.lenet import LeNet, sides_after

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def small(**options: object) -> LeNet:
    return LeNet(
        8, channels=(2, 3), kernel_size=3, padding=1, hidden=(5,), num_classes=4, **options
    )


def torchs(model: LeNet, padding: int = 1) -> nn.Sequential:
    """The same network in torch's parts, with copied weights."""
    parts: list[nn.Module] = []
    for layer in model.features:
        if "Conv" in type(layer).__name__:
            outputs, inputs, size, _ = layer.weight.shape
            conv = nn.Conv2d(inputs, outputs, size, padding=padding).double()
            conv.load_state_dict(layer.state_dict())
            parts += [conv, nn.ReLU(), nn.MaxPool2d(2)]
    parts.append(nn.Flatten())
    for layer in model.classifier.layers:
        linear = nn.Linear(layer.in_features, layer.out_features).double()
        linear.load_state_dict(layer.state_dict())
        parts += [linear, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


@PATHS
def test_equals_torchs_parts(path: str) -> None:
    ours = small(in_channels=2, generator=generator()).double()
    theirs = torchs(ours)
    x = images(5, 2, 8, 8, seed=1)
    x_ours, x_theirs = (x.clone().requires_grad_() for _ in range(2))
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-11, atol=1e-13)
    for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, its.grad, rtol=1e-11, atol=1e-13)


@PATHS
def test_gradient(path: str) -> None:
    model = LeNet(4, channels=(2,), kernel_size=3, padding=1, hidden=(), num_classes=2).double()
    x = images(2, 1, 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: getattr(model, path)(x), (x, *model.parameters()))


def test_the_default_has_the_sizes_that_its_docstring_counts() -> None:
    model = LeNet()
    sides = []
    x = torch.zeros(1, 1, 28, 28)
    for layer in model.features:
        x = layer(x)
        sides.append(tuple(x.shape[1:]))
    assert [*sides[::3], sides[2], sides[5]] == [(6, 24, 24), (16, 8, 8), (6, 12, 12), (16, 4, 4)]
    by_hand = 6 * 26 + 16 * 151 + 120 * 257 + 84 * 121 + 10 * 85
    assert sum(p.numel() for p in model.parameters()) == by_hand == 44_426


@pytest.mark.parametrize(
    ("arguments", "sides"),
    [
        ((28, 2, 5), [12, 4]),
        ((14, 2, 5, 2), [7, 3]),
        ((14, 1, 2), [6]),
        ((9, 3, 3, 1), [4, 2, 1]),
    ],
)
def test_sides_by_hand(arguments: tuple[int, ...], sides: list[int]) -> None:
    assert sides_after(*arguments) == sides


def test_learns_to_tell_a_bar_that_stands_from_one_that_lies() -> None:
    g = generator()
    images, target = torch.zeros(60, 1, 8, 8), torch.arange(60) % 2
    for image, kind in zip(images, target, strict=True):
        place = int(torch.randint(8, (1,), generator=g))
        image[0, :, place] = 1 - kind.float()
        image[0, place] += kind.float()
    model = LeNet(8, channels=(4,), kernel_size=3, hidden=(8,), num_classes=2, generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        loss = cross_entropy(model(images), target)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (small(generator=generator(5)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for mine, its in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(mine, its)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": ()}, "channels must name at least 1 stage, not 0"),
        ({"channels": (3, 0)}, "out_channels must be at least 1"),
        ({"image_size": 0}, "image_size must be at least 1, not 0"),
        ({"kernel_size": 0}, "kernel_size must be at least 1, not 0"),
        ({"padding": -1}, "padding must be at least 0, not -1"),
        ({"image_size": 14}, "of 14 nothing is left in stage 2"),
        ({"in_channels": 0}, "in_channels must be at least 1"),
        ({"num_classes": 0}, "at least 1"),
    ],
)
def test_refuses(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LeNet(**options)


@PATHS
@pytest.mark.parametrize("shape", [(5, 1, 9, 8), (5, 3, 8, 8), (5, 1, 7, 8)])
def test_refuses_other_images(path: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"x must be images \(batch, 1, 8, 8\), but its shape is"):
        getattr(small(), path)(torch.zeros(shape))
