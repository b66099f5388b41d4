"""Squeeze and excitation equals torch's pooling, 1 x 1 convolutions and product, on both paths."""

import pytest
import torch
from layers.conftest import random
from torch import Tensor, nn

from linebyline.layers.squeeze_excitation import SQUEEZES, SqueezeExcitation

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
SHAPES = {"average": nn.AdaptiveAvgPool2d(1), "max": nn.AdaptiveMaxPool2d(1)}


class Ones(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones_like(x[:, :, :1, :1])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def reference(channels: int, units: int, squeeze: str, act: nn.Module, bias: bool) -> nn.Module:
    """The gates as others write them: a pooling and two convolutions."""
    pool = {**SHAPES, "position": nn.Identity(), "nothing": Ones()}[squeeze]
    first = nn.Conv2d(channels, units, 1, bias=bias)
    second = nn.Conv2d(units, channels, 1, bias=bias)
    return nn.Sequential(pool, first, nn.ReLU(), second, act).double()


@PATHS
@pytest.mark.parametrize("squeeze", SQUEEZES)
@pytest.mark.parametrize(
    ("channels", "reduction", "bias", "act"),
    [(6, 2, True, "Sigmoid"), (7, 3, False, "Sigmoid"), (4, 1, True, "Tanh"), (5, 5, True, "ReLU")],
)
def test_equals_pooling_and_convolutions(
    path: str, squeeze: str, channels: int, reduction: int, bias: bool, act: str
) -> None:
    theirs = reference(channels, channels // reduction, squeeze, getattr(nn, act)(), bias)
    ours = SqueezeExcitation(
        channels,
        reduction=reduction,
        squeeze=squeeze,
        activation=getattr(torch, act.lower()),
        bias=bias,
    ).double()
    names = {"1.": "fc1.", "3.": "fc2."}  # kernels (O, I, 1, 1), which the layer takes as matrices
    ours.load_state_dict({names[k[:2]] + k[2:]: v for k, v in theirs.state_dict().items()})
    x_ours = random(3, channels, 4, 5, seed=1).requires_grad_()
    x_theirs = x_ours.detach().clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), x_theirs * theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-13, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-12, atol=1e-12)
    for mine, other in ((ours.fc1, theirs[1]), (ours.fc2, theirs[3])):
        for name, parameter in mine.named_parameters():
            expected = other.get_parameter(name).grad.view_as(parameter)
            torch.testing.assert_close(parameter.grad, expected, rtol=1e-12, atol=1e-12)


@PATHS
def test_two_channels_by_hand(path: str) -> None:
    layer = SqueezeExcitation(2, reduction=2, bias=False)
    with torch.no_grad():
        layer.fc1.weight.copy_(torch.tensor([[1.0, -1.0]]))
        layer.fc2.weight.copy_(torch.tensor([[2.0], [-2.0]]))
    x = torch.tensor([[[[4.0, 0.0]], [[1.0, 1.0]]]])  # means 2 and 1, so the hidden unit is 1
    up, down = torch.sigmoid(torch.tensor([2.0, -2.0]))
    expected = torch.tensor([[[[4 * up, 0]], [[down, down]]]])
    torch.testing.assert_close(getattr(layer, path)(x), expected)
    torch.testing.assert_close(layer.gates(x), torch.stack([up, down])[None])


@pytest.mark.parametrize("squeeze", SQUEEZES)
def test_what_gates_look_at(squeeze: str) -> None:
    """Move a pixel that is not the largest: the average and its own position notice."""
    layer = SqueezeExcitation(4, reduction=1, squeeze=squeeze, generator=generator(1)).double()
    x = random(1, 4, 3, 3)
    x[0, :, 2, 2] = 5  # the largest
    moved = x.clone()
    moved[0, :, 0, 0] -= 1
    change = (layer.gates(moved) - layer.gates(x)).abs()
    assert layer.gates(x).shape == ((1, 4, 3, 3) if squeeze == "position" else (1, 4))
    if squeeze == "position":
        assert change[0, :, 0, 0].max() > 1e-3
        change[0, :, 0, 0] = 0
    noticed = change.max() > 1e-3
    assert noticed == (squeeze == "average")


def test_average_gates_do_not_depend_on_the_order_of_positions() -> None:
    layer = SqueezeExcitation(4, reduction=2).double()
    x = random(2, 4, 3, 3)
    shuffled = x.flatten(2)[:, :, torch.randperm(9, generator=generator())].view_as(x)
    torch.testing.assert_close(layer.gates(x), layer.gates(shuffled))


@PATHS
@pytest.mark.parametrize("squeeze", SQUEEZES)
def test_gradient(path: str, squeeze: str) -> None:
    layer = SqueezeExcitation(4, reduction=2, squeeze=squeeze, generator=generator()).double()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

    x = random(2, 4, 2, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_learns_to_ask_one_channel_about_another() -> None:
    """Channel 1 is to be kept where channel 0 is bright on the whole, and else to be put out."""
    x = random(64, 2, 2, 2).float() * 0.3
    bright = torch.arange(64) % 2 == 0
    x[:, 0] += torch.where(bright, 1.0, -1.0)[:, None, None]
    layer = SqueezeExcitation(2, reduction=1, generator=generator(2))
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        loss = (layer(x)[:, 1] - x[:, 1] * bright[:, None, None]).pow(2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (SqueezeExcitation(8, reduction=2, generator=generator(5)) for _ in "ab")
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.fc1.weight, second.fc1.weight)
    assert torch.equal(first.fc2.weight, second.fc2.weight)


def test_has_biases_unless_told_otherwise_and_halves_as_the_paper() -> None:
    shapes = {name: tuple(p.shape) for name, p in SqueezeExcitation(32).named_parameters()}
    assert shapes == {
        "fc1.weight": (2, 32),
        "fc1.bias": (2,),
        "fc2.weight": (32, 2),
        "fc2.bias": (32,),
    }


def test_takes_kernels_within_a_network_too_and_no_larger_ones() -> None:
    model = nn.Sequential(nn.Identity(), SqueezeExcitation(4, reduction=2))
    state = {name: random(*value.shape).float() for name, value in model.state_dict().items()}
    kernels = {k: v[:, :, None, None] if v.ndim == 2 else v for k, v in state.items()}
    model.load_state_dict(kernels)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert kernels["1.fc1.weight"].ndim == 4  # whoever gave them has them as they were
    layer = SqueezeExcitation(4, reduction=2)
    with pytest.raises(RuntimeError, match=r"fc1.weight: .* torch.Size\(\[2, 1, 2, 2\]\)"):
        layer.load_state_dict({**layer.state_dict(), "fc1.weight": torch.zeros(2, 1, 2, 2)})


def test_sixteen_channels_cost_what_the_paper_says() -> None:
    count = sum(p.numel() for p in SqueezeExcitation(64, bias=False).parameters())
    assert count == 2 * 64**2 // 16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "channels must be at least 1, not 0"),
        ({"channels": 8, "reduction": 0}, "reduction must be at least 1, not 0"),
        ({"channels": 8}, "reduction must be from 1 to 8, the channels, not 16"),
        ({"channels": 8, "reduction": 2, "squeeze": "mean"}, "squeeze must be one of average, "),
    ],
)
def test_refuses_what_leaves_no_layer(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SqueezeExcitation(**arguments)


@PATHS
@pytest.mark.parametrize("squeeze", SQUEEZES)
@pytest.mark.parametrize("shape", [(2, 5, 3, 3), (2, 4, 0, 3), (2, 4, 3, 0)])
def test_refuses_other_channels_and_empty_images(path: str, squeeze: str, shape: tuple) -> None:
    layer = SqueezeExcitation(4, reduction=2, squeeze=squeeze)
    with pytest.raises(ValueError, match=r"x must be .batch, 4 channels, height, width"):
        getattr(layer, path)(torch.zeros(shape))


@PATHS
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_other_axes(path: str) -> None:
    layer = SqueezeExcitation(4, reduction=2)
    for shape in ((4, 4, 3), (2, 4), (1, 4, 2, 2, 2)):
        with pytest.raises(ValueError, match="with at least one position, but its shape is"):
            getattr(layer, path)(torch.zeros(shape))


def test_prints_its_settings() -> None:
    assert repr(SqueezeExcitation(32)).startswith(
        "SqueezeExcitation(\n  32, reduction=16, squeeze=average\n"
    )
