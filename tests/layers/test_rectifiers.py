"""The rectifiers equal torch's on both paths, at the corner and far out; PReLU learns its slope."""

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.rectifiers import LeakyReLU, PReLU, ReLU, Softplus

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@PATHS
def test_relu_equals_torch(path: str, extremes: Tensor, same: Callable[..., None]) -> None:
    same(getattr(ReLU(), path), torch.relu, extremes)


@PATHS
@pytest.mark.parametrize("slope", [0.01, 0.0, 0.5, 1.0, 2.0, -0.2, -1.0])
def test_leaky_relu_equals_torch(
    path: str, slope: float, extremes: Tensor, same: Callable[..., None]
) -> None:
    def theirs(x: Tensor) -> Tensor:
        return functional.leaky_relu(x, slope)

    same(getattr(LeakyReLU(slope), path), theirs, extremes)


@PATHS
def test_the_slopes_beside_the_corner_and_at_it(path: str) -> None:
    x = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)
    for module, slopes in ((ReLU(), [0, 0, 1]), (LeakyReLU(0.25), [0.25, 0.25, 1])):
        (gradient,) = torch.autograd.grad(getattr(module, path)(x).sum(), x)
        assert gradient.tolist() == slopes


@PATHS
def test_a_slope_of_minus_one_folds(path: str, extremes: Tensor) -> None:
    assert torch.equal(getattr(LeakyReLU(-1.0), path)(extremes), extremes.abs())


def test_leaks_a_hundredth_unless_told_otherwise() -> None:
    assert LeakyReLU()(torch.tensor(-1.0)).item() == pytest.approx(-0.01)


@PATHS
@pytest.mark.parametrize("module", [ReLU(), LeakyReLU(), PReLU(), Softplus()], ids=repr)
def test_what_is_no_number_stays_none(path: str, module: nn.Module) -> None:
    assert getattr(module, path)(torch.tensor([math.nan])).isnan().all()


@PATHS
@pytest.mark.parametrize(
    ("channels", "shape"),
    [(1, ()), (1, (5,)), (1, (3, 4)), (4, (3, 4)), (4, (2, 4, 3)), (4, (2, 4, 3, 5))],
)
def test_prelu_equals_torch(path: str, channels: int, shape: tuple[int, ...]) -> None:
    ours = PReLU(channels).double()
    theirs = nn.PReLU(channels, dtype=torch.float64)
    with torch.no_grad():
        ours.weight.copy_(random(channels, seed=1))  # one of them is negative
    theirs.load_state_dict(ours.state_dict())
    x = random(*shape)
    if x.ndim > 0:
        x.view(-1)[0] = 0.0
    x_ours, x_theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-13, atol=0)
    weights = random(*shape, seed=2)
    (weights * y_ours).sum().backward()
    (weights * y_theirs).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, rtol=1e-13, atol=1e-13)


def test_prelu_starts_as_torch_does() -> None:
    assert torch.equal(PReLU(3).weight, nn.PReLU(3).weight)
    assert PReLU(initial_slope=0.5).weight.tolist() == [0.5]


@PATHS
def test_prelu_learns_its_slopes(path: str) -> None:
    true, x = torch.tensor([0.7, -0.3], dtype=torch.float64), random(64, 2)
    layer = PReLU(2).double()
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    for _ in range(40):
        optimizer.zero_grad()
        (getattr(layer, path)(x) - functional.prelu(x, true)).pow(2).mean().backward()
        optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), true, rtol=1e-3, atol=1e-3)


@PATHS
@pytest.mark.parametrize("beta", [1.0, 0.5, 3.0])
def test_softplus_is_exact(path: str, beta: float, extremes: Tensor) -> None:
    x = extremes.requires_grad_()
    y = getattr(Softplus(beta), path)(x)
    exact = np.logaddexp(0, beta * extremes.detach().numpy()) / beta
    torch.testing.assert_close(y.detach(), torch.from_numpy(exact), rtol=1e-13, atol=0)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(gradient, torch.sigmoid(beta * x.detach()), rtol=1e-13, atol=1e-300)


@PATHS
@pytest.mark.parametrize("beta", [1.0, 0.5, 3.0])
def test_softplus_equals_torch_up_to_its_threshold(
    path: str, beta: float, extremes: Tensor, same: Callable[..., None]
) -> None:
    def theirs(x: Tensor) -> Tensor:
        return functional.softplus(x, beta)

    ours = getattr(Softplus(beta), path)
    same(ours, theirs, extremes[beta * extremes <= 20])
    beyond = extremes[beta * extremes > 20]
    assert (ours(beyond) - theirs(beyond)).abs().max() < 2.1e-9 / beta


def test_softplus_tends_to_the_relu_and_is_farthest_from_it_at_zero() -> None:
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    for beta in (1.0, 10.0, 100.0):
        gap = Softplus(beta)(x) - torch.relu(x)
        assert gap.argmax() == 30
        assert gap.max().item() == pytest.approx(math.log(2) / beta)


@PATHS
@pytest.mark.parametrize(
    "module", [ReLU(), LeakyReLU(0.1), LeakyReLU(-0.5), PReLU(4).double(), Softplus(2.0)], ids=repr
)
def test_gradient(path: str, module: nn.Module) -> None:
    x = random(3, 4).requires_grad_()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(module, path)(x)  # gradcheck moves the parameters themselves

    assert torch.autograd.gradcheck(run, (x, *module.parameters()))


@PATHS
def test_softplus_has_a_second_derivative_at_zero(path: str) -> None:
    x = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(getattr(Softplus(), path), (x,))


@pytest.mark.parametrize("module", [ReLU(), LeakyReLU(), PReLU(16), Softplus()], ids=repr)
def test_learns(module: nn.Module, learns_xor: Callable[[nn.Module], None]) -> None:
    learns_xor(module)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_refuses_slopes_that_are_none(value: float) -> None:
    with pytest.raises(ValueError, match=f"negative_slope must be finite, not {value}"):
        LeakyReLU(value)
    with pytest.raises(ValueError, match=f"initial_slope must be finite, not {value}"):
        PReLU(initial_slope=value)


@pytest.mark.parametrize("beta", [0.0, -1.0, math.nan, math.inf])
def test_refuses_a_beta_that_is_not_positive(beta: float) -> None:
    with pytest.raises(ValueError, match=f"beta must be positive and finite, not {beta}"):
        Softplus(beta)


def test_refuses_no_channels() -> None:
    with pytest.raises(ValueError, match="channels must be at least 1, not 0"):
        PReLU(0)


@PATHS
@pytest.mark.parametrize("shape", [(4,), (2, 3), (4, 3, 4)])
def test_refuses_another_number_of_channels(path: str, shape: tuple[int, ...]) -> None:
    message = re.escape(f"x must have 4 channels on axis 1, but its shape is {shape}")
    with pytest.raises(ValueError, match=message):
        getattr(PReLU(4), path)(torch.zeros(shape))


def test_prints_its_options() -> None:
    assert repr(LeakyReLU(0.2)) == "LeakyReLU(negative_slope=0.2)"
    assert repr(PReLU(3)) == "PReLU(3)"
    assert repr(Softplus(2.0)) == "Softplus(beta=2.0)"
