import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron as Reference

from linebyline.linear_models import perceptron
from linebyline.linear_models.perceptron import (
    MistakeLog,
    Perceptron,
    mistakes,
    mistakes_explicit,
)

OR = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([-1, 1, 1, 1])


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
    log = Perceptron(2).fit(*OR)
    assert log.examples.tolist() == [0, 1, 2, 0, 0, 1, 0, 2, 0]
    assert log.weights[-1].tolist() == [2, 2, -1]
    assert log.per_epoch().tolist() == [3, 1, 2, 2, 1, 0]
    assert log.converged


def test_converged_means_that_a_whole_epoch_was_clean():
    """OR takes five epochs with mistakes, and a sixth to find none."""
    long, short = (Perceptron(2).fit(*OR, epochs=epochs) for epochs in (6, 5))
    assert (long.converged, long.epochs_run) == (True, 6)
    assert (short.converged, short.epochs_run) == (False, 5)


def test_where_no_line_separates_the_rule_goes_on_for_a_hundred_epochs():
    log = Perceptron(2).fit(OR[0], torch.tensor([-1, 1, 1, -1]))
    assert (log.converged, log.epochs_run) == (False, 100)


def test_a_run_without_mistakes_is_one_clean_epoch():
    log = MistakeLog(torch.ones(2), [], examples=3, epochs=5)
    assert (len(log), log.converged, log.epochs_run) == (0, True, 1)
    assert log.survived.tolist() == [3]
    assert log.per_epoch().tolist() == [0]
    assert log.examples.dtype == log.epochs.dtype == torch.long


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


@pytest.mark.parametrize("find", [mistakes, mistakes_explicit])
def test_a_start_that_is_right_makes_no_mistake_and_stops_after_one_epoch(find):
    x, y = torch.tensor([[1.0], [2.0]]), torch.tensor([1, 1])
    orders = iter([torch.arange(2)] * 3)
    assert not list(find(x, y, torch.ones(1), orders))
    assert len(list(orders)) == 2


@pytest.mark.parametrize(("explicit", "other"), [(True, "mistakes"), (False, "mistakes_explicit")])
def test_explicit_decides_the_path(monkeypatch, explicit, other):
    """Both find the same mistakes, so only the path itself shows which one was taken."""
    monkeypatch.setattr(perceptron, other, lambda *_: pytest.fail(f"took {other}"))
    assert Perceptron(2).fit(*OR, explicit=explicit).converged


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


def test_every_epoch_has_an_order_of_its_own_or_all_take_the_examples_as_they_come():
    x, y = blobs(seed=5, gap=0.0)
    for seed in (None, 0, 1):  # 0 is a seed like any other
        log = Perceptron(5).fit(x, y, epochs=2, seed=seed)
        first, second = (log.examples[log.epochs == epoch].tolist() for epoch in (0, 1))
        again = [i for i in first if i in second]
        assert len(again) > 5
        assert (first == sorted(first)) == (seed is None)
        assert (again == [i for i in second if i in first]) == (seed is None)


def test_learning_starts_from_zero_each_time():
    x, y = blobs(seed=5, gap=1.0)
    model = Perceptron(5)
    first, again = (model.fit(x, y, epochs=2) for _ in range(2))
    torch.testing.assert_close(again.weights, first.weights)


def test_a_score_of_zero_is_answered_with_plus_one():
    assert Perceptron(2)(torch.zeros(3, 2)).tolist() == [1, 1, 1]


def test_weights_follow_the_type_of_the_inputs():
    x, y = blobs(seed=6)
    model = Perceptron(5)
    model.fit(x, y)
    assert model.weights.dtype == model.bias.dtype == torch.float64


def test_weights_are_saved_and_are_no_part_of_the_log():
    x, y = blobs(seed=6)
    model, other = Perceptron(5), Perceptron(5).double()
    log = model.fit(x, y)
    kept = log.weights.clone()
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(other.score(x), model.score(x))
    model.load_state_dict(Perceptron(5).state_dict())  # writes into the weights it finds
    assert not model.score(x).any()
    assert torch.equal(log.weights, kept)


X, Y = torch.zeros(4, 2), torch.tensor([1, -1, 1, -1])
WITH_ONE_INFINITY = torch.tensor([[1.0, 2], [3, torch.inf], [5, 6], [7, 8]])


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((X[:, :1], Y), {}, "x has 1 features; this perceptron has 2"),
        ((torch.zeros(4, 3), Y), {}, "x has 3 features; this perceptron has 2"),
        ((X[:0], Y[:0]), {}, "at least one"),
        ((X[:, :0], Y), {}, r"at least one; it is \(4, 0\)"),
        ((X[:, 0], Y), {}, r"x must be \(examples, features\).* it is \(4,\)"),
        ((X[..., None], Y), {}, r"x must be \(examples, features\).* it is \(4, 2, 1\)"),
        ((X.long(), Y), {}, r"floating-point type, not torch.int64; take x.float\(\)"),
        ((X, Y[:3]), {}, "one answer for each of 4 examples"),
        ((X, Y[:, None]), {}, r"one answer for each of 4 examples, not \(4, 1\)"),
        ((X, (Y + 1) // 2), {}, r"y must be -1 and \+1, not \[0, 1\]; .* 2 \* y - 1"),
        ((torch.zeros(9, 2), torch.arange(9)), {}, r"not \[0, 1, 2, 3, 4\]; from"),
        ((X / 0, Y), {}, "x has values that are not finite"),
        ((WITH_ONE_INFINITY, Y), {}, "x has values that are not finite"),
        ((X, Y), {"epochs": 0}, "epochs is 0"),
        ((X, Y), {"learning_rate": 0.0}, "learning_rate is 0.0"),
        ((X, Y), {"learning_rate": -1.0}, "learning_rate is -1.0"),
        ((X, Y), {"learning_rate": float("nan")}, "learning_rate is nan"),
        ((X, Y), {"learning_rate": float("inf")}, "learning_rate is inf"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        Perceptron(2).fit(*arguments, **settings)


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_to_score_inputs_of_another_size(features):
    with pytest.raises(ValueError, match=f"x has {features} features; this perceptron has 2"):
        Perceptron(2)(torch.zeros(4, features))


def test_refuses_no_inputs():
    with pytest.raises(ValueError, match="in_features is 0"):
        Perceptron(0)
