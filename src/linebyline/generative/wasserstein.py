"""The Wasserstein-1 distance of two samples: what it costs, at least, to carry one to the other.

Two clouds of points with weights that add up to 1 are two heaps of sand of the same weight. A plan
says how much goes from where to where; its cost is the sum of weight times way, and the distance
is the cost of the cheapest plan (Kantorovich's problem; Villani 2009, *Optimal Transport*,
definition 6.1 with p = 1). Here are three ways to it: on a line, exactly and by sorting; for two
clouds of as many points, exactly and by matching; in all other cases nearly, by Sinkhorn's
iteration, which also gives the prices.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from torch import Tensor


def wasserstein_1d(
    x: Float[Tensor, " n"],
    y: Float[Tensor, " m"],
    x_weights: Float[Tensor, " n"] | None = None,
    y_weights: Float[Tensor, " m"] | None = None,
) -> Float[Tensor, ""]:
    """Distance of two weighted samples on a line: the area between their distribution functions.

    Source: Vallender 1974, *Calculation of the Wasserstein distance between probability
    distributions on the line*: W = ∫ abs(F(t) - G(t)) dt. Both functions are steps, and stand still
    between two neighbours of all points together, so the integral is a sum.

    Differentiable in the points, and in the weights, where no two points coincide.

    Args:
        x: points, in any order.
        y: points of the other sample; as many or not.
        x_weights: not negative; divided by their sum. Equal ones if None.
        y_weights: the same for y.

    Returns:
        The distance, in the units of the points.

    Raises:
        ValueError: a sample is empty or not finite, or its weights are negative or all 0.
    """
    _check_samples(x=x, y=y)
    p, q = _shares("x_weights", x_weights, x), _shares("y_weights", y_weights, y)
    points, order = torch.cat([x, y]).sort()
    steps = torch.cat([p, -q])[order]  # what F - G rises by at each point
    ahead = steps.cumsum(0)[:-1]  # F - G between each point and the next
    return (ahead.abs() * points.diff()).sum()


def wasserstein_matching(
    x: Float[Tensor, "n features"], y: Float[Tensor, "n features"]
) -> Float[Tensor, ""]:
    """Distance of two clouds of as many points, all of one weight: the cheapest way to pair them.

    Source: Kantorovich's problem is a linear program whose best plan, for equal weights, may be
    taken to be a permutation (Birkhoff's theorem; Peyré & Cuturi 2019, *Computational Optimal
    Transport*, proposition 2.1). SciPy finds it; the time grows with the third power of n, so
    take at most some thousand points. Differentiable in the points.

    Args:
        x: points, one a row.
        y: as many others.

    Returns:
        The mean way from a point to its partner, in the units of the points.

    Raises:
        ValueError: a cloud is empty, not finite, or of another shape than the other.
    """
    _check_samples(x=x, y=y)
    if x.shape != y.shape:
        raise ValueError(
            f"x and y must have one shape, not {tuple(x.shape)} and {tuple(y.shape)}; for clouds "
            "of different sizes take sinkhorn"
        )
    # As differences, not through squares; where two points coincide the slope is 0.
    ways = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
    rows, columns = linear_sum_assignment(ways.detach().cpu().double().numpy())
    return ways[torch.as_tensor(rows), torch.as_tensor(columns)].mean()


class Transport(NamedTuple):
    """What Sinkhorn's iteration ends with.

    Attributes:
        value: the plan's cost plus ε times its divergence from no plan at all, KL(P, a bᵀ).
            Differentiable in the costs; its derivative is the plan.
        plan: P, what is carried from each row to each column; detached.
        row_prices: f, what one more unit at each row would add to the value, up to one constant.
        column_prices: g, the same for the columns.
    """

    value: Float[Tensor, ""]
    plan: Float[Tensor, "n m"]
    row_prices: Float[Tensor, " n"]
    column_prices: Float[Tensor, " m"]


def sinkhorn(
    costs: Float[Tensor, "n m"],
    row_weights: Float[Tensor, " n"] | None = None,
    column_weights: Float[Tensor, " m"] | None = None,
    *,
    epsilon: float,
    iterations: int = 1000,
) -> Transport:
    """The cheapest plan that is a little spread out, by adjusting rows and columns in turn.

    Source: Cuturi 2013, *Sinkhorn Distances*, algorithm 1, with ε = 1/λ; in logarithms as in Peyré
    & Cuturi 2019, equations 4.40 and 4.41. Deviation: the entropy is taken relative to the product
    a bᵀ of the weights, P_ij = a_i b_j exp((f_i + g_j - C_ij)/ε), which moves the value by a
    constant only. Small ε means a sharp plan and many iterations: after them the columns' sums are
    right to rounding, and the rows' nearly.

    The derivative is not taken through the iterations: at the best plan a small change of the
    costs changes the value as if the plan stood still (the envelope theorem), so dV/dC = P.

    Args:
        costs: C, of carrying a unit from row i to column j.
        row_weights: what lies at each row; not negative, divided by their sum. Equal ones if None.
        column_weights: what each column is to have.
        epsilon: ε, above 0, in the units of the costs.
        iterations: how often rows and columns are adjusted.

    Raises:
        ValueError: costs, weights, `epsilon` or `iterations` are not as said.
    """
    _check_samples(costs=costs)
    if not epsilon > 0:
        raise ValueError(f"epsilon must be above 0, not {epsilon}")
    if iterations < 1:
        raise ValueError(f"iterations must be at least 1, not {iterations}")
    a = _shares("row_weights", row_weights, costs[:, 0])
    b = _shares("column_weights", column_weights, costs[0])
    with torch.no_grad():
        scaled, log_a, log_b = costs / epsilon, a.log(), b.log()  # log 0 = -∞: carries nothing
        f, g = torch.zeros_like(a), torch.zeros_like(b)
        for _ in range(iterations):
            f = -torch.logsumexp(log_b + g - scaled, dim=1)  # now each row's sum is a_i
            g = -torch.logsumexp(log_a[:, None] + f[:, None] - scaled, dim=0)  # each column's, b_j
        spread = f[:, None] + g - scaled  # log P_ij / (a_i b_j)
        plan = a[:, None] * b * spread.exp()
        entropy = epsilon * (plan * spread).sum()
    return Transport((plan * costs).sum() + entropy, plan, epsilon * f, epsilon * g)


def _shares(name: str, weights: Tensor | None, points: Tensor) -> Tensor:
    if weights is None:
        return torch.full_like(points, 1 / len(points)).detach()
    if weights.shape != points.shape or not (weights >= 0).all() or not weights.sum() > 0:
        raise ValueError(
            f"{name} must be {len(points)} numbers that are not negative and not all 0, "
            f"not {weights.tolist()}"
        )
    return weights / weights.sum()


def _check_samples(**samples: Tensor) -> None:
    for name, values in samples.items():
        if values.numel() == 0 or not values.isfinite().all():
            raise ValueError(
                f"{name} must hold finite numbers, one or more; its shape is {tuple(values.shape)}"
            )
