"""A loss as three debts, of what is unknowable, of size and of data: fitted, and doubted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import exp, log
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
    """L(N, D) = E + ((A/N^α)^p + (B/D^β)^p)^(1/p).

    Sources: with p = 1, a sum, Hoffmann et al. 2022, *Training compute-optimal large language
    models*, equation 2. With E = 0 and p = 1/β, Kaplan et al. 2020, *Scaling laws for neural
    language models*, equation 1.5, where α is α_N and β is α_D. The larger p, the less is owed
    twice; for p without end the larger debt is all. That p stands for itself is our generalization.
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

    coupling: float = 1.0
    """p."""

    def debts(self, parameters: Row, tokens: Row) -> Float[Tensor, "runs 3"]:
        """E, A/N^α and B/D^β of each run, as if each were owed alone."""
        size = self.size_debt * parameters.double() ** -self.size_exponent
        data = self.data_debt * tokens.double() ** -self.data_exponent
        return torch.stack([torch.full_like(size, self.floor), size, data], dim=1)

    def __call__(self, parameters: Row, tokens: Row) -> Row:
        """L of each run."""
        floor, size, data = self.debts(parameters, tokens).unbind(1)
        p = self.coupling
        return floor + (size**p + data**p) ** (1 / p)

    @property
    def best_size_exponent(self) -> float:
        """By which power of the budget the best size grows: β/(α + β)."""
        return self.data_exponent / (self.size_exponent + self.data_exponent)

    def best_size(self, operations: float) -> float:
        """N*, the size with which C = 6 N D operations leave the least loss.

        Source: Hoffmann et al. 2022, equation 4, for p = 1. There α(A/N^α)^p = β(B/D^β)^p: one per
        cent more of parameters relieves as much as one per cent more of tokens.

        Raises:
            ValueError: `operations` is not positive.
        """
        if not operations > 0:
            raise ValueError(f"operations must be positive, not {operations}")
        a, b = self.size_exponent, self.data_exponent
        ratio = (a / b) ** (1 / self.coupling) * self.size_debt / self.data_debt
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
    coupling: float | None = 1.0,
) -> Fit:
    """The law with the least sum of Huber's losses of log L, from many starts.

    Source: Hoffmann et al. 2022, section 3.3 and appendix D.3. With e = log E, a = log A and
    b = log B their law says log L = LSE(e, a - α log N, b - β log D), the logarithm of a sum of
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
        coupling: p; None fits it, too.

    Raises:
        ValueError: the runs differ in number or are fewer than five, or a number is not positive.
    """
    numbers = {"delta": delta, "iterations": iterations, "floor": floor, "coupling": coupling}
    _check(parameters, tokens, losses, numbers)
    n, d, y = (row.double().log() for row in (parameters, tokens, losses))
    theta = _starts(n, d, y, floor, coupling)
    counts = torch.ones(len(theta), len(y), dtype=y.dtype)
    free = _free(floor, coupling)
    theta, cost = _descend(theta, n, d, y, counts, delta, iterations, free)
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
    coupling: float | None = 1.0,
    seed: int = 0,
) -> list[ScalingLaw]:
    """Laws fitted to runs that are drawn again, with repetition, from those there are.

    Source: Efron 1979, "Bootstrap methods: another look at the jackknife". How far the laws lie
    apart tells how far the one of all runs may be off, *if* the runs are independent. Runs that
    share something, as a trunk with its branches, belong to one group and are drawn together.

    Args:
        parameters: as for `fit_scaling_law`.
        tokens: the same.
        losses: the same.
        groups: a number for each run, the same for those that are drawn together; by default each
            is drawn alone. A draw with fewer than three groups is drawn anew.
        samples: how many laws.
        delta: as for `fit_scaling_law`.
        iterations: the same.
        coupling: the same.
        seed: of the draws.

    Raises:
        ValueError: as `fit_scaling_law`; or there are fewer than three groups.
    """
    numbers = {"delta": delta, "iterations": iterations, "coupling": coupling}
    _check(parameters, tokens, losses, numbers)
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
    starts = _starts(n, d, y, None, coupling)[::5]  # fewer, for there are many fits
    repeated = torch.stack(counts).repeat_interleave(len(starts), dim=0)
    free = _free(None, coupling)
    theta, cost = _descend(starts.repeat(samples, 1), n, d, y, repeated, delta, iterations, free)
    best = cost.view(samples, -1).argmin(1)
    theta = theta.view(samples, -1, 6)
    return [_law(theta[sample, start]) for sample, start in enumerate(best.tolist())]


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """The middle share of the values, from quantile to quantile."""
    tail = (1 - confidence) / 2
    low, high = torch.tensor([*values], dtype=torch.float64).quantile(
        torch.tensor([tail, 1 - tail], dtype=torch.float64)
    )
    return low.item(), high.item()


def _starts(n: Tensor, d: Tensor, y: Tensor, floor: float | None, coupling: float | None) -> Tensor:
    """e, a, α, b, β, log p: both debts are equal, and enough, in the middle of the runs."""
    rows = []
    p = coupling or 2.0
    for share, alpha, beta in product(FLOORS, EXPONENTS, EXPONENTS):
        e = y.min().item() + log(share) if floor is None else log(floor)
        above = max(y.mean().exp().item() - share * y.min().exp().item(), 0.1)
        half = log(above) - log(2) / p
        a, b = half + alpha * n.mean().item(), half + beta * d.mean().item()
        rows.append([e, a, alpha, b, beta, log(p)])
    return torch.tensor(rows, dtype=torch.float64)


def _free(floor: float | None, coupling: float | None) -> Tensor:
    """1 for what is fitted, 0 for what is given."""
    free = torch.ones(6, dtype=torch.float64)
    free[0], free[5] = float(floor is None), float(coupling is None)
    return free


def _predicted(theta: Tensor, n: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
    """Log L, (starts, runs), and its slopes in e, a, α, b, β, log p, (starts, runs, 6)."""
    e, a, alpha, b, beta, log_p = theta[:, :, None].unbind(1)
    p = log_p.exp()
    debts = torch.stack([a - alpha * n, b - beta * d], dim=-1)  # logs of both
    size, data = (p[..., None] * debts).softmax(-1).unbind(-1)  # their shares of what they make
    both = (p[..., None] * debts).logsumexp(-1) / p
    logs = torch.stack(torch.broadcast_tensors(e, both), dim=-1)
    floor, rest = logs.softmax(-1).unbind(-1)  # and the shares of the loss
    mixed = size * debts[..., 0] + data * debts[..., 1]
    slopes = [floor, rest * size, -rest * size * n, rest * data, -rest * data * d]
    slopes.append(rest * (mixed - both))
    return logs.logsumexp(-1), torch.stack(slopes, dim=-1)


def _descend(
    theta: Tensor,
    n: Tensor,
    d: Tensor,
    y: Tensor,
    counts: Tensor,
    delta: float,
    iterations: int,
    free: Tensor,
) -> tuple[Tensor, Tensor]:
    """Each row of theta, (starts, 6), goes downhill for itself; the end, and its Huber loss."""

    def huber(r: Tensor) -> Tensor:
        size = r.abs()
        return (counts * torch.where(size <= delta, r**2 / 2, delta * (size - delta / 2))).sum(1)

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
    e, a, alpha, b, beta, log_p = theta.tolist()
    return ScalingLaw(exp(e), exp(a), alpha, exp(b), beta, exp(log_p))


def _check(
    parameters: Tensor, tokens: Tensor, losses: Tensor, numbers: Mapping[str, float | None]
) -> None:
    for name, row in (("parameters", parameters), ("tokens", tokens), ("losses", losses)):
        if len(row) != len(parameters):
            raise ValueError(f"{name} must have {len(parameters)} runs, not {len(row)}")
        if not (row > 0).all():
            raise ValueError(f"{name} must be positive, but one is {row.min().item():g}")
    if len(parameters) < 5:
        raise ValueError(f"parameters must have at least five runs, not {len(parameters)}")
    for name, value in numbers.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be positive, not {value}")
