import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from linebyline.generative.wasserstein import (
    sinkhorn,
    wasserstein_1d,
    wasserstein_matching,
)


def from_seed(number):
    return torch.Generator().manual_seed(number)


def cloud(*shape, seed=0):
    return torch.randn(*shape, generator=from_seed(seed), dtype=torch.float64)


def shares(count, seed):
    return torch.rand(count, generator=from_seed(seed), dtype=torch.float64)


def cheapest_plan(costs, a, b):
    """The linear program itself: least Σ C P with rows that sum to a and columns that sum to b."""
    n, m = costs.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    sums = np.concatenate([a, b])
    return linprog(costs.flatten(), A_eq=np.vstack([rows, columns]), b_eq=sums)


def test_on_a_line_by_hand():
    # 0 -> 1, 1 -> 3, 4 -> 5: ways of 1, 2 and 1.
    found = wasserstein_1d(torch.tensor([4.0, 0.0, 1.0]), torch.tensor([1.0, 3.0, 5.0]))
    assert found.item() == pytest.approx(4 / 3)
    two = wasserstein_1d(
        torch.tensor([0.0]), torch.tensor([-1.0, 3.0]), None, torch.tensor([3.0, 1.0])
    )
    assert two.item() == pytest.approx(0.75 * 1 + 0.25 * 3)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 7), (5, 12), (40, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_on_a_line_equals_scipy(n, m, weighted):
    x, y = cloud(n), cloud(m, seed=1) + 0.5
    weights = (shares(n, 2), shares(m, 3)) if weighted else (None, None)
    theirs = wasserstein_distance(x, y, *weights)
    assert wasserstein_1d(x, y, *weights).item() == pytest.approx(theirs, rel=1e-12)


def test_on_a_line_has_a_gradient():
    x, y = cloud(6).requires_grad_(), cloud(9, seed=1).requires_grad_()
    w = (0.1 + shares(6, 2)).requires_grad_()
    assert torch.autograd.gradcheck(wasserstein_1d, (x, y, w))
    far = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    wasserstein_1d(far, y.detach() + 100).backward()
    torch.testing.assert_close(
        far.grad, torch.full((4,), -0.25).double()
    )  # all of it, any distance


def test_matching_on_a_line_is_sorting_and_in_the_plane_is_the_linear_program():
    x, y = cloud(30, 1), cloud(30, 1, seed=1)
    torch.testing.assert_close(wasserstein_matching(x, y), wasserstein_1d(x[:, 0], y[:, 0]))
    x, y = cloud(8, 2), cloud(8, 2, seed=1) + 1
    even = np.full(8, 1 / 8)
    best = cheapest_plan(torch.cdist(x, y).numpy(), even, even).fun
    assert wasserstein_matching(x, y).item() == pytest.approx(best, rel=1e-9)


def test_matching_has_a_gradient():
    x, y = cloud(6, 2).requires_grad_(), cloud(6, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(wasserstein_matching, (x, y))
    same = cloud(4, 2).requires_grad_()
    wasserstein_matching(same, same.detach()).backward()
    assert same.grad.abs().max() == 0  # and not NaN


def test_small_ways_far_from_the_origin_are_not_lost():
    """Through squares, as cdist goes with more than 25 rows, they would be."""
    x = torch.rand(40, 2, generator=from_seed(0)) + 1000
    y = x + torch.tensor([0.01, 0.0])
    assert wasserstein_matching(x, y).item() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_sharp_plan_costs_what_the_linear_program_says(weighted):
    x, y = cloud(6, 2), cloud(5, 2, seed=1) + 1
    a = shares(6, 2) if weighted else torch.ones(6).double()
    b = shares(5, 3) if weighted else torch.ones(5).double()
    a, b = a / a.sum(), b / b.sum()
    costs = torch.cdist(x, y)
    best = cheapest_plan(costs.numpy(), a.numpy(), b.numpy())
    found = sinkhorn(costs, a, b, epsilon=0.004, iterations=4000)
    torch.testing.assert_close(found.plan.sum(0), b)
    torch.testing.assert_close(found.plan.sum(1), a, rtol=1e-3, atol=1e-5)
    assert (found.plan * costs).sum().item() == pytest.approx(best.fun, rel=2e-3)
    # The prices are the program's dual: a f + b g is the value, and none earns more than the way.
    dual = a @ found.row_prices + b @ found.column_prices
    assert dual.item() == pytest.approx(best.fun, rel=0.02)
    gain = found.row_prices[:, None] + found.column_prices - costs
    assert gain.max() < 0.004 * 6


def test_the_best_of_spread_plans():
    costs, a, b = cloud(4, 5).abs(), shares(4, 1), shares(5, 2)
    a, b = a / a.sum(), b / b.sum()
    best = sinkhorn(costs, a, b, epsilon=0.3)

    def value(plan):
        return (plan * costs).sum() + 0.3 * (plan * (plan / (a[:, None] * b)).log()).sum()

    torch.testing.assert_close(best.value, value(best.plan))
    for seed in range(5):  # other plans with the same sums
        other = cloud(4, 5, seed=seed)
        other = other - other.mean(0) - other.mean(1, keepdim=True) + other.mean()
        assert value(best.plan + 1e-5 * other) > best.value


def test_sinkhorns_gradient_is_the_numerical_one():
    costs = cloud(4, 3).abs().requires_grad_()
    weights = shares(4, 1), shares(3, 2)

    def value(costs):
        return sinkhorn(costs, *weights, epsilon=0.2, iterations=500).value

    assert torch.autograd.gradcheck(value, (costs,))
    value(costs).backward()
    plan = sinkhorn(costs.detach(), *weights, epsilon=0.2, iterations=500).plan
    torch.testing.assert_close(costs.grad, plan)


def test_sinkhorn_carries_nothing_from_an_empty_row():
    found = sinkhorn(cloud(3, 2).abs(), torch.tensor([0.5, 0, 0.5]).double(), epsilon=0.1)
    assert found.plan[1].sum() == 0
    torch.testing.assert_close(found.plan.sum(0), torch.full((2,), 0.5).double())


def test_a_cloud_follows_its_distance():
    x, y = cloud(12, 2).requires_grad_(), cloud(12, 2, seed=1) + 5
    first = wasserstein_matching(x, y).item()
    optimizer = torch.optim.Adam([x], lr=0.3)
    for _ in range(60):
        optimizer.zero_grad()
        sinkhorn(torch.cdist(x, y), epsilon=0.1, iterations=20).value.backward()
        optimizer.step()
    assert wasserstein_matching(x.detach(), y).item() < 0.1 * first


def test_refuses_by_name(without_shape_checks):
    x = torch.ones(3)
    with pytest.raises(ValueError, match=r"^y must hold finite numbers, one or more"):
        wasserstein_1d(x, torch.ones(0))
    with pytest.raises(ValueError, match=r"^x_weights must be 3 numbers"):
        wasserstein_1d(x, x, torch.tensor([1.0, -1.0, 1.0]))
    with pytest.raises(ValueError, match=r"^y_weights must be 3 numbers"):
        wasserstein_1d(x, x, None, torch.zeros(3))
    with pytest.raises(ValueError, match=r"^x and y must have one shape.*take sinkhorn"):
        wasserstein_matching(torch.ones(3, 2), torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"^epsilon must be above 0, not 0"):
        sinkhorn(torch.ones(2, 2), epsilon=0)
    with pytest.raises(ValueError, match=r"^iterations must be at least 1"):
        sinkhorn(torch.ones(2, 2), epsilon=1, iterations=0)
    with pytest.raises(ValueError, match=r"^costs must hold finite numbers"):
        sinkhorn(torch.full((2, 2), torch.nan), epsilon=1)
    with pytest.raises(ValueError, match=r"^column_weights must be 2 numbers"):
        sinkhorn(torch.ones(3, 2), None, torch.ones(3), epsilon=1)
