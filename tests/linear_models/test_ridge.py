import pytest
import sklearn.linear_model
import torch

from linebyline.linear_models.linear_regression import least_squares
from linebyline.linear_models.ridge import ridge_error, ridge_regression


def table(examples=30, features=4):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(examples, features, generator=g).double() + 3
    return x, x[:, 0] + torch.randn(examples, generator=g).double()


@pytest.mark.parametrize("shape", [(30, 4), (5, 9)])
@pytest.mark.parametrize("bias", [True, False])
def test_equals_scikit_learn(shape, bias):
    x, y = table(*shape)
    for strength in (1e-3, 1.0, 1e3):
        theirs = sklearn.linear_model.Ridge(strength, fit_intercept=bias).fit(x.numpy(), y.numpy())
        ours = ridge_regression(x, y, strength, bias=bias)
        torch.testing.assert_close(ours.weight, torch.tensor(theirs.coef_), rtol=1e-6, atol=1e-8)
        assert float(ours.bias) == pytest.approx(float(theirs.intercept_), rel=1e-6, abs=1e-8)


def test_tends_to_least_squares():
    x, y = table()
    torch.testing.assert_close(ridge_regression(x, y, 1e-12).weight, least_squares(x, y).weight)


def test_a_constant_column_gets_nothing_and_twins_get_the_same():
    x, y = table()
    x[:, 1], x[:, 3] = 7, x[:, 2]
    w = ridge_regression(x, y, 0.5).weight
    assert abs(w[1]) < 1e-12
    assert w[2] == pytest.approx(float(w[3]))
    assert w.isfinite().all()


def test_gradient():
    x, y = table(8, 2)
    y.requires_grad_()
    assert torch.autograd.gradcheck(lambda t: ridge_regression(x, t, 0.7).weight, y)


def test_error_is_what_the_matrices_say():
    """Against the covariance and the bias of (XᵀX + kI)⁻¹Xᵀ, written out."""
    x, _ = table()
    x = x - x.mean(0)
    w = torch.tensor([1.0, -2, 0, 3]).double()
    _, s, vt = torch.linalg.svd(x, full_matrices=False)
    for strength in (0.0, 4.0):
        a = torch.linalg.solve(x.T @ x + strength * torch.eye(4), x.T)
        variance, bias = ridge_error(s, vt @ w, 2.5, strength)
        torch.testing.assert_close(variance, (vt @ (2.5 * a @ a.T) @ vt.T).diagonal())
        torch.testing.assert_close(bias, (vt @ (a @ x @ w - w)).square())


def test_refuses(without_shape_checks):
    x, y = table()
    for strength in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"strength is .*least_squares"):
            ridge_regression(x, y, strength)
    with pytest.raises(ValueError, match="y must be one answer"):
        ridge_regression(x, y[1:], 1.0)
    s = torch.ones(3)
    with pytest.raises(ValueError, match="of one length"):
        ridge_error(s, s[:2], 1.0, 1.0)
    with pytest.raises(ValueError, match="s must be positive"):
        ridge_error(s * 0, s, 1.0, 1.0)
    with pytest.raises(ValueError, match="strength is -1"):
        ridge_error(s, s, 1.0, -1.0)
