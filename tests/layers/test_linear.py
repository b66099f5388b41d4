"""The linear layer equals torch's on both paths, learns, and refuses what does not fit."""

import math
import re

import pytest
import torch
from torch import nn

from linebyline.layers.linear import Linear


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("path", ["forward", "explicit"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (7, 5), (2, 3, 5)])
def test_equals_torch(path: str, bias: bool, shape: tuple[int, ...]) -> None:
    ours = Linear(5, 3, bias=bias, generator=generator()).double()
    theirs = nn.Linear(5, 3, bias=bias, dtype=torch.float64)
    theirs.load_state_dict(ours.state_dict())  # the names and layouts are torch's
    x = torch.randn(shape, dtype=torch.float64, generator=generator(1))
    x_ours, x_theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-12)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-12, atol=1e-12)
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(
            ours.get_parameter(name).grad, parameter.grad, rtol=1e-12, atol=1e-12
        )


def test_one_output_by_hand() -> None:
    layer = Linear(2, 1)
    layer.load_state_dict({"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.tensor([0.5])})
    x = torch.tensor([3.0, 4.0])
    assert layer(x).tolist() == layer.explicit(x).tolist() == [2 * 3 - 1 * 4 + 0.5]


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_gradient(path: str) -> None:
    layer = Linear(4, 3, generator=generator()).double()
    x = torch.randn(2, 4, dtype=torch.float64, generator=generator(1), requires_grad=True)

    def run(x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_starts_as_torch_does() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        ours = Linear(50, 20)
        torch.manual_seed(3)
        theirs = nn.Linear(50, 20)
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_starts_uniform_between_the_bounds() -> None:
    weight = Linear(100, 2000, generator=generator()).weight.detach()
    bound = 1 / math.sqrt(100)
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.01)


def test_outputs_keep_their_variance_whatever_the_width() -> None:
    for width in (10, 1000):
        layer = Linear(width, 500, bias=False, generator=generator())
        y = layer(torch.randn(500, width, generator=generator(1)))
        assert y.var().item() == pytest.approx(1 / 3, rel=0.05)


def test_a_generator_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    first, second = Linear(3, 2, generator=generator(5)), Linear(3, 2, generator=generator(5))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.weight, second.weight)


def test_learns_a_map() -> None:
    true = Linear(3, 2, generator=generator())
    layer = Linear(3, 2, generator=generator(1))
    x = torch.randn(32, 3, generator=generator(2))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.3)
    for _ in range(200):
        optimizer.zero_grad()
        (layer(x) - true(x).detach()).pow(2).mean().backward()
        optimizer.step()
    torch.testing.assert_close(layer.weight, true.weight, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(layer.bias, true.bias, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["in_features", "out_features"])
def test_refuses_a_size_below_one(name: str) -> None:
    sizes = {"in_features": 3, "out_features": 2, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        Linear(**sizes)


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_refuses_another_number_of_features(path: str) -> None:
    with pytest.raises(
        ValueError,
        match=re.escape("x must have 5 features on its last axis, but its shape is (7, 4)"),
    ):
        getattr(Linear(5, 3), path)(torch.zeros(7, 4))


def test_refuses_images_with_the_remedy() -> None:
    layer = Linear(64, 10)
    images = torch.zeros(16, 8, 8)
    with pytest.raises(ValueError, match=re.escape("(16, 8, 8); x.flatten(1) makes one row")):
        layer(images)
    assert layer(images.flatten(1)).shape == (16, 10)


def test_prints_its_sizes() -> None:
    assert repr(Linear(2, 3, bias=False)) == "Linear(2, 3, bias=False)"
    assert repr(Linear(2, 3)) == "Linear(2, 3)"
