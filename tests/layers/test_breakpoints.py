"""Breakpoints are where they were put, are missed by no grid, and multiply with depth."""

import pytest
import torch
from torch import Tensor

from linebyline.layers.breakpoints import breakpoints
from linebyline.layers.mlp import MLP
from linebyline.layers.universal_approximation import interpolating_network, sawtooth_network


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sampled(model: MLP, low: float, high: float, points: int) -> Tensor:
    """The cells of a fine grid around which the slope changes."""
    x = torch.linspace(low, high, points, dtype=torch.float64)
    with torch.no_grad():
        slopes = model(x[:, None])[:, 0].diff() / x.diff()
    bent = slopes.diff().abs() > 1e-6 * slopes.abs().max()
    return x[1:-1][bent]


def test_an_interpolating_network_bends_at_its_knots() -> None:
    knots = torch.tensor([-1, -0.3, 0.1, 0.9, 2.0], dtype=torch.float64)
    values = torch.tensor([0, 1, -1, 5, 2.0], dtype=torch.float64)
    model = interpolating_network(knots, values)
    found = breakpoints(model, (-3, 5))
    torch.testing.assert_close(found, knots[:-1], rtol=0, atol=1e-12)  # no unit at the last
    torch.testing.assert_close(breakpoints(model, (-1, 0.1)), knots[1:2], rtol=0, atol=1e-12)


def test_a_knot_on_a_straight_line_is_none() -> None:
    knots = torch.tensor([0, 1, 2, 3], dtype=torch.float64)
    values = torch.tensor([0, 2, 4, 0], dtype=torch.float64)
    assert breakpoints(interpolating_network(knots, values), (0.5, 3)).tolist() == [2]
    inexact = knots / 10  # now the slopes are equal up to rounding only
    assert len(breakpoints(interpolating_network(inexact, values), (0.01, 0.3))) == 1


@pytest.mark.parametrize("folds", [1, 2, 3, 8, 12])
def test_a_sawtooth_bends_at_every_multiple(folds: int) -> None:
    expected = torch.arange(1, 2**folds, dtype=torch.float64) / 2**folds
    assert torch.equal(breakpoints(sawtooth_network(folds), (0, 1)), expected)


@pytest.mark.parametrize("sizes", [[1, 12, 1], [1, 6, 6, 1], [1, 5, 5, 5, 5, 1]])
@pytest.mark.parametrize("seed", range(5))
def test_a_fine_grid_sees_the_same(sizes: list[int], seed: int) -> None:
    model = MLP(sizes, generator=generator(seed)).double()
    for layer in model.layers:  # steeper than at the start, so that deep layers bend too
        layer.weight.data *= 3
    found = breakpoints(model, (-3, 3))
    cell = 6 / 20_000
    for place in sampled(model, -3, 3, 20_001):
        assert (found - place).abs().min() <= 1.01 * cell
    x = torch.cat([torch.tensor([-3.0]), found, torch.tensor([3.0])])
    with torch.no_grad():  # between two neighbours the network is a straight line
        ends, middles = model(x[:, None]), model((x[1:, None] + x[:-1, None]) / 2)
    torch.testing.assert_close(middles, (ends[1:] + ends[:-1]) / 2, rtol=0, atol=1e-9)
    assert (found.diff() > 0).all()


def test_without_a_bend_there_is_none() -> None:
    assert len(breakpoints(MLP([1, 1]), (-1, 1))) == 0
    model = interpolating_network(torch.tensor([5.0, 6.0]), torch.tensor([0.0, 1.0]))
    assert len(breakpoints(model, (-1, 1))) == 0


def test_refuses_what_it_cannot_follow() -> None:
    with pytest.raises(ValueError, match="model has 2 inputs and 1 outputs; it must have 1 and 1"):
        breakpoints(MLP([2, 3, 1]), (0, 1))
    with pytest.raises(ValueError, match="model has 1 inputs and 3 outputs; it must have 1 and 1"):
        breakpoints(MLP([1, 2, 3]), (0, 1))
    with pytest.raises(ValueError, match=r"model has the activation .*tanh.*; it must be torch"):
        breakpoints(MLP([1, 3, 1], activation=torch.tanh), (0, 1))
    with pytest.raises(ValueError, match=r"interval is \(1, 1\)"):
        breakpoints(MLP([1, 3, 1]), (1, 1))
