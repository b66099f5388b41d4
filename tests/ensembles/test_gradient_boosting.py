import numpy as np
import pytest
import torch
from sklearn.ensemble import GradientBoostingRegressor

from linebyline.ensembles.gradient_boosting import (
    GradientBoosting,
    half_squares,
    negative_gradient,
)


@pytest.fixture(scope="module")
def examples():
    g = torch.Generator().manual_seed(0)
    x = torch.rand(150, 4, generator=g).float().double()
    return x, 5 * x[:, 0] + (9 * x[:, 1]).sin() + torch.randn(150, generator=g).double()


@pytest.mark.parametrize(("depth", "rate"), [(1, 0.5), (2, 0.1)])
def test_the_curve_of_scikit_learn(examples, depth, rate):
    x, y = examples
    ours = GradientBoosting(25, learning_rate=rate, max_depth=depth).fit(x, y)
    theirs = GradientBoostingRegressor(
        n_estimators=25, learning_rate=rate, max_depth=depth, random_state=0
    )
    theirs.fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(2 * np.array(ours.train_loss[1:]), theirs.train_score_, rtol=1e-6)
    np.testing.assert_allclose(ours(x), theirs.predict(x.numpy()), atol=1e-9)


def test_residuals_are_the_negative_gradient(examples):
    _, y = examples
    answers = torch.linspace(-1, 1, len(y)).double()
    torch.testing.assert_close(negative_gradient(half_squares, answers, y), y - answers)


def test_stages_end_in_the_answer_and_give_the_losses(examples):
    x, y = examples
    model = GradientBoosting(10).fit(x, y)
    stages = model.staged(x)
    assert stages.shape == (11, len(x))
    assert stages[0].tolist() == [y.mean().item()] * len(x)
    torch.testing.assert_close(stages[-1], model(x))
    losses = torch.tensor(model.train_loss).double()
    torch.testing.assert_close((stages - y).square().mean(1) / 2, losses)


def test_any_loss_goes_down(examples):
    x, y = examples

    def logistic(answers, y):
        return torch.nn.functional.softplus(-y * answers).sum()

    signs = torch.where(y > y.median(), 1.0, -1.0).double()
    model = GradientBoosting(40, learning_rate=1.0, loss=logistic).fit(x, signs)
    assert (torch.tensor(model.train_loss).diff() < 0).all()
    assert (model(x).sign() == signs).double().mean() > 0.95


def test_learns_by_heart(examples):
    x, y = examples
    assert GradientBoosting(40, learning_rate=1.0, max_depth=8).fit(x, y).train_loss[-1] < 1e-4


@pytest.mark.parametrize("rate", [0, 1.5])
def test_refuses_a_rate(rate):
    with pytest.raises(ValueError, match="learning_rate is"):
        GradientBoosting(learning_rate=rate)


@pytest.mark.parametrize("options", [{"rounds": 0}, {"max_depth": 0}])
def test_refuses_no_rounds(options):
    with pytest.raises(ValueError, match="rounds and max_depth must be at least 1"):
        GradientBoosting(**options)


@pytest.mark.parametrize("y", [torch.rand(150, 1), torch.rand(149), torch.ones(150).long()])
def test_refuses_targets(examples, y, without_shape_checks):
    with pytest.raises(ValueError, match="y must be floating-point, \\(150,\\)"):
        GradientBoosting().fit(examples[0], y)


def test_refuses_a_gradient_that_is_not_finite(examples):
    x, y = examples
    with pytest.raises(ValueError, match="gradient that is not finite"):
        GradientBoosting(loss=lambda f, y: (f - f.detach()).sqrt().sum()).fit(x, y)
