import dataclasses

import pytest
import sklearn.linear_model
import torch

from linebyline.linear_models.linear_regression import (
    LinearFit,
    check_strength,
    descent_path,
    design_matrix,
    least_squares,
    normal_equations,
)


def table(seed: int = 0, examples: int = 30, features: int = 4, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(examples, features, generator=g, dtype=dtype) + 3
    return x, x[:, 0] - 2 * x[:, 1] + torch.randn(examples, generator=g, dtype=dtype)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("fit", [least_squares, normal_equations])
def test_equals_scikit_learn(fit, bias):
    x, y = table()
    theirs = sklearn.linear_model.LinearRegression(fit_intercept=bias).fit(x.numpy(), y.numpy())
    ours = fit(x, y, bias=bias)
    torch.testing.assert_close(ours.weight, torch.tensor(theirs.coef_), rtol=1e-6, atol=1e-8)
    assert float(ours.bias) == pytest.approx(float(theirs.intercept_), rel=1e-6, abs=1e-8)
    torch.testing.assert_close(ours.predict(x[:5]), torch.tensor(theirs.predict(x[:5].numpy())))


def test_keeps_the_type_and_predicts_one_row_or_many():
    x, y = table(dtype=torch.float32)
    fit = least_squares(x, y)
    assert fit.weight.dtype == fit.bias.dtype == torch.float32
    assert fit.predict(x[0]).shape == ()
    assert fit.predict(x.reshape(3, 10, 4)).shape == (3, 10)


def test_weights_are_differentiable_and_right():
    x, y = table(examples=8, features=2)
    x.requires_grad_()
    y = y.detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: least_squares(a, b).weight, (x, y))


def test_the_residual_stands_at_right_angles_to_every_column():
    x, y = table()
    residual = y - least_squares(x, y).predict(x)
    assert (design_matrix(x).T @ residual).abs().max() < 1e-9
    assert design_matrix(x)[:, 0].eq(1).all()
    assert design_matrix(x)[:, 1:].equal(x)


def test_loses_fewer_digits_than_the_normal_equations():
    t = torch.linspace(0, 1, 40, dtype=torch.float64)
    powers = t[:, None] ** torch.arange(10)
    w = torch.ones(10, dtype=torch.float64)
    off = [
        (fit(powers, powers @ w, bias=False).weight - w).abs().max()
        for fit in (least_squares, normal_equations)
    ]
    assert off[0] < 1e-7
    assert off[1] > 1e-6


@pytest.mark.parametrize("at", [0, 2])
def test_names_the_column_that_is_constant_or_a_combination(at):
    x, y = table()
    x[:, at] = 0.1
    with pytest.raises(ValueError, match=f"number {at} counted"):
        least_squares(x, y)
    x, y = table()
    x[:, 3] = x[:, 0] - x[:, 1]
    with pytest.raises(ValueError, match=r"number 3 counted.*ridge_regression"):
        least_squares(x, y)
    with pytest.raises(ValueError, match="number 3 counted"):
        least_squares(x, y, bias=False)


def test_a_constant_column_is_welcome_where_there_is_no_bias():
    x, y = table()
    assert torch.allclose(
        least_squares(design_matrix(x), y, bias=False).weight[1:], least_squares(x, y).weight
    )


def test_refuses_what_has_no_single_answer():
    x, y = table(examples=4)
    with pytest.raises(ValueError, match="4 examples for 5 weights with the bias"):
        least_squares(x, y)
    least_squares(*table(examples=5))
    with pytest.raises(ValueError, match="depend on one another"):
        normal_equations(torch.ones(6, 2), torch.ones(6))


def test_refuses_bad_tables(without_shape_checks):
    x, y = table()
    for fit in (least_squares, normal_equations):
        with pytest.raises(ValueError, match=r"x must be \(examples, features\)"):
            fit(x[:, 0], y)
        with pytest.raises(ValueError, match="y must be one answer"):
            fit(x, y[:, None])
        with pytest.raises(ValueError, match=r"take x.double\(\)"):
            fit(x.long(), y)
        with pytest.raises(ValueError, match=r"take y.to\(x\)"):
            fit(x, y.float())
        with pytest.raises(ValueError, match="y has values that are not finite"):
            fit(x, y / 0)
        with pytest.raises(ValueError, match="x has values that are not finite"):
            fit(x / 0, y)
    with pytest.raises(ValueError, match="x has 3 features; this model has 4"):
        least_squares(x, y).predict(x[:, :3])


def test_a_fit_cannot_be_changed_by_accident():
    fit = LinearFit(torch.ones(2), torch.ones(()))
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.bias = torch.zeros(())


def test_descent_ends_at_least_squares_or_ridge():
    x, y = table()
    design = design_matrix(x - x.mean(0))
    path = descent_path(design, y, steps=4000)
    assert path.shape == (4001, 5)
    assert path[0].eq(0).all()
    exact = least_squares(design, y, bias=False).weight
    torch.testing.assert_close(path[-1], exact, rtol=1e-6, atol=1e-6)
    ridge = torch.linalg.solve(design.T @ design + 5 * torch.eye(5), design.T @ y)
    torch.testing.assert_close(descent_path(design, y, steps=2000, strength=5.0)[-1], ridge)


def test_each_step_is_the_gradient_that_autograd_finds():
    x, y = table()
    w = descent_path(x, y, steps=2, rate=1e-3, strength=2.0)
    at = w[1].clone().requires_grad_()
    (((x @ at - y).square().sum() + 2.0 * at.square().sum()) / 2).backward()
    torch.testing.assert_close(w[2], w[1] - 1e-3 * at.grad)


def test_the_best_rate_shrinks_both_ends_alike():
    stretch = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    path = descent_path(stretch, torch.tensor([3.0, 1.0], dtype=torch.float64), steps=7)
    torch.testing.assert_close((path[-1] - 1).abs(), torch.full((2,), 0.8**7).double())


def test_descent_refuses_what_cannot_converge():
    x, y = table()
    largest = torch.linalg.svdvals(x)[0].square().item()
    descent_path(x, y, steps=1, rate=1.9 / largest)
    for rate in (2.1 / largest, 0.0, -1.0):
        with pytest.raises(ValueError, match=r"rate is .* positive and below"):
            descent_path(x, y, steps=1, rate=rate)
    with pytest.raises(ValueError, match="steps is 0"):
        descent_path(x, y, steps=0)
    with pytest.raises(ValueError, match=r"strength is -1.*at least 0"):
        descent_path(x, y, steps=1, strength=-1.0)


def test_a_strength_may_be_zero_only_where_it_says_so():
    check_strength(0.0, least=0)
    with pytest.raises(ValueError, match="positive"):
        check_strength(0.0, least=1e-300)
    with pytest.raises(ValueError, match="finite"):
        check_strength(float("inf"), least=0)


def test_a_small_rate_walks_slowly_to_the_same_weights():
    x, y = table()
    highest = torch.linalg.eigvalsh(x.T @ x)[-1].item()
    slow = descent_path(x, y, steps=200, rate=0.5 / highest)
    best = least_squares(x, y, bias=False).weight
    off = (slow - best).norm(dim=1)
    assert (off[1:] < off[:-1]).all()
