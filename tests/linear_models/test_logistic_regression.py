import itertools

import pytest
import sklearn.linear_model
import torch

from linebyline.linear_models.logistic_regression import (
    LogisticRegression,
    fit_gradient,
    fit_newton,
    logistic_touch,
)
from linebyline.linear_models.perceptron import with_one
from linebyline.losses.binary_cross_entropy import binary_cross_entropy


def clouds(seed=0, examples=80, features=4, gap=1.0, dtype=torch.float64):
    """Two classes that overlap if the gap is small."""
    g = torch.Generator().manual_seed(seed)
    y = (torch.arange(examples) % 3 == 0).long()
    x = torch.randn(examples, features, generator=g, dtype=torch.float64)
    return (x + gap * (2 * y - 1)[:, None] / features**0.5 + 0.3).to(dtype), y


@pytest.mark.parametrize("penalty", [0.0, 0.01, 1.0])
def test_equals_scikit_learn(penalty):
    x, y = clouds()
    c = 1 / (penalty * len(y)) if penalty else float("inf")
    reference = sklearn.linear_model.LogisticRegression(C=c, tol=1e-12, max_iter=10_000)
    reference.fit(x.numpy(), y.numpy())
    ours = fit_newton(x, y, penalty=penalty)
    weight, bias = torch.tensor(reference.coef_[0]), torch.tensor(reference.intercept_[0])
    torch.testing.assert_close(ours.weight, weight, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.bias, bias, rtol=1e-6, atol=1e-6)
    theirs = torch.tensor(reference.predict_proba(x.numpy())[:, 1])
    torch.testing.assert_close(ours.probability(x), theirs, rtol=1e-6, atol=1e-6)
    assert ours.predict(x).tolist() == reference.predict(x.numpy()).tolist()


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_value_gradient_and_hessian_equal_those_of_autograd(penalty):
    x, y = clouds()
    w = torch.linspace(-1, 1, 5, dtype=torch.float64)

    def loss(w):
        return binary_cross_entropy(with_one(x) @ w, y) + penalty / 2 * (w[:-1] ** 2).sum()

    value, gradient, hessian = logistic_touch(w, with_one(x), y, penalty)
    torch.testing.assert_close(value, loss(w))
    torch.testing.assert_close(gradient, torch.autograd.functional.jacobian(loss, w))
    torch.testing.assert_close(hessian, torch.autograd.functional.hessian(loss, w))


def test_large_scores_do_not_overflow():
    x, y = torch.tensor([[1000.0, 1.0], [-1000.0, 1.0]]), torch.tensor([1, 0])
    touch = logistic_touch(torch.tensor([1.0, 0.0]), x, y)
    assert all(part.isfinite().all() for part in touch)
    assert logistic_touch(torch.tensor([-1.0, 0.0]), x, y).value == 1000


def test_by_hand():
    """Three of four yes at x = 1, one of four at x = 0: the odds are 3 and 1/3."""
    x = torch.tensor([[0.0]] * 4 + [[1.0]] * 4, dtype=torch.float64)
    y = torch.tensor([0, 0, 0, 1, 0, 1, 1, 1])
    model = fit_newton(x, y)
    log3 = torch.tensor(3.0, dtype=torch.float64).log()
    torch.testing.assert_close(model.bias, -log3)
    torch.testing.assert_close(model.weight, 2 * log3[None])
    torch.testing.assert_close(model.probability(x).unique(), torch.tensor([0.25, 0.75]).double())


@pytest.mark.parametrize("penalty", [0.0, 0.1])
def test_gradient_descent_arrives_at_the_same_place(penalty):
    x, y = clouds()
    newton = fit_newton(x, y, penalty=penalty)
    descent = fit_gradient(x, y, penalty=penalty, steps=1500)
    torch.testing.assert_close(descent.weight, newton.weight)
    torch.testing.assert_close(descent.bias, newton.bias)
    losses = torch.stack(
        [logistic_touch(w, with_one(x), y, penalty).value for w in descent.path[:40]]
    )
    assert (losses.diff() < 0).all()


def test_the_step_of_gradient_descent_is_the_learning_rate_times_the_gradient():
    x, y = clouds()
    path = fit_gradient(x, y, penalty=0.2, steps=3, learning_rate=0.7).path
    assert len(path) == 4
    for before, after in itertools.pairwise(path):
        gradient = logistic_touch(before, with_one(x), y, 0.2).gradient
        torch.testing.assert_close(after, before - 0.7 * gradient)


def test_the_default_rate_is_one_over_the_largest_curvature_there_can_be():
    x, y = clouds()
    for penalty in (0.0, 0.5):
        one = fit_gradient(x, y, penalty=penalty, steps=1).path[1]
        start = torch.zeros(5, dtype=torch.float64)
        gradient, hessian = logistic_touch(start, with_one(x), y, 0.0)[1:]
        rate = 1 / (torch.linalg.eigvalsh(hessian).max() + penalty)  # at 0, p (1 - p) is 1/4
        torch.testing.assert_close(one, -rate * gradient)


def test_the_path_begins_at_zero_and_ends_at_the_model():
    x, y = clouds()
    for model in (fit_newton(x, y), fit_gradient(x, y, steps=5)):
        assert not model.path[0].any()
        torch.testing.assert_close(model.path[-1], torch.cat([model.weight, model.bias[None]]))


def test_a_constant_feature_gets_no_weight_and_the_bias_is_free():
    x, y = clouds(gap=0.3)
    padded = torch.cat([x, torch.full((80, 1), 5.0)], 1)
    model, plain = (fit_newton(part, y, penalty=0.1) for part in (padded, x))
    torch.testing.assert_close(model.weight[:4], plain.weight)
    assert model.weight[4].abs() < 1e-10
    torch.testing.assert_close(model.bias, plain.bias)
    torch.testing.assert_close(model.probability(padded).mean(), y.double().mean())


def test_units_of_features_do_not_matter_without_penalty():
    x, y = clouds()
    units = torch.tensor([1e-4, 1.0, 1e4, 1e2], dtype=torch.float64)
    torch.testing.assert_close(fit_newton(x * units, y).score(x * units), fit_newton(x, y).score(x))


def test_type_follows_the_inputs():
    x, y = clouds()
    model = fit_newton(x.float(), y)
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, fit_newton(x, y).weight.float(), rtol=1e-3, atol=1e-4)
    assert fit_gradient(x.float(), y, steps=3).weight.dtype == torch.float32


def test_a_score_of_zero_is_answered_with_one():
    model = LogisticRegression(torch.tensor([1.0]), torch.tensor(0.0), torch.zeros(1, 2))
    assert model.predict(torch.tensor([[0.0], [-1e-6]])).tolist() == [1, 0]


SEPARABLE = torch.tensor([[0.0], [1.0], [2.0], [3.0]]).double()
TOUCHING = torch.tensor([[0.0], [1.0], [1.0], [2.0]]).double()
# The second feature says yes whenever it is 1: its weight grows for ever, and the first does not.
ONE_SIDED = torch.tensor([[0.0, 0], [1, 0], [2, 0], [3, 0], [0, 1], [1, 1]]).double()
HALVES = torch.tensor([0, 0, 1, 1])


@pytest.mark.parametrize("x", [SEPARABLE, SEPARABLE * 1e6, TOUCHING, SEPARABLE.float()])
def test_separable_classes_have_no_best_without_penalty(x):
    with pytest.raises(ValueError, match=r"x separates the classes.* take penalty > 0"):
        fit_newton(x, HALVES)
    assert fit_newton(x / x.max(), HALVES, penalty=0.01).weight.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_weight_that_grows_is_enough(dtype):
    answers = torch.tensor([0, 1, 0, 1, 1, 1])
    with pytest.raises(ValueError, match="x separates the classes"):
        fit_newton(ONE_SIDED.to(dtype), answers)
    assert fit_newton(ONE_SIDED[:4, :1].to(dtype), answers[:4]).weight.isfinite().all()


@pytest.mark.parametrize("far", [100.0, 10_000.0])
def test_a_far_point_is_no_separation(far):
    x, y = clouds()
    with_far = torch.cat([x, torch.full((1, 4), far)]), torch.cat([y, torch.tensor([1])])
    torch.testing.assert_close(
        fit_newton(*with_far).weight, fit_newton(x, y).weight, rtol=1e-3, atol=0
    )


def test_on_separable_classes_gradient_descent_grows_for_ever():
    lengths = fit_gradient(SEPARABLE, HALVES, steps=4000).path.norm(dim=1)
    assert (lengths.diff() > 0).all()


X, Y = clouds(examples=6, features=2)


@pytest.mark.parametrize("fit", [fit_newton, fit_gradient])
@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (X, 2 * Y - 1, {}, r"y must be 0 and 1, not \[-1, 1\]; .*\(y \+ 1\) / 2"),
        (X, Y + 1, {}, r"y must be 0 and 1, not \[1, 2\]"),
        (X, torch.ones_like(Y), {}, "y has only the class 1"),
        (X, torch.zeros_like(Y), {}, "y has only the class 0"),
        (X, Y[:5], {}, "one answer for each of 6 examples"),
        (X[:, 0], Y, {}, r"x must be \(examples, features\)"),
        (X[:0], Y[:0], {}, "at least one"),
        (X.long(), Y, {}, "floating-point type"),
        (X / 0, Y, {}, "not finite"),
        (X, Y, {"penalty": -0.1}, "penalty is -0.1"),
        (X, Y, {"penalty": float("nan")}, "penalty is nan"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(fit, x, y, options, message):
    with pytest.raises(ValueError, match=message):
        fit(x, y, **options)


def test_refuses_weights_that_are_not_unique():
    x, y = clouds()
    for extra in (torch.ones(80, 1), x[:, :1] - x[:, 1:2]):
        with pytest.raises(ValueError, match="constant or a combination of others"):
            fit_newton(torch.cat([x, extra], 1), y)


def test_says_so_if_the_steps_were_not_enough():
    with pytest.raises(ValueError, match="max_steps is 2, and that was not enough"):
        fit_newton(*clouds(), max_steps=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0"),
        ({"learning_rate": float("inf")}, "learning_rate is inf"),
    ],
)
def test_gradient_descent_refuses_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        fit_gradient(*clouds(), **options)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_to_score_inputs_of_another_size():
    with pytest.raises(ValueError, match="x has 3 features; this model has 4"):
        fit_newton(*clouds()).score(torch.zeros(2, 3))


def test_inputs_of_any_number_of_axes():
    x, y = clouds()
    ours = fit_newton(x, y)
    assert ours.score(x[0]).item() == pytest.approx(ours.score(x)[0].item())
    torch.testing.assert_close(ours.probability(x.view(8, 10, 4)).flatten(), ours.probability(x))


def test_the_weights_do_not_change_with_the_record():
    x, y = clouds()
    ours = fit_newton(x, y)
    kept = ours.score(x)
    ours.path.zero_()
    assert ours.score(x).equal(kept)
