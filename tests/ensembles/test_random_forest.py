import numpy as np
import pytest
import torch
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from torch.nn.functional import one_hot

from linebyline.ensembles.bagging import bootstrap_counts
from linebyline.ensembles.decision_tree import grow
from linebyline.ensembles.random_forest import random_forest


@pytest.fixture(scope="module")
def wine():
    x, y = load_wine(return_X_y=True)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    return torch.tensor(x)[order], torch.tensor(y)[order]


def test_errs_as_often_as_scikit_learn(wine):
    """Out of the bag, over several seeds: the means differ by less than two examples of 178."""
    x, y = wine
    ours, theirs = [], []
    for seed in range(4):
        forest = random_forest(x, one_hot(y).double(), trees=30, features_tried=3, seed=seed)
        ours.append((forest.out_of_bag(x).argmax(1) == y).double().mean().item())
        their = RandomForestClassifier(30, max_features=3, oob_score=True, random_state=seed)
        theirs.append(their.fit(x.numpy(), y.numpy()).oob_score_)
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.011)
    assert np.mean(ours) > 0.95


def test_answers_are_shares(wine):
    x, y = wine
    shares = random_forest(x, one_hot(y).double(), trees=10)(x)
    torch.testing.assert_close(shares.sum(1), torch.ones(len(x)).double())
    assert (shares.argmax(1) == y).double().mean() > 0.98


def test_options_reach_the_trees(wine):
    x, y = wine
    t = one_hot(y).double()
    stumps = random_forest(x, t, trees=5, max_depth=1).members
    assert len(stumps.feature) == 5 * 3
    assert len(random_forest(x, t, trees=5, min_leaf=60).members.feature) <= 5 * 5
    few = random_forest(x, t, trees=40, features_tried=1, max_depth=1).members.feature[:40]
    alone = random_forest(x, t, trees=40, max_depth=1).members.feature[:40]
    assert len(few.unique()) > len(alone.unique())


def test_is_a_bag_of_trees_with_draws(wine):
    x, y = wine
    t, counts = one_hot(y).double(), bootstrap_counts(4, len(y), seed=3)
    trees = grow(x, t, counts, features_tried=2, seed=3)
    assert random_forest(x, t, trees=4, features_tried=2, seed=3).members(x).equal(trees(x))


def test_the_seed_decides_samples_and_draws(wine):
    x, y = wine
    one, same, other = (
        random_forest(x, one_hot(y).double(), trees=5, features_tried=2, seed=seed)(x)
        for seed in (0, 0, 1)
    )
    assert one.equal(same)
    assert not one.equal(other)
