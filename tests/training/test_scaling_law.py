"""The fit finds the law that made the losses, and the minimum that SciPy finds."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from linebyline.training.scaling_law import (
    ScalingLaw,
    _predicted,
    bootstrap_scaling_laws,
    fit_scaling_law,
    interval,
)

TRUE = ScalingLaw(1.5, 60.0, 0.35, 300.0, 0.4)
N = torch.tensor([6e3, 1.5e4, 3e4, 6e4, 1.3e5]).repeat_interleave(4)
D = torch.tensor([1.3e5, 2e5, 3e5, 5e5]).repeat(5)


def noisy(spread: float, seed: int = 0) -> torch.Tensor:
    noise = torch.randn(20, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return TRUE(N, D) * (spread * noise).exp()


def test_the_loss_is_the_sum_of_three_debts():
    debts = TRUE.debts(N, D)
    torch.testing.assert_close(debts[:, 0], torch.full((20,), 1.5, dtype=torch.float64))
    torch.testing.assert_close(debts[:, 1], 60 / N.double() ** 0.35)
    torch.testing.assert_close(TRUE(N, D), 1.5 + 60 / N.double() ** 0.35 + 300 / D.double() ** 0.4)


def test_a_law_is_found_again():
    law, cost = fit_scaling_law(N, D, TRUE(N, D))
    assert cost < 1e-20
    for name, value in vars(TRUE).items():
        assert getattr(law, name) == pytest.approx(value, rel=1e-5)


def test_a_coupled_law_is_found_again():
    true = ScalingLaw(1.0, 40.0, 0.3, 200.0, 0.35, coupling=2.5)
    law, cost = fit_scaling_law(N, D, true(N, D), coupling=None, iterations=400)
    assert cost < 1e-12
    assert law.coupling == pytest.approx(2.5, rel=1e-2)
    assert law.data_exponent == pytest.approx(0.35, rel=1e-2)
    given = fit_scaling_law(N, D, true(N, D), coupling=2.5).law
    assert given.coupling == pytest.approx(2.5)
    assert given.floor == pytest.approx(1.0, rel=1e-3)


def test_the_coupled_law_is_kaplans_without_a_floor():
    alpha_n, alpha_d, n_c, d_c = 0.076, 0.095, 8.8e13, 5.4e13
    law = ScalingLaw(0.0, n_c**alpha_n, alpha_n, d_c**alpha_d, alpha_d, coupling=1 / alpha_d)
    theirs = ((n_c / N.double()) ** (alpha_n / alpha_d) + d_c / D.double()) ** alpha_d
    torch.testing.assert_close(law(N, D), theirs)


def test_slopes_are_those_of_the_prediction():
    theta = torch.tensor([[0.2, 4.0, 0.35, 5.0, 0.4, 0.7]], dtype=torch.float64)
    n, d = N.double().log(), D.double().log()
    slopes = _predicted(theta, n, d)[1][0]
    exact = torch.autograd.functional.jacobian(lambda t: _predicted(t, n, d)[0][0], theta)[:, 0]
    torch.testing.assert_close(slopes, exact)


@pytest.mark.parametrize("delta", [1e-3, 1e-2])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_minimum_is_scipys(delta, seed):
    losses = noisy(0.004, seed)
    law, cost = fit_scaling_law(N, D, losses, delta=delta)
    n, d, y = (row.double().log().numpy() for row in (N, D, losses))

    def huber(theta):
        r = np.logaddexp.reduce(
            [theta[0] + 0 * n, theta[1] - theta[2] * n, theta[3] - theta[4] * d]
        )
        r = np.abs(r - y)
        return np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)).sum()

    ours = [np.log(law.floor), np.log(law.size_debt), law.size_exponent]
    ours += [np.log(law.data_debt), law.data_exponent]
    assert huber(ours) == pytest.approx(cost, rel=1e-9)
    options = {"maxiter": 4000, "maxfev": 4000, "xatol": 1e-10, "fatol": 1e-16, "adaptive": True}
    near = np.array(ours) * (1 + 0.02 * np.random.default_rng(0).normal(size=5))
    found = minimize(huber, near, method="Nelder-Mead", options=options)
    assert cost <= found.fun * (1 + 1e-6)
    assert found.x[2] == pytest.approx(law.size_exponent, abs=0.02)


def test_one_wild_run_moves_the_law_little():
    losses = noisy(0.002)
    wild = losses.clone()
    wild[7] *= 1.2
    calm, moved, squared = (
        fit_scaling_law(N, D, row, delta=delta).law.size_exponent
        for row, delta in ((losses, 1e-3), (wild, 1e-3), (wild, 10.0))
    )
    assert abs(moved - calm) < 0.05
    assert abs(squared - calm) > 2 * abs(moved - calm)


def test_a_floor_can_be_given_and_costs():
    losses = noisy(0.004)
    best = fit_scaling_law(N, D, losses)
    for floor in (0.5, best.law.floor, 2.5):
        law, cost = fit_scaling_law(N, D, losses, floor=floor)
        assert law.floor == pytest.approx(floor)
        assert cost >= best.cost * (1 - 1e-9)
    assert cost > 1.01 * best.cost


def test_a_budget_is_divided_where_the_loss_is_least():
    for operations in (1e10, 1e12, 1e15):
        best = TRUE.best_size(operations)
        sizes = best * torch.tensor([0.9, 0.99, 1.0, 1.01, 1.1], dtype=torch.float64)
        losses = TRUE(sizes, operations / 6 / sizes)
        assert losses.argmin() == 2
        _, size, data = TRUE.debts(sizes[2:3], operations / 6 / sizes[2:3])[0]
        assert 0.35 * size == pytest.approx(0.4 * data.item(), rel=1e-9)
    coupled = replace(TRUE, coupling=3.0)
    sizes = coupled.best_size(1e12) * torch.tensor([0.99, 1.0, 1.01], dtype=torch.float64)
    assert coupled(sizes, 1e12 / 6 / sizes).argmin() == 1
    grown = TRUE.best_size(1e12) / TRUE.best_size(1e11)
    assert grown == pytest.approx(10**TRUE.best_size_exponent)


def test_the_bootstrap_widens_with_the_noise_and_with_groups():
    widths = []
    for spread in (0.001, 0.01):
        laws = bootstrap_scaling_laws(N, D, noisy(spread), samples=60, delta=0.01)
        low, high = interval([law.size_exponent for law in laws])
        widths.append(high - low)
        assert len(laws) == 60
    assert widths[1] > 2.5 * widths[0]
    # Noise that all runs of one size share is not seen by one who draws them one by one.
    shared = TRUE(N, D) * (0.01 * torch.tensor([1.0, -1, 1, -1, 1]).repeat_interleave(4)).exp()
    groups = torch.arange(5).repeat_interleave(4)
    alone, together = (
        bootstrap_scaling_laws(N, D, shared, groups=g, samples=60, delta=0.01)
        for g in (None, groups)
    )
    spans = [
        high - low
        for laws in (alone, together)
        for low, high in [interval([law.size_exponent for law in laws])]
    ]
    assert spans[1] > 1.3 * spans[0]


def test_a_bootstrap_has_its_seed():
    first, same, other = (
        bootstrap_scaling_laws(N, D, noisy(0.004), samples=3, seed=seed) for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other


def test_an_interval_is_the_middle_of_the_values():
    assert interval([*range(101)], 0.9) == pytest.approx((5, 95))
    lows = [interval([*range(101)], share)[0] for share in (0.5, 0.8, 0.95)]
    assert all(a > b for a, b in pairwise(lows))


def test_bad_runs_are_refused(without_shape_checks):
    losses = TRUE(N, D)
    with pytest.raises(ValueError, match=r"tokens must have 20 runs, not 3"):
        fit_scaling_law(N, D[:3], losses)
    with pytest.raises(ValueError, match=r"at least five runs, not 4"):
        fit_scaling_law(N[:4], D[:4], losses[:4])
    with pytest.raises(ValueError, match=r"losses must be positive, but one is -1"):
        fit_scaling_law(N, D, torch.cat([losses[:-1], torch.tensor([-1.0])]))
    with pytest.raises(ValueError, match=r"delta must be positive, not 0"):
        fit_scaling_law(N, D, losses, delta=0)
    with pytest.raises(ValueError, match=r"floor must be positive, not -1"):
        fit_scaling_law(N, D, losses, floor=-1)
    with pytest.raises(ValueError, match=r"coupling must be positive, not 0"):
        fit_scaling_law(N, D, losses, coupling=0)
    three = torch.arange(len(N)) % 3
    assert len(bootstrap_scaling_laws(N, D, losses, groups=three, samples=2)) == 2
    with pytest.raises(ValueError, match=r"groups must be at least three, not 2"):
        bootstrap_scaling_laws(N, D, losses, groups=torch.tensor([0, 1]).repeat(10))
    with pytest.raises(ValueError, match=r"operations must be positive, not 0"):
        TRUE.best_size(0)
