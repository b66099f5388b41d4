"""Max-norm equals torch.renorm, is the nearest permitted point, and holds after every step."""

import math
import re

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.digits import digits
from linebyline.data.examples import Examples
from linebyline.optim.max_norm import constrain, max_norm_
from linebyline.optim.sgd import SGD
from linebyline.training.loop import fit


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(6, 4), (6, 3, 3, 3), (5, 4, 7)])
@pytest.mark.parametrize("unit_axis", [0, 1, -1, -2])
@pytest.mark.parametrize("limit", [0.5, 2.0, 100.0])
def test_equals_torch(shape: tuple[int, ...], unit_axis: int, limit: float) -> None:
    weight = random(*shape)
    expected = torch.renorm(weight, 2, unit_axis % len(shape), limit)
    assert max_norm_(weight, limit, unit_axis=unit_axis) is weight
    torch.testing.assert_close(weight, expected, rtol=1e-6, atol=0)


def test_by_hand() -> None:
    weight = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    expected = torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]])
    torch.testing.assert_close(max_norm_(weight, 1.0), expected)


@pytest.mark.parametrize(
    ("layer", "unit_axis"),
    [
        (nn.Linear(4, 3), 0),
        (nn.Conv2d(2, 3, 3), 0),
        (nn.Conv1d(2, 3, 5), 0),
        (nn.ConvTranspose2d(2, 3, 3), 1),
    ],
)
def test_what_comes_into_a_unit_is_as_long_as_allowed(layer: nn.Module, unit_axis: int) -> None:
    """The unit's own norm, found by asking which weights its output depends on."""
    layer.weight.data.mul_(100)
    max_norm_(layer.weight, 1.5, unit_axis=unit_axis)
    shape = (1, 4) if isinstance(layer, nn.Linear) else (1, 2, *[9] * (layer.weight.ndim - 2))
    for unit in range(3):
        (grad,) = torch.autograd.grad(layer(torch.rand(shape))[0, unit].sum(), layer.weight)
        assert layer.weight[grad != 0].norm().item() == pytest.approx(1.5, rel=1e-5)


def test_is_the_nearest_point_of_the_ball() -> None:
    weight = random(1, 5) * 3
    inside = random(1000, 5, seed=1)
    inside = inside / inside.norm(dim=1, keepdim=True) * random(1000, 1, seed=2).sigmoid()
    nearest = max_norm_(weight.clone(), 1.0)
    assert ((inside - weight).norm(dim=1) > (nearest - weight).norm()).all()


def test_its_factor_passes_gradcheck_on_both_sides() -> None:
    """The projection is differentiated by nobody, but where it is smooth it is the formula."""
    weight = random(4, 3).requires_grad_()

    def formula(w: Tensor) -> Tensor:
        return w * (1.0 / w.norm(dim=1, keepdim=True)).clamp(max=1)

    assert torch.autograd.gradcheck(formula, weight)
    torch.testing.assert_close(formula(weight).detach(), max_norm_(weight.detach().clone(), 1.0))


def test_holds_at_once_and_after_every_step_of_fit() -> None:
    train = digits().train
    data = Examples(train.inputs.flatten(1)[:200], train.targets[:200])
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = SGD(net.parameters(), lr=0.5)
    longest = lambda: max(net[i].weight.norm(dim=1).max().item() for i in (0, 2))  # noqa: E731
    net[0].weight.data.mul_(10)
    constrain(optimizer, net, limit=1.0)
    assert longest() <= 1 + 1e-6
    history = fit(net, cross_entropy, optimizer, data, epochs=30)
    assert longest() == pytest.approx(1, abs=1e-6)  # it wanted to grow
    assert net[0].bias.norm() > 0
    assert history.train_loss[-1] < history.train_loss[0] / 2  # it learns


def test_removes_and_takes_tensors() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    optimizer = SGD(net.parameters(), lr=0.0)
    handle = constrain(optimizer, [net[0].weight], limit=0.1)
    for theta in net.parameters():
        theta.data.fill_(1.0)
        theta.grad = torch.zeros_like(theta)
    optimizer.step()
    assert net[0].weight.norm(dim=1).max() < 0.1 + 1e-6
    assert (net[1].weight == 1).all()
    handle.remove()
    net[0].weight.data.fill_(1.0)
    optimizer.step()
    assert (net[0].weight == 1).all()


def test_constrains_along_the_axis_of_the_units() -> None:
    weight = nn.Parameter(random(3, 4))
    optimizer = SGD([weight], lr=0.0)
    constrain(optimizer, [weight], 0.1, unit_axis=-1)
    torch.testing.assert_close(weight.detach().norm(dim=0), torch.full((4,), 0.1).double())
    weight.data.fill_(1.0)
    weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(weight.detach().norm(dim=0), torch.full((4,), 0.1).double())


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_refuses_a_limit_that_is_none(limit: float) -> None:
    with pytest.raises(ValueError, match=f"limit must be positive, not {limit}"):
        max_norm_(torch.ones(2, 2), limit)


def test_refuses_what_has_no_units_and_changes_nothing() -> None:
    net, optimizer = nn.Linear(3, 2), SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    before = net.weight.clone()
    with pytest.raises(ValueError, match=re.escape("two axes or more, units and inputs, not (2,)")):
        constrain(optimizer, net.parameters(), 0.01)
    assert torch.equal(net.weight, before)
    for axis in (2, -3):
        expected = f"unit_axis must be an axis of the weight, from 0 to 1, not {axis}"
        with pytest.raises(ValueError, match=expected):
            max_norm_(torch.ones(2, 2), 1.0, unit_axis=axis)
        with pytest.raises(ValueError, match=expected):
            constrain(optimizer, [net.weight], 0.01, unit_axis=axis)
    assert torch.equal(net.weight, before)
    with pytest.raises(ValueError, match="weights must hold a tensor of two axes or more"):
        constrain(optimizer, nn.BatchNorm1d(3), 1.0)
