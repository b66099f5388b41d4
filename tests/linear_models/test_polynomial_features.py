import math

import pytest
import torch
from sklearn.preprocessing import PolynomialFeatures

from linebyline.linear_models.polynomial_features import polynomial_columns


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("degree", [1, 2, 4])
def test_equals_scikit_learn(features, degree):
    g = torch.Generator().manual_seed(0)
    x = torch.randn(7, features, generator=g).double()
    theirs = PolynomialFeatures(degree, include_bias=False).fit_transform(x.numpy())
    ours = polynomial_columns(x, degree)
    torch.testing.assert_close(ours, torch.tensor(theirs))
    assert ours.shape[1] == math.comb(features + degree, degree) - 1


def test_by_hand():
    assert polynomial_columns(torch.tensor([[2.0, 3]]), 2).tolist() == [[2, 3, 4, 6, 9]]


def test_gradient():
    x = torch.tensor([[0.5, -2.0], [3.0, 1.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: polynomial_columns(t, 3), x)


def test_refuses(without_shape_checks):
    with pytest.raises(ValueError, match="degree is 0"):
        polynomial_columns(torch.ones(2, 2), 0)
    with pytest.raises(ValueError, match=r"x\[:, None\] may do"):
        polynomial_columns(torch.ones(2), 2)
