import pytest
import torch
from scipy.stats import binom, binomtest, ttest_1samp

from linebyline.training.confidence_interval import mean_with_margin, wilson_interval

CASES = [(k, n) for n in (1, 2, 10, 100, 1000) for k in sorted({0, 1, n // 3, n - 1, n})]


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize(("successes", "trials"), CASES)
def test_equals_scipy(successes, trials, confidence):
    theirs = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, trials, confidence=confidence) == pytest.approx(tuple(theirs))


def test_the_default_is_95_percent():
    assert wilson_interval(80, 100) == wilson_interval(80, 100, confidence=0.95)


@pytest.mark.parametrize(("successes", "trials"), CASES)
def test_the_ends_are_just_not_too_far(successes, trials):
    for end in wilson_interval(successes, trials):
        distance = abs(successes / trials - end)
        assert distance == pytest.approx(1.959964 * (end * (1 - end) / trials) ** 0.5, abs=1e-6)


@pytest.mark.parametrize(("successes", "trials"), CASES)
def test_the_measured_share_is_inside_and_no_end_is_impossible(successes, trials):
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert high - low > 0


def test_covers_where_the_usual_interval_does_not():
    n, p, z = 100, 0.99, 1.959964
    covered = usual = 0.0
    for k in range(n + 1):
        low, high = wilson_interval(k, n)
        half = z * (k / n * (1 - k / n) / n) ** 0.5
        covered += binom.pmf(k, n, p) * (low <= p <= high)
        usual += binom.pmf(k, n, p) * (abs(k / n - p) <= half)
    assert covered > 0.9
    assert usual < 0.7


@pytest.mark.parametrize(
    ("successes", "trials", "settings", "message"),
    [
        (0, 0, {}, "trials must be at least 1, not 0"),
        (-1, 10, {}, "successes must be from 0 to 10, the trials, not -1"),
        (11, 10, {}, "successes must be from 0 to 10, the trials, not 11"),
        (5, 10, {"confidence": 95}, "confidence must be between 0 and 1, not 95"),
        (5, 10, {"confidence": 0}, "confidence must be between 0 and 1, not 0"),
        (5, 10, {"confidence": float("nan")}, "confidence must be between 0 and 1, not nan"),
    ],
)
def test_refuses_by_name(successes, trials, settings, message):
    with pytest.raises(ValueError, match=message):
        wilson_interval(successes, trials, **settings)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("runs", [2, 5, 10, 100])
def test_the_means_interval_equals_scipys(runs, confidence):
    values = 3 + torch.randn(runs, generator=torch.Generator().manual_seed(runs)).double()
    mean, margin = mean_with_margin(values, confidence=confidence)
    theirs = ttest_1samp(values.numpy(), 0).confidence_interval(confidence)
    assert (mean - margin, mean + margin) == pytest.approx(tuple(theirs))


def test_the_margins_default_is_95_percent():
    values = torch.tensor([1.0, 2.0, 4.0])
    found = mean_with_margin(values)
    assert found == mean_with_margin(values, confidence=0.95)
    assert [type(number) for number in found] == [float, float]  # pages publish them


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        ([], {}, "values must be at least two, for one has no deviation, not 0"),
        ([1.0], {}, "values must be at least two, for one has no deviation, not 1"),
        ([1.0, 2.0], {"confidence": 95}, "confidence must be between 0 and 1, not 95"),
        ([1.0, 2.0], {"confidence": float("nan")}, "confidence must be between 0 and 1, not nan"),
    ],
)
def test_a_mean_refuses_by_name(values, settings, message):
    with pytest.raises(ValueError, match=message):
        mean_with_margin(torch.tensor(values), **settings)
