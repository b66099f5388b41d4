"""Maxout equals the largest of separate linear layers, on both paths, and learns |x|."""

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.maxout import Maxout

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=generator(seed))


@PATHS
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("pieces", [1, 2, 3])
@pytest.mark.parametrize("shape", [(4,), (6, 4), (2, 3, 4)])
def test_equals_the_largest_of_linear_layers(
    path: str, bias: bool, pieces: int, shape: tuple[int, ...]
) -> None:
    ours = Maxout(4, 5, pieces=pieces, bias=bias, generator=generator()).double()
    theirs = [nn.Linear(4, 5, bias=bias, dtype=torch.float64) for _ in range(pieces)]
    for j, layer in enumerate(theirs):  # piece j of unit i is row i·k + j
        layer.load_state_dict(
            {name: value[j::pieces] for name, value in ours.linear.state_dict().items()}
        )
    x_ours = random(*shape, seed=1).requires_grad_()
    x_theirs = x_ours.detach().clone().requires_grad_()
    y_ours = getattr(ours, path)(x_ours)
    y_theirs = torch.stack([layer(x_theirs) for layer in theirs]).amax(dim=0)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-13, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-12, atol=1e-13)
    for name, parameter in ours.linear.named_parameters():
        expected = torch.stack([layer.get_parameter(name).grad for layer in theirs], dim=1)
        torch.testing.assert_close(parameter.grad, expected.flatten(0, 1), rtol=1e-12, atol=1e-13)


@PATHS
def test_of_equal_pieces_the_first_gets_the_gradient(path: str) -> None:
    layer = Maxout(1, 1, pieces=3)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0], [2.0], [2.0]]))
        layer.linear.bias.zero_()
    getattr(layer, path)(torch.tensor([3.0])).backward()
    assert layer.linear.weight.grad.tolist() == [[0.0], [3.0], [0.0]]


@PATHS
def test_two_pieces_can_be_the_relu_and_the_absolute_value(path: str) -> None:
    x = torch.linspace(-2, 2, 9)[:, None]
    layer = Maxout(1, 2, bias=False)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0], [0.0], [1.0], [-1.0]]))
    assert torch.equal(getattr(layer, path)(x), torch.cat([torch.relu(x), x.abs()], dim=1))


@PATHS
def test_gradient(path: str) -> None:
    layer = Maxout(3, 2, pieces=3, generator=generator()).double()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

    x = random(4, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_learns_the_absolute_value() -> None:
    x = torch.linspace(-1, 1, 32)[:, None]
    layer = Maxout(1, 1, generator=generator(1))
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = (layer(x) - x.abs()).pow(2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    first, second = (Maxout(3, 2, generator=generator(5)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.linear.weight, second.linear.weight)


@pytest.mark.parametrize("name", ["in_features", "out_features", "pieces"])
def test_refuses_a_size_below_one(name: str) -> None:
    sizes = {"in_features": 3, "out_features": 2, "pieces": 2, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        Maxout(**sizes)


@PATHS
def test_refuses_another_number_of_features(path: str) -> None:
    with pytest.raises(ValueError, match="x must have 3 features on its last axis"):
        getattr(Maxout(3, 2), path)(torch.zeros(5, 4))


def test_prints_its_pieces() -> None:
    assert repr(Maxout(3, 2, pieces=4)).startswith("Maxout(\n  pieces=4\n")
