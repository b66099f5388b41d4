"""Random inputs, and what is shared by the tests of activation functions and of norms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.mlp import MLP

Function = Callable[[Tensor], Tensor]


def random(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers in double precision."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


@pytest.fixture
def extremes() -> Tensor:
    """Where a formula goes wrong: at 0, where exp is lost beside 1, and where it overflows."""
    sizes = [1e-300, 1e-9, 0.3, 1.0, 4.0, 19.9, 20.1, 38.0, 710.0, 1000.0, 1e4]
    return torch.tensor([*(-s for s in sizes), 0.0, *sizes], dtype=torch.float64)


@pytest.fixture
def same() -> Callable[..., None]:
    """Two functions give the same numbers and the same gradients."""

    def same(ours: Function, theirs: Function, x: Tensor, *, rtol: float = 1e-12) -> None:
        pairs = []
        for function in (ours, theirs):
            inputs = x.clone().requires_grad_()
            outputs = function(inputs)
            assert outputs.dtype == x.dtype
            weights = torch.arange(1, outputs.numel() + 1, dtype=x.dtype).view_as(outputs)
            (gradient,) = torch.autograd.grad((weights * outputs).sum(), inputs)
            pairs.append((outputs.detach(), gradient))
        (y, gradient), (y_theirs, gradient_theirs) = pairs
        assert y.isfinite().all()
        torch.testing.assert_close(y, y_theirs, rtol=rtol, atol=1e-15)
        torch.testing.assert_close(gradient, gradient_theirs, rtol=rtol, atol=1e-14)

    return same


@pytest.fixture
def learns_xor() -> Callable[[nn.Module], None]:
    """A network with the activation function fits what no linear model can."""

    def learns(activation: nn.Module) -> None:
        x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
        generator = torch.Generator().manual_seed(0)
        model = MLP([2, 16, 1], activation=activation, generator=generator)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(150):
            optimizer.zero_grad()
            loss = (model(x) - y).pow(2).mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < 0.01

    return learns


@pytest.fixture(params=["forward", "explicit"])
def path(request: pytest.FixtureRequest) -> str:
    """The two ways through a layer: PyTorch's kernel, and the same written out."""
    return request.param


@pytest.fixture
def numbers() -> Callable[..., Tensor]:
    """Random inputs with something to normalize: their mean is 2, their standard deviation 3."""

    def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return 2 + 3 * torch.randn(shape, dtype=dtype, generator=generator)

    return numbers


@pytest.fixture
def twins() -> Callable[[nn.Module, nn.Module], None]:
    """Two layers get the same random parameters, in double precision, and the same buffers."""

    def twins(ours: nn.Module, theirs: nn.Module) -> None:
        for number, parameter in enumerate(theirs.double().parameters()):
            nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1 + number))
        ours.double().load_state_dict(theirs.state_dict())

    return twins


@pytest.fixture
def same_layer(path: str) -> Callable[..., None]:
    """Two layers give the same outputs and gradients, and are left in the same state."""

    def same(ours: nn.Module, theirs: nn.Module, x: Tensor) -> None:
        x_ours, x_theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
        y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
        torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-13)
        weights = torch.linspace(-1, 1, x.numel(), dtype=x.dtype).view_as(x)
        for y in (y_ours, y_theirs):
            (weights * y).sum().backward()
        # Much of it cancels, so that what is lost is a part of the largest.
        atol = 1e-13 * max(1, x_theirs.grad.abs().max().item())
        torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-10, atol=atol)
        for name, parameter in theirs.named_parameters():
            found = ours.get_parameter(name).grad
            torch.testing.assert_close(found, parameter.grad, rtol=1e-11, atol=1e-12)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        for name, value in theirs.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-13, atol=0)

    return same


@pytest.fixture
def layer_gradcheck(path: str) -> Callable[[nn.Module, Tensor], bool]:
    """`gradcheck` by a layer's inputs and parameters."""

    def check(layer: nn.Module, x: Tensor) -> bool:
        def run(x: Tensor, *_: Tensor) -> Tensor:
            return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

        return torch.autograd.gradcheck(run, (x.requires_grad_(), *layer.parameters()))

    return check


@pytest.fixture
def learns_parameters() -> Callable[[nn.Module, Tensor, Tensor], None]:
    """A layer finds the parameters with which it maps x to y."""

    def learns(layer: nn.Module, x: Tensor, y: Tensor) -> None:
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
        for _ in range(100):
            optimizer.zero_grad()
            loss = (layer(x) - y).square().mean()
            loss.backward()
            optimizer.step()
        assert loss.item() < 1e-4

    return learns
