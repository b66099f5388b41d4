"""A loss as three debts, E + A/N^α + B/D^β: fitted, divided by a budget, and doubted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import log
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

Row = Float[Tensor, " runs"]

EXPONENTS = (0.1, 0.3, 0.6, 1.0)
FLOORS = (0.1, 0.5, 0.8)
"""From where the fit starts; the floors are shares of the least loss."""


@dataclass(frozen=True)
class ScalingLaw:
    """L(N, D) = E + A/N^α + B/D^β.

    Source: Hoffmann et al. 2022, *Training compute-optimal large language models*, equation 2.
    """

    floor: float
    """E, which neither size nor data lower."""

    size_debt: float
    """A, what a model of one parameter owes."""

    size_exponent: float
    """α."""

    data_debt: float
    """B, what one token leaves owing."""

    data_exponent: float
    """β."""

    def debts(self, parameters: Row, tokens: Row) -> Float[Tensor, "runs 3"]:
        """E, A/N^α and B/D^β of each run."""
        size = self.size_debt * parameters.double() ** -self.size_exponent
        data = self.data_debt * tokens.double() ** -self.data_exponent
        return torch.stack([torch.full_like(size, self.floor), size, data], dim=1)

    def __call__(self, parameters: Row, tokens: Row) -> Row:
        """L, the sum of the three."""
        return self.debts(parameters, tokens).sum(1)

    @property
    def best_size_exponent(self) -> float:
        """By which power of the budget the best size grows: β/(α + β)."""
        return self.data_exponent / (self.size_exponent + self.data_exponent)

    def best_size(self, operations: float) -> float:
        """N*, the size with which C = 6 N D operations leave the least loss.

        Source: Hoffmann et al. 2022, equation 4. There αA/N^α = βB/D^β: one per cent more of
        parameters relieves as much as one per cent more of tokens.

        Raises:
            ValueError: `operations` is not positive.
        """
        if not operations > 0:
            raise ValueError(f"operations must be positive, not {operations}")
        a, b = self.size_exponent, self.data_exponent
        ratio = a * self.size_debt / (b * self.data_debt)
        return (ratio * (operations / 6) ** b) ** (1 / (a + b))


class Fit(NamedTuple):
    """A law, and what is left of Huber's loss."""

    law: ScalingLaw
    cost: float


def fit_scaling_law(
    parameters: Row,
    tokens: Row,
    losses: Row,
    *,
    delta: float = 1e-3,
    iterations: int = 100,
    floor: float | None = None,
) -> Fit:
    """The law with the least sum of Huber's losses of log L, from many starts.

    Source: Hoffmann et al. 2022, section 3.3 and appendix D.3. With e = log E, a = log A and
    b = log B the law says log L = LSE(e, a - α log N, b - β log D), the logarithm of a sum of
    exponentials, whose slopes in e, a and b are the shares of the debts. They minimize with L-BFGS;
    here Levenberg's and Marquardt's damped least squares do it (Marquardt 1963), all starts side by
    side, with the weights min(1, δ/abs(r)) that make Huber's loss of squares (Huber 1964).

    Args:
        parameters: N of each run.
        tokens: D.
        losses: L.
        delta: δ, in units of log L: a run that is farther off pulls no harder.
        iterations: steps of the descent.
        floor: E, to fit the others only: so one draws the profile of E.

    Raises:
        ValueError: the runs differ in number or are fewer than five, or a number is not positive.
    """
    _check(parameters, tokens, losses, delta=delta, iterations=iterations, floor=floor)
    n, d, y = (row.double().log() for row in (parameters, tokens, losses))
    theta = _starts(n, d, y, floor)
    counts = torch.ones(len(theta), len(y), dtype=y.dtype)
    theta, cost = _descend(theta, n, d, y, counts, delta, iterations, floor is None)
    best = int(cost.argmin())
    return Fit(_law(theta[best]), cost[best].item())


def bootstrap_scaling_laws(
    parameters: Row,
    tokens: Row,
    losses: Row,
    *,
    groups: Int[Tensor, " runs"] | None = None,
    samples: int = 200,
    delta: float = 1e-3,
    iterations: int = 100,
    seed: int = 0,
) -> list[ScalingLaw]:
    """Laws fitted to runs that are drawn again, with repetition, from those there are.

    Source: Efron 1979, "Bootstrap methods: another look at the jackknife". How far the laws lie
    apart tells how far the one of all runs may be off, *if* the runs are independent. Runs that
    share something, as a trunk with its branches, belong to one group and are drawn together.

    Args:
        parameters: as for `fit_scaling_law`, with `tokens` and `losses`.
        groups: a number for each run, the same for those that are drawn together; by default each
            is drawn alone. A draw with fewer than three groups is drawn anew.
        samples: how many laws.
        delta: as for `fit_scaling_law`.
        iterations: the same.
        seed: of the draws.

    Raises:
        ValueError: as `fit_scaling_law`; or there are fewer than three groups.
    """
    _check(parameters, tokens, losses, delta=delta, iterations=iterations)
    n, d, y = (row.double().log() for row in (parameters, tokens, losses))
    names = torch.arange(len(y)) if groups is None else groups
    member = (names == names.unique()[:, None]).double()  # (groups, runs)
    if len(member) < 3:
        raise ValueError(f"groups must be at least three, not {len(member)}")
    generator = torch.Generator().manual_seed(seed)
    counts: list[Tensor] = []
    while len(counts) < samples:
        drawn = torch.randint(len(member), (len(member),), generator=generator)
        if len(drawn.unique()) >= 3:
            counts.append(member[drawn].sum(0))
    starts = _starts(n, d, y, None)[::4]  # fewer: a fit to few runs is no more rugged
    repeated = torch.stack(counts).repeat_interleave(len(starts), dim=0)
    theta, cost = _descend(
        starts.repeat(samples, 1), n, d, y, repeated, delta, iterations, free_floor=True
    )
    best = cost.view(samples, -1).argmin(1)
    theta = theta.view(samples, -1, 5)
    return [_law(theta[sample, start]) for sample, start in enumerate(best.tolist())]


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """The middle share of the values, from quantile to quantile."""
    tail = (1 - confidence) / 2
    low, high = torch.tensor([*values], dtype=torch.float64).quantile(
        torch.tensor([tail, 1 - tail], dtype=torch.float64)
    )
    return low.item(), high.item()


def _starts(n: Tensor, d: Tensor, y: Tensor, floor: float | None) -> Tensor:
    """e, a, α, b, β: what is above the floor is shared by both debts, in the middle of the runs."""
    rows = []
    least = y.min().item()
    for share, alpha, beta in product(FLOORS, EXPONENTS, EXPONENTS):
        e = least + log(share) if floor is None else log(floor)
        above = log(max(y.mean().exp().item() - min(share, 0.9) * y.min().exp().item(), 1e-3) / 2)
        rows.append([e, above + alpha * n.mean(), alpha, above + beta * d.mean(), beta])
    return torch.tensor(rows, dtype=torch.float64)


def _predicted(theta: Tensor, n: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    """log L, (starts, runs), and its slopes in e, a, α, b, β, (starts, runs, 5)."""
    e, a, alpha, b, beta = theta[:, :, None].unbind(1)
    logs = torch.stack(torch.broadcast_tensors(e, a - alpha * n, b - beta * d), dim=-1)
    floor, size, data = logs.softmax(-1).unbind(-1)  # the shares of the debts
    return logs.logsumexp(-1), torch.stack([floor, size, -size * n, data, -data * d], dim=-1)


def _descend(
    theta: Tensor,
    n: Tensor,
    d: Tensor,
    y: Tensor,
    counts: Tensor,
    delta: float,
    iterations: int,
    free_floor: bool,
) -> tuple[Tensor, Tensor]:
    """Each row of theta, (starts, 5), goes downhill for itself; the end, and its Huber loss."""

    def huber(r: Tensor) -> Tensor:
        size = r.abs()
        return (counts * torch.where(size <= delta, r**2 / 2, delta * (size - delta / 2))).sum(1)

    free = torch.ones(5, dtype=theta.dtype)
    free[0] = float(free_floor)
    damping = torch.full((len(theta),), 1e-2, dtype=theta.dtype)
    said, slopes = _predicted(theta, n, d)
    cost = huber(said - y)
    for _ in range(iterations):
        r = said - y
        weights = counts * (delta / r.abs().clamp_min(delta))
        slopes = slopes * free
        curvature = torch.einsum("srp,sr,srq->spq", slopes, weights, slopes)
        gradient = torch.einsum("srp,sr->sp", slopes, weights * r)
        diagonal = curvature.diagonal(dim1=1, dim2=2)
        ridge = damping[:, None] * diagonal + 1e-12
        step = torch.linalg.solve(curvature + torch.diag_embed(ridge), gradient)
        tried = theta - step.clamp(-3, 3)
        said_then, slopes_then = _predicted(tried, n, d)
        cost_then = huber(said_then - y)
        better = cost_then < cost
        damping = torch.where(better, damping * 0.3, damping * 5).clamp(1e-9, 1e9)
        theta = torch.where(better[:, None], tried, theta)
        said = torch.where(better[:, None], said_then, said)
        slopes = torch.where(better[:, None, None], slopes_then, slopes)
        cost = torch.where(better, cost_then, cost)
    return theta, cost


def _law(theta: Tensor) -> ScalingLaw:
    e, a, alpha, b, beta = theta.tolist()
    big_e, big_a, big_b = torch.tensor([e, a, b], dtype=torch.float64).exp().tolist()
    return ScalingLaw(big_e, big_a, alpha, big_b, beta)


def _check(
    parameters: Tensor,
    tokens: Tensor,
    losses: Tensor,
    *,
    delta: float,
    iterations: int,
    floor: float | None = None,
) -> None:
    for name, row in (("parameters", parameters), ("tokens", tokens), ("losses", losses)):
        if len(row) != len(parameters):
            raise ValueError(f"{name} must have {len(parameters)} runs, not {len(row)}")
        if not (row > 0).all():
            raise ValueError(f"{name} must be positive, but one is {row.min().item():g}")
    if len(parameters) < 5:
        raise ValueError(f"parameters must have at least five runs, not {len(parameters)}")
    for name, value in (("delta", delta), ("iterations", iterations), ("floor", floor)):
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, not {value}")
