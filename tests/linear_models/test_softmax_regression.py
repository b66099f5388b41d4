import pytest
import sklearn.linear_model
import torch
from torch.nn.functional import cross_entropy

from linebyline.linear_models.logistic_regression import fit_newton
from linebyline.linear_models.perceptron import with_one
from linebyline.linear_models.softmax_regression import fit_softmax, softmax_touch


def clouds(classes=3, examples=90, features=4):
    g = torch.Generator().manual_seed(0)
    y = torch.arange(examples) % classes
    centres = torch.randn(classes, features, generator=g, dtype=torch.float64)
    x = centres[y] + torch.randn(examples, features, generator=g, dtype=torch.float64) + 0.5
    return x, y


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_equals_scikit_learn(penalty):
    x, y = clouds()
    c = 1 / (penalty * len(y))
    reference = sklearn.linear_model.LogisticRegression(C=c, tol=1e-12, max_iter=10_000)
    reference.fit(x.numpy(), y.numpy())
    ours = fit_softmax(x, y, penalty=penalty)
    torch.testing.assert_close(ours.weight, torch.tensor(reference.coef_), rtol=1e-6, atol=1e-6)
    theirs = torch.tensor(reference.predict_proba(x.numpy()))
    torch.testing.assert_close(ours.probability(x), theirs, rtol=1e-6, atol=1e-6)
    assert ours.predict(x).tolist() == reference.predict(x.numpy()).tolist()
    assert ours.bias.sum().abs() < 1e-10


def test_value_gradient_and_hessian_equal_those_of_autograd():
    x, y = clouds()
    w = torch.linspace(-1, 1, 15, dtype=torch.float64) ** 3

    def loss(w):
        rows = w.reshape(3, 5)
        shrunk = 0.3 / 2 * (rows[:, :-1] ** 2).sum() + rows[:, -1].sum() ** 2 / 2
        return cross_entropy(with_one(x) @ rows.T, y) + shrunk

    value, gradient, hessian = softmax_touch(w, with_one(x), y, 3, 0.3)
    torch.testing.assert_close(value, loss(w))
    torch.testing.assert_close(gradient, torch.autograd.functional.jacobian(loss, w))
    torch.testing.assert_close(hessian, torch.autograd.functional.hessian(loss, w))


def test_two_classes_are_logistic_regression_with_half_the_penalty():
    x, y = clouds(classes=2)
    two, one = fit_softmax(x, y, penalty=0.1), fit_newton(x, y, penalty=0.05)
    torch.testing.assert_close(two.weight[1] - two.weight[0], one.weight)
    torch.testing.assert_close(two.bias[1] - two.bias[0], one.bias)
    torch.testing.assert_close(two.probability(x)[:, 1], one.probability(x))


def test_learns_classes_that_lie_in_a_row():
    x = torch.tensor([[0.0], [1.0], [10.0], [11.0], [20.0], [21.0]]).double()
    y = torch.tensor([0, 0, 1, 1, 2, 2])
    assert fit_softmax(x, y, penalty=1e-3).predict(x).tolist() == y.tolist()


def test_shares_of_the_classes_come_out_exactly():
    x, y = clouds()
    shares = fit_softmax(x, y[:90], penalty=0.5).probability(x).mean(0)
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3).double())


def test_a_constant_feature_gets_no_weight():
    x, y = clouds()
    model = fit_softmax(torch.cat([x, torch.full((90, 1), 3.0)], 1), y, penalty=0.1)
    assert model.weight[:, -1].abs().max() < 1e-10


X, Y = clouds(examples=6, features=2)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X, Y - 1, {}, "y must be whole numbers from 0 on"),
        (X, Y.double(), {}, "y must be whole numbers from 0 on, but is torch.float64"),
        (X, Y * 2, {}, "y has no example of class 1"),
        (X, torch.zeros_like(Y), {}, "y has only the class 0"),
        (X, Y[:5], {}, "one answer for each of 6 examples"),
        (X / 0, Y, {}, "not finite"),
        (X, Y, {"penalty": 0.0}, "penalty is 0.0; it must be positive"),
        (X, Y, {"max_steps": 1}, "max_steps is 1"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        fit_softmax(x, y, **{"penalty": 0.1, **options})


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_to_score_inputs_of_another_size():
    with pytest.raises(ValueError, match="x has 3 features; this model has 2"):
        fit_softmax(X, Y, penalty=0.1).score(torch.zeros(2, 3))


def test_inputs_of_any_number_of_axes():
    x, y = clouds()
    ours = fit_softmax(x, y, penalty=0.1)
    assert ours.predict(x[0]).shape == ()
    torch.testing.assert_close(ours.score(x.view(9, 10, 4)).view(90, 3), ours.score(x))
