import pytest
import torch
from torch.distributions import Normal

from linebyline.generative.gradient_estimators import (
    best_baseline,
    path_gradients,
    score_gradients,
)

MEAN = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
STD = torch.tensor([0.5, 1.0, 0.3], dtype=torch.float64)


def noise(throws, width=3, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(throws, width, generator=draw, dtype=torch.float64)


def bowl(z):
    return z.square().sum(1)


def wavy(z):
    return (z[:, 0] * z[:, 1]).sin() + z[:, 2].exp()


def step(z):
    return (z[:, 0] > 0).double()


@pytest.mark.parametrize("f", [bowl, wavy])
def test_one_throw_is_what_autograd_says(f):
    """log_prob of torch's Normal gives the score, its rsample the path, throw by throw."""
    e = noise(5)
    by_score, by_path = score_gradients(f, MEAN, STD, e), path_gradients(f, MEAN, STD, e)
    for i in range(5):
        mean, std = MEAN.clone().requires_grad_(), STD.clone().requires_grad_()
        z = (mean + std * e[i : i + 1]).detach()
        surrogate = f(z).detach() * Normal(mean, std).log_prob(z).sum()
        expected = torch.autograd.grad(surrogate, (mean, std))
        torch.testing.assert_close((by_score.mean[i], by_score.std[i]), expected)
        expected = torch.autograd.grad(f(mean + std * e[i : i + 1]).sum(), (mean, std))
        torch.testing.assert_close((by_path.mean[i], by_path.std[i]), expected)


@pytest.mark.parametrize("estimate", [score_gradients, path_gradients])
def test_the_mean_is_the_gradient_of_the_expectation(estimate):
    """E ‖z‖² = ‖μ‖² + ‖σ‖², so the gradients are 2μ and 2σ."""
    found = estimate(bowl, MEAN, STD, noise(400_000))
    for gradient, truth in zip(found, (2 * MEAN, 2 * STD), strict=True):
        error = gradient.std(0) / 400_000**0.5
        assert (abs(gradient.mean(0) - truth) < 4 * error).all()


def test_a_baseline_changes_the_variance_and_not_the_mean():
    e = noise(400_000)
    plain = score_gradients(bowl, MEAN, STD, e).mean
    best = best_baseline(bowl, MEAN, STD, noise(400_000, seed=1))
    exact = MEAN.square().sum() + STD.square().sum() + 2 * STD.square()  # E[f ε²]
    torch.testing.assert_close(best, exact, rtol=0.02, atol=0)
    lower = score_gradients(bowl, MEAN, STD, e, baseline=best).mean
    error = lower.std(0) / 400_000**0.5
    assert (abs(lower.mean(0) - 2 * MEAN) < 4 * error).all()
    assert (lower.var(0) < 0.6 * plain.var(0)).all()
    for other in (best - 1, best + 1, best - 2 * STD.square()):  # the last is E[f]
        worse = score_gradients(bowl, MEAN, STD, e, baseline=other).mean
        assert (worse.var(0) > lower.var(0)).all()


def test_on_a_step_the_path_is_blind_and_the_score_is_not():
    e = noise(200_000)
    blind, sees = path_gradients(step, MEAN, STD, e), score_gradients(step, MEAN, STD, e)
    assert not blind.mean.any()
    assert not blind.std.any()
    slope = Normal(MEAN[0], STD[0]).log_prob(torch.zeros((), dtype=torch.float64)).exp()
    assert abs(sees.mean[:, 0].mean() - slope) < 0.01
    flat = path_gradients(lambda z: z.sign().sum(1), MEAN, STD, e)  # which autograd calls flat
    assert not flat.mean.any()


def test_no_gradient_is_left_on_the_arguments():
    mean, std = MEAN.clone().requires_grad_(), STD.clone().requires_grad_()
    for estimate in (score_gradients, path_gradients):
        with torch.no_grad():
            found = estimate(wavy, mean, std, noise(2))
        assert found.mean.shape == (2, 3)
        assert not found.mean.requires_grad
    assert mean.grad is None
    assert std.grad is None


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("estimate", [score_gradients, path_gradients, best_baseline])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"std": STD[:2]}, "mean and std are"),
        ({"mean": MEAN[None]}, "two rows of one width"),
        ({"std": -STD}, "std has -1"),
        ({"noise": noise(2, 4)}, r"noise is \(2, 4\)"),
        ({"noise": noise(0)}, "one throw at least"),
        ({"f": lambda z: z}, r"f gives \(2, 3\)"),
        ({"f": lambda z: z.sum()}, r"f gives \(\)"),
    ],
)
def test_what_does_not_fit_is_refused(estimate, changes, message):
    arguments = {"f": bowl, "mean": MEAN, "std": STD, "noise": noise(2)} | changes
    with pytest.raises(ValueError, match=message):
        estimate(**arguments)
