import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron as Reference

from linebyline.linear_models.perceptron import Perceptron, mistakes, mistakes_explicit


def blobs(seed: int, examples: int = 60, features: int = 5, gap: float = 1.0):
    """Two classes around opposite points; a gap of 1 rarely separates them, a gap of 5 does."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.where(torch.arange(examples) % 3 == 0, 1, -1)
    x = torch.randn(examples, features, dtype=torch.float64, generator=generator)
    return x + gap * y[:, None] / features**0.5 + 0.3, y


@pytest.mark.parametrize("gap", [0.5, 5.0])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("epochs", [1, 7])
def test_equals_scikit_learn(gap, bias, epochs):
    x, y = blobs(seed=1, gap=gap)
    ours = Perceptron(5, bias=bias)
    ours.fit(x, y, epochs=epochs)
    reference = Reference(shuffle=False, max_iter=epochs, tol=None, fit_intercept=bias)
    reference.fit(x.numpy(), y.numpy())
    torch.testing.assert_close(ours.weights, torch.tensor(reference.coef_[0]))
    torch.testing.assert_close(ours.bias, torch.tensor(reference.intercept_[0]))
    assert ours(x).tolist() == reference.predict(x.numpy()).tolist()


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    gap=st.sampled_from([0.0, 1.0, 4.0]),
    shuffle=st.booleans(),
    rate=st.sampled_from([0.1, 1.0, 3.0]),
)
def test_both_paths_make_the_same_mistakes(seed, gap, shuffle, rate):
    x, y = blobs(seed, examples=24, features=3, gap=gap)
    settings = {"epochs": 6, "learning_rate": rate, "seed": seed if shuffle else None}
    fast, slow = (
        Perceptron(3).fit(x, y, explicit=explicit, **settings) for explicit in (False, True)
    )
    assert fast.examples.tolist() == slow.examples.tolist()
    assert fast.epochs.tolist() == slow.epochs.tolist()
    assert fast.survived.tolist() == slow.survived.tolist()
    torch.testing.assert_close(fast.weights, slow.weights)


def test_learns_what_a_line_separates():
    x, y = blobs(seed=2, gap=6.0)
    model = Perceptron(5)
    log = model.fit(x, y, epochs=1000)
    assert log.converged
    assert log.per_epoch()[-1] == 0
    assert (model(x) == y).all()


def test_or_by_hand():
    """Worked out on paper."""
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    log = Perceptron(2).fit(x, torch.tensor([-1, 1, 1, 1]))
    assert log.examples.tolist() == [0, 1, 2, 0, 0, 1, 0, 2, 0]
    assert log.weights[-1].tolist() == [2, 2, -1]
    assert log.per_epoch().tolist() == [3, 1, 2, 2, 1, 0]
    assert log.converged


def test_log_accounts_for_every_example_looked_at():
    x, y = blobs(seed=3, gap=4.0)
    log = Perceptron(5).fit(x, y, epochs=500)
    assert log.survived.sum() == log.epochs_run * len(y)
    assert (log.survived[1:] > 0).all()
    assert len(log.weights) == len(log.survived) == len(log) + 1
    signed = y[:, None] * torch.cat([x, torch.ones(60, 1)], 1)
    torch.testing.assert_close(log.weights[1:], signed[log.examples].cumsum(0))


def test_survival_by_hand():
    """Weights +1 on the first mistake, right on two more examples, then corrected by the fourth."""
    x = torch.tensor([[1.0], [2.0], [3.0], [-4.0]])
    log = Perceptron(1, bias=False).fit(x, torch.ones(4, dtype=torch.long), epochs=1)
    assert log.weights.flatten().tolist() == [0, 1, -3]
    assert log.survived.tolist() == [0, 3, 1]
    assert not log.converged


def test_no_mistake_at_all_needs_a_start_that_is_right():
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([1, 1])
    assert not list(mistakes(x, y, torch.ones(1), [torch.arange(2)]))
    assert not list(mistakes_explicit(x, y, torch.ones(1), [torch.arange(2)]))


def test_the_learning_rate_changes_no_answer():
    x, y = blobs(seed=4, gap=1.0)
    one = Perceptron(5).fit(x, y, epochs=5)
    tiny = Perceptron(5).fit(x, y, epochs=5, learning_rate=2.0**-10)
    assert one.examples.tolist() == tiny.examples.tolist()
    torch.testing.assert_close(one.weights, tiny.weights * 2.0**10)


def test_seed_decides_the_order():
    x, y = blobs(seed=5, gap=1.0)
    first, again, other = (
        Perceptron(5).fit(x, y, epochs=3, seed=s).examples.tolist() for s in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_a_score_of_zero_is_answered_with_plus_one():
    assert Perceptron(2)(torch.zeros(3, 2)).tolist() == [1, 1, 1]


def test_weights_follow_the_type_of_the_inputs():
    x, y = blobs(seed=6)
    model = Perceptron(5)
    model.fit(x, y)
    assert model.weights.dtype == model.bias.dtype == torch.float64


X, Y = torch.zeros(4, 2), torch.tensor([1, -1, 1, -1])


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((X[:, :1], Y), {}, "x has 1 features; this perceptron has 2"),
        ((X[:0], Y[:0]), {}, "at least one"),
        ((X.long(), Y), {}, r"floating-point type, not torch.int64; take x.float\(\)"),
        ((X, Y[:3]), {}, "one answer for each of 4 examples"),
        ((X, (Y + 1) // 2), {}, r"y must be -1 and \+1, not \[0, 1\]; .* 2 \* y - 1"),
        ((X / 0, Y), {}, "x has values that are not finite"),
        ((X, Y), {"epochs": 0}, "epochs is 0"),
        ((X, Y), {"learning_rate": -1.0}, "learning_rate is -1.0"),
        ((X, Y), {"learning_rate": float("nan")}, "learning_rate is nan"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(2).fit(*arguments, **settings)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_to_score_inputs_of_another_size():
    with pytest.raises(ValueError, match="x has 3 features; this perceptron has 2"):
        Perceptron(2)(torch.zeros(4, 3))


def test_refuses_no_inputs():
    with pytest.raises(ValueError, match="in_features is 0"):
        Perceptron(0)
