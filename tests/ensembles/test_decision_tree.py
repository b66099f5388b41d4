import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris, load_wine
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from torch.nn.functional import one_hot

from linebyline.ensembles.decision_tree import grow, split_gains


def table(load):
    """Real data; scikit-learn's trees round inputs to single precision, so ours get them so."""
    x, y = load(return_X_y=True)
    return torch.tensor(x).float().double(), torch.tensor(y)


def noisy(seed=0, examples=120, features=5):
    g = torch.Generator().manual_seed(seed)
    x = torch.rand(examples, features, generator=g).double()
    return x, 5 * x[:, 0] + (7 * x[:, 1]).sin() + torch.randn(examples, generator=g).double()


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("load", [load_wine, load_iris])
def test_classes_as_scikit_learn(load, depth):
    x, y = table(load)
    ours = grow(x, one_hot(y).double(), max_depth=depth)
    theirs = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(ours(x)[0], theirs.predict_proba(x.numpy()), atol=1e-12)


@pytest.mark.parametrize(("depth", "leaf"), [(1, 1), (4, 3), (None, 7)])
def test_numbers_as_scikit_learn(depth, leaf):
    x, y = noisy()
    x, z = x.float().double(), noisy(1)[0].float().double()
    ours = grow(x, y[:, None], max_depth=depth, min_leaf=leaf)
    theirs = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=leaf, random_state=0)
    theirs.fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(ours(z)[0, :, 0], theirs.predict(z.numpy()), atol=1e-10)
    assert len(ours.feature) == theirs.tree_.node_count


def test_weights_as_scikit_learn():
    x, y = noisy()
    x, w = x.float().double(), torch.rand(3, len(y), generator=torch.Generator().manual_seed(2))
    w = w.double().where(w > 0.3, 0)
    ours = grow(x, y[:, None], w, max_depth=3)(x)[..., 0]
    for answers, weight in zip(ours, w.numpy(), strict=True):
        seen = weight > 0
        tree = DecisionTreeRegressor(max_depth=3, random_state=0)
        tree.fit(x.numpy()[seen], y.numpy()[seen], sample_weight=weight[seen])
        np.testing.assert_allclose(answers, tree.predict(x.numpy()), atol=1e-10)


def test_trees_grown_together_are_those_grown_alone():
    x, y = noisy()
    w = torch.randint(3, (4, len(y)), generator=torch.Generator().manual_seed(3)).double()
    together = grow(x, y[:, None], w)
    assert together.count == 4
    for i in range(4):
        torch.testing.assert_close(together(x)[i], grow(x, y[:, None], w[i : i + 1])(x)[0])


def test_a_weight_of_two_is_the_example_twice():
    x, y = noisy(examples=40)
    w = torch.ones(1, 40).double()
    w[0, :10] = 2
    twice = grow(torch.cat([x, x[:10]]), torch.cat([y, y[:10]])[:, None], max_depth=3)
    torch.testing.assert_close(grow(x, y[:, None], w, max_depth=3)(x), twice(x))


def test_the_gain_by_hand():
    """Targets 0, 0, 6: apart from their mean 2 by 4 + 4 + 16 = 24; the second cut leaves 0."""
    t, w = torch.tensor([[[0.0], [0], [6]]]).double(), torch.ones(1, 3).double()
    gains = split_gains(w, t, torch.zeros(3, dtype=torch.long))
    torch.testing.assert_close(gains[0, :2], torch.tensor([24 - 18.0, 24]).double())


def test_the_gain_is_what_the_squared_deviations_lose():
    g = torch.Generator().manual_seed(4)
    t, w = torch.randn(1, 9, 2, generator=g).double(), torch.rand(1, 9, generator=g).double()
    at = torch.tensor([0] * 4 + [1] * 5)

    def around_mean(part):
        mean = (w[0, part, None] * t[0, part]).sum(0) / w[0, part].sum()
        return (w[0, part, None] * (t[0, part] - mean).square()).sum()

    gains = split_gains(w, t, at)[0]
    for start, end in ((0, 4), (4, 9)):
        for cut in range(start + 1, end):
            lost = around_mean(range(start, end)) - around_mean(range(start, cut))
            torch.testing.assert_close(gains[cut - 1], lost - around_mean(range(cut, end)))


def test_learns_every_example_by_heart():
    x, y = noisy()
    torch.testing.assert_close(grow(x, y[:, None])(x)[0, :, 0], y)


def test_xor_takes_a_question_without_gain():
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = torch.tensor([0.0, 1, 1, 0])
    assert grow(x, y[:, None])(x)[0, :, 0].tolist() == y.tolist()


def test_an_example_on_the_threshold_goes_to_the_first_child():
    tree = grow(torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [1.0]]))
    assert tree.threshold[0] == 2
    assert tree(torch.tensor([[2.0], [2.0001]]))[0, :, 0].tolist() == [0, 1]


def test_neighbours_without_a_number_between_are_parted():
    low = 1 + torch.finfo(torch.float32).eps  # odd: the middle is rounded up, to the neighbour
    x = torch.tensor([[low], [1 + 2 * (low - 1)]])
    assert grow(x, torch.tensor([[0.0], [1.0]]))(x)[0, :, 0].tolist() == [0, 1]


def test_what_cannot_be_split_is_one_leaf():
    x, y = torch.ones(4, 2), torch.tensor([1.0, 2, 3, 6])
    constant = grow(x, y[:, None])
    assert constant.feature.tolist() == [-1]
    assert constant(x).flatten().tolist() == [3] * 4
    assert grow(torch.rand(4, 2), torch.full((4, 1), 0.1)).feature.tolist() == [-1]


def test_a_constant_feature_does_not_use_up_the_draw():
    x, y = noisy()
    x = torch.cat([torch.zeros(len(x), 6).double(), x[:, :1]], dim=1)
    for seed in range(5):
        tree = grow(x, y[:, None], features_tried=1, max_depth=2, seed=seed)
        assert tree.feature[:3].tolist() == [6, 6, 6]


def test_features_are_drawn_for_each_node_and_by_the_seed():
    x, y = noisy(features=8)
    one, same, other = (
        grow(x, y[:, None], max_depth=3, features_tried=1, seed=seed).feature for seed in (0, 0, 1)
    )
    assert one.equal(same)
    assert not one.equal(other)
    asked = grow(x, y[:, None], torch.ones(300, len(y)).double(), max_depth=1, features_tried=2)
    counts = asked.feature[:300].bincount(minlength=8)
    assert counts[0] == pytest.approx(300 * 2 / 8, abs=30)  # the best wins whenever it is drawn


def test_a_class_without_an_example_has_no_share():
    targets = one_hot(torch.tensor([0, 2, 2]), 4).double()
    shares = grow(torch.rand(3, 2).double(), targets, max_depth=0)(torch.zeros(1, 2).double())
    torch.testing.assert_close(shares[0, 0], torch.tensor([1 / 3, 0, 2 / 3, 0]).double())


def test_the_type_of_the_targets_is_kept():
    x, y = noisy()
    assert grow(x.float(), y.float()[:, None]).value.dtype == torch.float32


X, T = torch.rand(6, 2), torch.rand(6, 1)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((X[0], T), {}, "x must be"),
        ((X[:0], T[:0]), {}, "x must be"),
        ((X, T[:, 0]), {}, "take y\\[:, None\\]"),
        ((X, T.long()), {}, "one_hot"),
        ((X, T[:5]), {}, "targets must be"),
        ((X * torch.nan, T), {}, "x has values"),
        ((X, T / 0), {}, "targets has values"),
        ((X, T, torch.ones(6)), {}, "weights must be \\(trees, 6\\)"),
        ((X, T, -torch.ones(1, 6)), {}, "at least 0"),
        ((X, T, torch.zeros(2, 6)), {}, "above 0 for some"),
        ((X, T), {"max_depth": -1}, "max_depth is -1"),
        ((X, T), {"min_leaf": 0}, "min_leaf is 0"),
        ((X, T), {"features_tried": 3}, "features_tried is 3"),
        ((X, T), {"features_tried": 0}, "from 1 to 2"),
    ],
)
def test_refuses(arguments, options, said, without_shape_checks):
    with pytest.raises(ValueError, match=said):
        grow(*arguments, **options)
