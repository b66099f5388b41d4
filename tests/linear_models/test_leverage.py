import pytest
import torch

from linebyline.linear_models.leverage import left_out_errors, leverages
from linebyline.linear_models.linear_regression import least_squares
from linebyline.linear_models.ridge import ridge_regression


def table(examples=20, features=3):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(examples, features, generator=g).double() + 2
    return x, x[:, 0] + torch.randn(examples, generator=g).double()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("strength", [0.0, 3.0])
def test_is_the_derivative_of_a_prediction_by_its_own_target(strength, bias):
    x, y = table()

    def predictions(t):
        if strength:
            return ridge_regression(x, t, strength, bias=bias).predict(x)
        return least_squares(x, t, bias=bias).predict(x)

    hat = torch.autograd.functional.jacobian(predictions, y)
    torch.testing.assert_close(leverages(x, strength, bias=bias), hat.diagonal())


def test_sums_to_the_number_of_weights():
    x, _ = table()
    assert leverages(x).sum() == pytest.approx(4)
    assert leverages(x, bias=False).sum() == pytest.approx(3)
    assert 1 < leverages(x, 10.0).sum() < 4


def test_a_constant_column_adds_nothing():
    x, _ = table()
    more = torch.cat([x, torch.full((20, 1), 0.1).double()], dim=1)
    torch.testing.assert_close(leverages(more), leverages(x))


@pytest.mark.parametrize("strength", [0.0, 3.0])
@pytest.mark.parametrize("bias", [True, False])
def test_equals_leaving_out_one_after_the_other(strength, bias):
    x, y = table()
    errors = []
    for i in range(len(y)):
        rest = torch.arange(len(y)) != i
        if strength:  # the bias has no penalty, so the inputs are centred anew each time
            fit = ridge_regression(x[rest], y[rest], strength, bias=bias)
        else:
            fit = least_squares(x[rest], y[rest], bias=bias)
        errors.append(y[i] - fit.predict(x[i]))
    torch.testing.assert_close(left_out_errors(x, y, strength, bias=bias), torch.stack(errors))


def test_refuses(without_shape_checks):
    x, y = table()
    x[:, 2] = 0
    x[7, 2] = 1
    with pytest.raises(ValueError, match="number 7 counted from 0, of leverage 1"):
        left_out_errors(x, y)
    assert left_out_errors(x, y, 1.0).isfinite().all()
    with pytest.raises(ValueError, match=r"x must be \(examples, features\)"):
        leverages(y)
    with pytest.raises(ValueError, match="strength is -1"):
        leverages(x, -1.0)
