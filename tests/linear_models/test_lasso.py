import pytest
import sklearn.linear_model
import torch

from linebyline.linear_models.lasso import (
    all_zero_from,
    lasso_regression,
    missed,
    sweep,
    with_these_signs,
)


def table(examples=30, features=6):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(examples, features, generator=g).double() + 2
    return x, x[:, 0] - x[:, 1] + torch.randn(examples, generator=g).double()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("part", [0.9, 0.3, 0.01])
def test_equals_scikit_learn(bias, part):
    x, y = table()
    strength = part * all_zero_from(x, y, bias=bias)
    solver = sklearn.linear_model.Lasso(
        strength / len(y), fit_intercept=bias, tol=1e-14, max_iter=10**6
    )
    theirs = solver.fit(x.numpy(), y.numpy())
    ours = lasso_regression(x, y, strength, bias=bias)
    torch.testing.assert_close(ours.weight, torch.tensor(theirs.coef_), rtol=1e-6, atol=1e-7)
    assert ours.weight.ne(0).tolist() == (theirs.coef_ != 0).tolist()
    assert float(ours.bias) == pytest.approx(float(theirs.intercept_), rel=1e-6, abs=1e-7)


def test_all_are_zero_from_the_strength_that_says_so_and_not_before():
    x, y = table()
    top = all_zero_from(x, y)
    assert lasso_regression(x, y, 1.0001 * top).weight.eq(0).all()
    assert lasso_regression(x, y, 0.9999 * top).weight.ne(0).sum() == 1
    assert lasso_regression(x, y, 2 * top).bias == pytest.approx(float(y.mean()))


def test_a_start_changes_nothing():
    x, y = table()
    far = torch.full((6,), 50.0).double()
    torch.testing.assert_close(
        lasso_regression(x, y, 3.0, start=far).weight, lasso_regression(x, y, 3.0).weight
    )


def test_more_columns_than_rows_and_a_constant_one():
    x, y = table(8, 20)
    x[:, 4] = 0.1
    fit = lasso_regression(x, y, 0.1)
    assert fit.weight[4] == 0
    a, t = x - x.mean(0), y - y.mean()
    assert missed(fit.weight, a.T @ a, a.T @ t, 0.1).max() < 1e-6
    constant = lasso_regression(torch.ones(5, 2).double(), torch.arange(5.0).double(), 1.0)
    assert constant.weight.eq(0).all()
    assert constant.bias == 2


def test_float32_with_its_tolerance():
    x, y = table()
    half = lasso_regression(x.float(), y.float(), 3.0, tolerance=1e-5).weight
    torch.testing.assert_close(half.double(), lasso_regression(x, y, 3.0).weight, rtol=0, atol=1e-4)


def test_a_sweep_takes_the_strength_off_each_weight_in_turn():
    gram, pull = torch.tensor([[2.0, 1], [1, 2]]), torch.tensor([4.0, 3])
    w = sweep(torch.zeros(2), gram, pull, 1.0, [0, 1])
    assert w.tolist() == [1.5, 0.25]  # (4 - 1)/2; then (3 - 1.5 - 1)/2
    assert sweep(torch.zeros(2), gram, pull, 1.0, [1]).tolist() == [0, 1]


def test_signs_decide_the_rest():
    gram, pull = torch.tensor([[2.0, 1], [1, 2]]), torch.tensor([4.0, 3])
    both = with_these_signs(torch.tensor([1.0, 0.1]), gram, pull, 1.0)
    torch.testing.assert_close(both, torch.tensor([4 / 3, 1 / 3]))
    torch.testing.assert_close(missed(both, gram, pull, 1.0), torch.zeros(2), rtol=0, atol=1e-6)
    assert missed(torch.zeros(2), gram, pull, 3.5).tolist() == [0.5, 0]
    stuck = torch.ones(2)
    assert with_these_signs(stuck, torch.ones(2, 2), pull, 1.0) is stuck


def test_refuses(without_shape_checks):
    x, y = table()
    for strength in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match=r"strength is .*least_squares"):
            lasso_regression(x, y, strength)
    with pytest.raises(ValueError, match="start must have 6 weights"):
        lasso_regression(x, y, 1.0, start=y)
    with pytest.raises(ValueError, match="sweeps is 0"):
        lasso_regression(x, y, 1.0, sweeps=0)
    with pytest.raises(ValueError, match="y must be one answer"):
        all_zero_from(x, y[1:])


def test_with_the_signs_of_the_solution_one_step_ends_there():
    x, y = table()
    strength = 0.2 * all_zero_from(x, y, bias=False)
    best = lasso_regression(x, y, strength, bias=False).weight
    gram, pull = x.T @ x, x.T @ y
    assert (best == 0).any()
    off = best.sign() * (1 + best.abs())  # the right signs, the wrong sizes
    torch.testing.assert_close(with_these_signs(off, gram, pull, strength), best)
