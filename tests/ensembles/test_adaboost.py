import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier

from linebyline.ensembles.adaboost import AdaBoost, answers


@pytest.fixture(scope="module")
def patients():
    x, y = load_breast_cancer(return_X_y=True)
    return torch.tensor(x).float().double(), torch.tensor(2 * y - 1)


@pytest.fixture(scope="module")
def boosted(patients):
    return AdaBoost(40).fit(*patients)


@pytest.mark.parametrize(("depth", "rounds"), [(1, 12), (2, 5)])
def test_as_scikit_learn(patients, depth, rounds):
    """With two questions equal splits turn up later; scikit-learn draws lots among them."""
    x, y = patients
    ours = AdaBoost(rounds, max_depth=depth).fit(x, y)
    theirs = AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=depth), n_estimators=rounds, random_state=0
    )
    theirs.fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(ours.errors, theirs.estimator_errors_[:rounds], atol=1e-10)
    np.testing.assert_allclose(2 * ours.voices, theirs.estimator_weights_[:rounds], atol=1e-8)
    assert ours(x).tolist() == theirs.predict(x.numpy()).tolist()


def test_a_round_by_hand():
    """Stumps on one feature, one of five examples out of place: ε = 1/5, a = ½ ln 4 = ln 2."""
    x, y = torch.arange(5.0)[:, None].double(), torch.tensor([-1, -1, 1, 1, -1])
    model = AdaBoost(1).fit(x, y)
    assert model.errors.item() == pytest.approx(1 / 5)
    assert model.voices.item() == pytest.approx(np.log(2))
    expected = torch.tensor([1, 1, 1, 1, 4]).double() / 8
    torch.testing.assert_close(model.weights[1], expected)


def test_the_last_member_is_a_coin_on_the_new_weights(patients, boosted):
    x, y = patients
    for member, weights in zip(boosted.members, boosted.weights[1:], strict=True):
        assert weights[answers(member, x) != y].sum() == pytest.approx(0.5, abs=1e-9)


def test_the_weights_are_exponentials_of_the_scores(patients, boosted):
    x, y = patients
    expected = torch.exp(-y * boosted.scores(x))
    torch.testing.assert_close(
        boosted.weights[1:], expected / expected.sum(1, keepdim=True), rtol=1e-8, atol=1e-12
    )


def test_the_bound_is_the_mean_of_the_exponentials_and_holds(patients, boosted):
    x, y = patients
    torch.testing.assert_close(torch.exp(-y * boosted.scores(x)).mean(1), boosted.bound())
    wrong = (y * boosted.scores(x) <= 0).double().mean(1)
    assert (wrong <= boosted.bound()).all()
    assert wrong[-1] == 0


def test_margins_are_shares_of_the_voices(patients, boosted):
    x, y = patients
    margins = boosted.margins(x, y)
    assert margins.abs().max() <= 1 + 1e-12
    torch.testing.assert_close(margins[0], (answers(boosted.members[0], x) * y))
    assert ((margins[-1] > 0) == (boosted(x) == y)).all()


def test_ends_at_a_member_that_is_never_wrong():
    x, y = torch.arange(4.0)[:, None].double(), torch.tensor([-1, -1, 1, 1])
    model = AdaBoost(9).fit(x, y)
    assert len(model.members) == 1
    assert model.voices.isfinite().all()
    assert model(x).tolist() == y.tolist()


def test_ends_when_no_question_helps():
    """A stump cannot do better than a coin on XOR; two questions can."""
    x, y = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]).double(), torch.tensor([-1, 1, 1, -1])
    with pytest.raises(ValueError, match="beats a coin"):
        AdaBoost(9).fit(x, y)
    assert AdaBoost(9, max_depth=2).fit(x, y)(x).tolist() == y.tolist()


@pytest.mark.parametrize("y", [[0, 1, 1], [1, 1, 1], [-1, 2, 1]])
def test_refuses_other_answers(y):
    with pytest.raises(ValueError, match="y must have the answers -1 and \\+1"):
        AdaBoost().fit(torch.rand(3, 1).double(), torch.tensor(y))


@pytest.mark.parametrize("options", [{"rounds": 0}, {"max_depth": 0}])
def test_refuses_no_rounds(options):
    with pytest.raises(ValueError, match="rounds and max_depth must be at least 1"):
        AdaBoost(**options)
