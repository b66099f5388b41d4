import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.training.roc import area_standard_error, area_under_roc, roc_curve


def drawn(seed, examples=40, levels=7):
    """Scores with ties, and both classes."""
    g = torch.Generator().manual_seed(seed)
    score = torch.randint(levels, (examples,), generator=g).double()
    target = torch.randint(2, (examples,), generator=g)
    target[:2] = torch.tensor([0, 1])
    return score, target


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), levels=st.sampled_from([1, 3, 1000]))
def test_equals_scikit_learn(seed, levels):
    score, target = drawn(seed, levels=levels)
    theirs = sklearn.metrics.roc_curve(target.numpy(), score.numpy(), drop_intermediate=False)
    for ours, reference in zip(roc_curve(score, target), theirs, strict=True):
        torch.testing.assert_close(ours, torch.tensor(reference))
    area = sklearn.metrics.roc_auc_score(target.numpy(), score.numpy())
    assert area_under_roc(score, target) == pytest.approx(area)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_the_area_is_the_share_of_pairs_in_the_right_order(seed):
    score, target = drawn(seed)
    yes, no = score[target == 1][:, None], score[target == 0]
    pairs = ((yes > no).double() + (yes == no).double() / 2).mean()
    assert area_under_roc(score, target) == pytest.approx(pairs.item())


def test_by_hand():
    """Scores 4, 3, 2, 1 of the classes 1, 0, 1, 0: of four pairs one is in the wrong order."""
    score, target = torch.tensor([1.0, 4, 3, 2]), torch.tensor([0, 1, 0, 1])
    curve = roc_curve(score, target)
    assert curve.false_positive_rate.tolist() == [0, 0, 0.5, 0.5, 1]
    assert curve.true_positive_rate.tolist() == [0, 0.5, 0.5, 1, 1]
    assert curve.threshold.tolist() == [torch.inf, 4, 3, 2, 1]
    assert area_under_roc(score, target) == 0.75


def test_only_the_order_counts():
    score, target = drawn(1)
    assert area_under_roc(score.sigmoid(), target) == area_under_roc(score, target)
    assert area_under_roc(-score, target) == pytest.approx(1 - area_under_roc(score, target))


def test_the_standard_error_is_that_of_exponential_scores():
    """Class 0 has the rate 1, class 1 the rate 1/3: the area is 3/4."""
    g = torch.Generator().manual_seed(0)
    target = torch.tensor([1] * 20 + [0] * 30)
    areas = []
    for _ in range(1500):
        score = torch.empty(50, dtype=torch.float64).exponential_(generator=g)
        score[:20] *= 3
        areas.append(area_under_roc(score, target))
    measured = torch.tensor(areas)
    assert measured.mean() == pytest.approx(0.75, abs=0.01)
    assert measured.std() == pytest.approx(area_standard_error(0.75, 20, 30), rel=0.07)


def test_the_standard_error_with_its_two_chances_counted():
    """Drawn from two pools of four, of whose 16 pairs one is in the wrong order."""
    yes, no = torch.tensor([3.0, 3, 1, 3]), torch.tensor([0.0, 2, 0, 0])
    area, above, below = 15 / 16, 0.75 + 0.25 * 0.75**2, 0.75 + 0.25 * 0.75**2
    g = torch.Generator().manual_seed(0)
    target, areas = torch.tensor([1] * 12 + [0] * 5), []
    for _ in range(1500):
        picked = [pool[torch.randint(4, (n,), generator=g)] for pool, n in ((yes, 12), (no, 5))]
        areas.append(area_under_roc(torch.cat(picked), target))
    predicted = area_standard_error(area, 12, 5, both_above=above, both_below=below)
    assert torch.tensor(areas).mean() == pytest.approx(area, abs=0.01)
    assert torch.tensor(areas).std() == pytest.approx(predicted, rel=0.07)


def test_the_standard_error_by_hand():
    """One of each class: the area is 1 with probability A, else 0."""
    assert area_standard_error(0.8, 1, 1) == pytest.approx(0.4)
    assert area_standard_error(1.0, 5, 5) == 0


X, Y = torch.tensor([1.0, 2.0]), torch.tensor([0, 1])


@pytest.mark.parametrize("measure", [roc_curve, area_under_roc])
@pytest.mark.parametrize(
    ("score", "target", "message"),
    [
        (X, Y[:1], r"score and target must be \(batch,\)"),
        (X[:, None], Y[:, None], r"score and target must be \(batch,\)"),
        (X / 0 * 0, Y, "score holds NaN"),
        (X, 2 * Y - 1, r"target must be 0 and 1, both present, not \[-1, 1\]"),
        (X, 0 * Y, r"both present, not \[0\]"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(measure, score, target, message):
    with pytest.raises(ValueError, match=message):
        measure(score, target)


def test_the_standard_error_refuses_by_name():
    with pytest.raises(ValueError, match=r"area is 1\.1"):
        area_standard_error(1.1, 3, 3)
    with pytest.raises(ValueError, match="are 0 and 3"):
        area_standard_error(0.5, 0, 3)


@pytest.mark.parametrize("area", [0.0, 1.0])
def test_an_area_at_its_end_has_no_error(area):
    assert area_standard_error(area, 5, 7) == 0
