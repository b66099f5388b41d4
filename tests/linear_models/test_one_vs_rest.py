import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from linebyline.linear_models.logistic_regression import fit_newton
from linebyline.linear_models.one_vs_rest import one_vs_rest


def clouds():
    g = torch.Generator().manual_seed(0)
    y = torch.arange(90) % 3
    centres = torch.randn(3, 4, generator=g, dtype=torch.float64)
    return centres[y] + torch.randn(90, 4, generator=g, dtype=torch.float64), y


def fit(x, y):
    return fit_newton(x, y, penalty=0.05)


def test_equals_scikit_learn():
    x, y = clouds()
    binary = LogisticRegression(C=1 / (0.05 * 90), tol=1e-12, max_iter=10_000)
    reference = OneVsRestClassifier(binary).fit(x.numpy(), y.numpy())
    ours = one_vs_rest(fit, x, y)
    theirs = torch.tensor(reference.decision_function(x.numpy()))
    torch.testing.assert_close(ours.score(x), theirs, rtol=1e-6, atol=1e-6)
    assert ours.predict(x).tolist() == reference.predict(x.numpy()).tolist()
    assert ours.score(x[0]).shape == (3,)


def test_each_model_is_that_of_one_class_against_all_others():
    x, y = clouds()
    for k, model in enumerate(one_vs_rest(fit, x, y).models):
        torch.testing.assert_close(model.weight, fit(x, (y == k).long()).weight)


X, Y = clouds()


@pytest.mark.parametrize(
    ("y", "message"),
    [(Y + 1, "no example of class 0"), (Y - 1, "whole numbers"), (Y[:5], "one answer for each")],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(y, message):
    with pytest.raises(ValueError, match=message):
        one_vs_rest(fit, X, y)


def test_one_input_gives_one_class():
    x, y = clouds()
    ours = one_vs_rest(fit, x, y)
    assert ours.predict(x[0]).shape == ()
    assert ours.predict(x[:6].view(2, 3, 4)).tolist() == ours.predict(x[:6]).view(2, 3).tolist()
