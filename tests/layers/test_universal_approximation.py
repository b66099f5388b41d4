"""Networks built by hand equal numpy's interpolation, refuse what makes no function, and can be
trained on.
"""

import numpy as np
import pytest
import torch
from torch import Tensor

from linebyline.data.functions import sawtooth
from linebyline.layers.universal_approximation import (
    interpolating_network,
    sawtooth_network,
    staircase_network,
    step,
)


def float64(*numbers: float) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


KNOTS = float64(-2, -0.5, 0, 0.25, 3)
VALUES = float64(1, -1, 4, 4, 0.5)
X = torch.linspace(-3, 4, 1001, dtype=torch.float64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_step_is_one_from_zero_on(dtype: torch.dtype) -> None:
    answer = step(torch.tensor([[-1e-9, 0.0, -0.0, 2.0]], dtype=dtype))
    assert answer.dtype == dtype
    assert answer.tolist() == [[0, 1, 1, 1]]


def test_a_staircase_is_numpys_piecewise() -> None:
    plateaus = float64(3, *VALUES)
    model = staircase_network(KNOTS, plateaus)
    index = np.searchsorted(KNOTS.numpy(), X.numpy(), side="right")
    torch.testing.assert_close(model(X[:, None])[:, 0], plateaus[index], rtol=0, atol=1e-12)
    at_edges = model(KNOTS[:, None])[:, 0]
    torch.testing.assert_close(at_edges, VALUES, rtol=0, atol=1e-12)  # an edge is already up


def test_steep_sigmoids_are_a_staircase_away_from_the_edges() -> None:
    plateaus = float64(3, *VALUES)
    stairs = staircase_network(KNOTS, plateaus)
    smooth = staircase_network(KNOTS, plateaus, activation=torch.sigmoid, steepness=200)
    away = (X[:, None] - KNOTS).abs().amin(dim=1) > 0.1
    x = X[away, None]
    torch.testing.assert_close(smooth(x), stairs(x), rtol=0, atol=1e-6)
    by_hand = 3 + sum(
        height * torch.sigmoid(200 * (X - edge))
        for height, edge in zip(plateaus.diff(), KNOTS, strict=True)
    )
    torch.testing.assert_close(smooth(X[:, None])[:, 0], by_hand)


def test_a_polyline_is_numpys_interp() -> None:
    model = interpolating_network(KNOTS, VALUES)
    inside = X[KNOTS[-1] >= X]  # left of the first knot both are constant
    expected = np.interp(inside.numpy(), KNOTS.numpy(), VALUES.numpy())
    found = model(inside[:, None])[:, 0]
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=0, atol=1e-12)


def test_a_polylines_last_piece_goes_on() -> None:
    slope = (VALUES[-1] - VALUES[-2]) / (KNOTS[-1] - KNOTS[-2])
    model = interpolating_network(KNOTS, VALUES)
    torch.testing.assert_close(model(float64(13)[None])[0, 0], VALUES[-1] + 10 * slope)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sizes_and_types_are_those_of_the_arguments(dtype: torch.dtype) -> None:
    knots, values = KNOTS.to(dtype), VALUES.to(dtype)
    models = interpolating_network(knots, values), staircase_network(knots[1:], values)
    for model in models:
        hidden, output = model.layers
        assert hidden.weight.shape == (4, 1)
        assert output.weight.shape == (1, 4)
        assert {parameter.dtype for parameter in model.parameters()} == {dtype}


@pytest.mark.parametrize("folds", [1, 2, 5, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_sawtooth_is_exact(folds: int, dtype: torch.dtype) -> None:
    model = sawtooth_network(folds).to(dtype)
    assert [layer.out_features for layer in model.layers] == [*[2] * folds, 1]
    x = torch.arange(2**12 + 1, dtype=dtype)[:, None] / 2**12
    assert torch.equal(model(x), sawtooth(x, folds))


def test_networks_built_by_hand_go_on_learning() -> None:
    model = interpolating_network(float64(0, 0.5, 1), float64(0, 1, 0))
    x = torch.linspace(0, 1, 33, dtype=torch.float64)[:, None]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(500):
        optimizer.zero_grad()
        loss = (model(x) - torch.sin(3 * x)).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    interpolating_network(KNOTS, VALUES)
    staircase_network(KNOTS[1:], VALUES)
    sawtooth_network(3)
    assert torch.equal(torch.get_rng_state(), before)


def test_refuses_what_makes_no_staircase() -> None:
    with pytest.raises(ValueError, match="edges has 0 entries; it must have at least 1"):
        staircase_network(KNOTS[:0], VALUES[:1])
    with pytest.raises(ValueError, match=r"edges must increase, but -0.5 follows 0"):
        staircase_network(KNOTS[[0, 2, 1, 3]], VALUES)
    for steepness in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match=f"steepness is {steepness}; it must be above 0"):
            staircase_network(KNOTS[1:], VALUES, steepness=steepness)


def test_refuses_what_makes_no_polyline() -> None:
    with pytest.raises(ValueError, match="knots has 1 entries; it must have at least 2"):
        interpolating_network(KNOTS[:1], VALUES[:1])
    with pytest.raises(ValueError, match=r"knots must increase, but 0 follows 0"):
        interpolating_network(KNOTS[[0, 2, 2]], VALUES[:3])


def test_refuses_a_sawtooth_of_no_fold() -> None:
    with pytest.raises(ValueError, match="folds is 0; it must be at least 1"):
        sawtooth_network(0)
