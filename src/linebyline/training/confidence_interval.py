"""How far off a measured share or mean may be: the interval in which the true one lies."""

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from jaxtyping import Float
from scipy.special import stdtrit
from torch import Tensor


class Interval(NamedTuple):
    """The numbers from `low` to `high`, both included."""

    low: float
    high: float


def wilson_interval(successes: int, trials: int, *, confidence: float = 0.95) -> Interval:
    """The true shares p from which the measured one, successes / trials, is not too far.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22. Not too far are those p with
    (p̂ - p)² ≤ z² p (1 - p) / n: a quadratic inequality in p, whose two ends are returned. The
    usual p̂ ± z √(p̂ (1 - p̂) / n) puts p̂ in the place of p under the root, and has no width at all
    if every answer is right.

    Args:
        successes: how many of the trials succeeded: right answers on a test set, say.
        trials: n, how many there were, each with the same chance and independent of the others.
        confidence: the share of such experiments whose interval shall hold the true p; how well it
            is met depends on n and p (Brown, Cai & DasGupta 2001).

    Returns:
        Two numbers from 0 to 1; p̂ lies between them.

    Raises:
        ValueError: `trials` is below 1, `successes` is not from 0 to `trials`, or `confidence` is
            not between 0 and 1.
    """
    if trials < 1:
        raise ValueError(f"trials must be at least 1, not {trials}")
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must be from 0 to {trials}, the trials, not {successes}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}")
    n, p_hat = trials, successes / trials
    z = NormalDist().inv_cdf((1 + confidence) / 2)  # 1.96 for 0.95
    shrink = 1 / (1 + z**2 / n)
    centre = shrink * (p_hat + z**2 / (2 * n))
    half = shrink * z * sqrt(p_hat * (1 - p_hat) / n + z**2 / (4 * n**2))
    # At 0 and 1 an end is p̂ itself; rounding must put it neither beyond nor short of it.
    return Interval(max(min(centre - half, p_hat), 0.0), min(max(centre + half, p_hat), 1.0))


class MeanWithMargin(NamedTuple):
    """A mean and its margin of error: the interval goes from `mean - margin` to `mean + margin`."""

    mean: float
    margin: float


def mean_with_margin(values: Float[Tensor, " runs"], *, confidence: float = 0.95) -> MeanWithMargin:
    """The mean of some runs, and how far it may be from the mean of all there could be.

    Source: Student 1908, "The probable error of a mean", Biometrika 6. The margin is t s / √n: s is
    the deviation of the n values, t the quantile of Student's distribution with n - 1 degrees of
    freedom. That is larger than the normal distribution's, because s is itself measured by few
    values. It holds for independent values that are about normally distributed. To compare two ways
    that were run on the same starts, give it their differences.

    Args:
        values: one for each run.
        confidence: the share of such experiments whose interval holds the true mean.

    Raises:
        ValueError: there are fewer than two values, or `confidence` is not between 0 and 1.
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"values must be at least two, for one has no deviation, not {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, not {confidence}")
    t = float(stdtrit(n - 1, (1 + confidence) / 2))  # 2.78 for five values, 2.26 for ten
    return MeanWithMargin(values.mean().item(), t * values.std().item() / sqrt(n))
