"""The support vector machine: the widest street between two classes, in the space of a kernel."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from linebyline.linear_models.kernels import Kernel, linear
from linebyline.linear_models.perceptron import check_examples


class SMOResult(NamedTuple):
    """The solution of the dual: ``signed[i]`` is ``y_i α_i``, and what the search cost."""

    signed: Float[Tensor, " examples"]
    bias: float
    steps: int


def smo(
    k: Float[Tensor, "examples examples"],
    y: Float[Tensor, " examples"],
    penalty: float,
    *,
    tolerance: float,
    max_steps: int,
) -> SMOResult:
    """Sequential minimal optimization: two multipliers at a time, each pair solved exactly.

    Source: Platt (1998). Deviation: the pair is chosen as in LIBSVM, the first by Keerthi et al.
    (2001), the second by the gain that a free step would bring (Fan, Chen and Lin 2005). The
    kernel matrix ``k`` is held in memory.
    """
    low, high = (penalty * y).clamp(max=0), (penalty * y).clamp(min=0)
    signed = torch.zeros_like(y)  # y_i α_i, between low and high; their sum stays 0
    asks = y.clone()  # the bias that would put example i on its edge of the street
    for step in range(max_steps + 1):
        may_rise, may_fall = signed < high, signed > low
        i = int(asks.where(may_rise, -torch.inf).argmax())
        gap = (asks[i] - asks).where(may_fall, -torch.inf)
        if gap.max() <= tolerance:
            return SMOResult(signed, _bias(asks, may_rise, may_fall), step)
        curvature = (k[i, i] + k.diagonal() - 2 * k[i]).clamp(min=1e-12)
        j = int((gap.clamp(min=0) ** 2 / curvature).argmax())
        room_i, room_j = high[i] - signed[i], signed[j] - low[j]
        move = torch.stack([gap[j] / curvature[j], room_i, room_j]).min()
        # What reaches its limit is put there exactly, or rounding would keep it in play.
        signed[i] = high[i] if move == room_i else signed[i] + move
        signed[j] = low[j] if move == room_j else signed[j] - move
        asks -= move * (k[i] - k[j])
    raise ValueError(
        f"max_steps is {max_steps}, too few for a tolerance of {tolerance} (still {gap.max():.1e});"
        " allow more steps, a larger tolerance or a smaller penalty, or standardize x"
    )


def _bias(
    asks: Float[Tensor, " examples"],
    may_rise: Bool[Tensor, " examples"],
    may_fall: Bool[Tensor, " examples"],
) -> float:
    """The mean of what the free examples ask for; without any, the middle of what is allowed."""
    free = may_rise & may_fall
    if free.any():
        return asks[free].mean().item()
    return (asks[may_rise].max().item() + asks[may_fall].min().item()) / 2


class KernelSVM(nn.Module):
    """A support vector machine with the answers -1 and +1.

    Source: Boser, Guyon and Vapnik (1992) for the widest street in the space of a kernel, Cortes
    and Vapnik (1995) for the soft margin, Platt (1998) for the search. The bias is free, as in
    scikit-learn's SVC, which it equals.

    Args:
        kernel: of `linebyline.linear_models.kernels`, or another function of two matrices of
            inputs. It must be positive semidefinite, a dot product in *some* space.
        penalty: C, the price of one unit of slack; ``float("inf")`` allows none (a hard margin).

    Attributes:
        support: which training examples are support vectors, in order: (S,).
        vectors: these examples: (S, features).
        signed: ``y_i α_i`` of each: (S,).
        bias: b.
        steps: how many pairs the search has moved.

    Raises:
        ValueError: ``penalty`` is not positive.
    """

    support: Int[Tensor, " support"]
    vectors: Float[Tensor, "support features"]
    signed: Float[Tensor, " support"]
    bias: Float[Tensor, ""]

    def __init__(self, kernel: Kernel = linear, *, penalty: int | float = 1.0) -> None:
        super().__init__()
        if not penalty > 0:
            raise ValueError(f"penalty is {penalty}; C must be positive")
        self.kernel, self.penalty, self.steps = kernel, float(penalty), 0
        self.register_buffer("support", torch.empty(0, dtype=torch.long))
        self.register_buffer("vectors", torch.empty(0, 0))
        self.register_buffer("signed", torch.empty(0))
        self.register_buffer("bias", torch.zeros(()))

    def fit(
        self,
        x: Float[Tensor, "examples features"],
        y: Int[Tensor, " examples"],
        *,
        tolerance: float = 1e-3,
        max_steps: int = 100_000,
    ) -> KernelSVM:
        """Find the street's support vectors, their multipliers and the bias.

        Args:
            x: inputs; take float64 where more than four digits are asked for.
            y: right answers, -1 or +1, both present.
            tolerance: by how much two examples may disagree about the bias at the end.
            max_steps: after so many pairs the search gives up.

        Raises:
            ValueError: shapes do not fit, answers other than -1 and +1, only one of them, a
                ``tolerance`` that is not positive, a kernel that is not symmetric and positive
                semidefinite on ``x``, or a search that has not ended: with a hard margin, the
                classes may not be separable.
        """
        check_examples(x, y)
        if len(y.unique()) < 2:
            raise ValueError(f"y has only the answer {int(y[0])}; two classes are needed")
        if not tolerance > 0:
            raise ValueError(f"tolerance is {tolerance}; it must be positive")
        k = self.kernel(x, x)
        check_kernel(k)
        signs = y.to(x)
        found = smo(k, signs, self.penalty, tolerance=tolerance, max_steps=max_steps)
        self.support = found.signed.nonzero().flatten()
        self.vectors, self.signed = x[self.support], found.signed[self.support]
        self.bias, self.steps = x.new_tensor(found.bias), found.steps
        return self

    @property
    def alphas(self) -> Float[Tensor, " support"]:
        """The multipliers of the support vectors, above 0 and at most ``penalty``."""
        return self.signed.abs()

    def score(self, x: Float[Tensor, "examples features"]) -> Float[Tensor, " examples"]:
        """The decision value ``Σ y_i α_i k(x_i, x) + b``.

        Raises:
            ValueError: the machine has not been fitted.
        """
        if not len(self.support):
            raise ValueError("x cannot be scored by a machine without support vectors: call fit")
        return self.kernel(x, self.vectors) @ self.signed + self.bias

    def forward(self, x: Float[Tensor, "examples features"]) -> Int[Tensor, " examples"]:
        """+1 where the score is at least zero, else -1."""
        return torch.where(self.score(x) >= 0, 1, -1)

    @property
    def squared_norm(self) -> float:
        """``‖w‖²`` in the space of the kernel; the street is ``2 / ‖w‖`` wide there."""
        return (self.signed @ self.kernel(self.vectors, self.vectors) @ self.signed).item()


def check_kernel(k: Tensor) -> None:
    """Refuse a matrix that no dot products have: not finite, not symmetric, an eigenvalue < 0.

    Eigenvalues are allowed to be negative by rounding: down to the root of the type's precision,
    as a part of the largest entry of the diagonal. (A Cholesky decomposition tells, quicker than
    the eigenvalues.)
    """
    if k.ndim != 2 or k.shape[0] != k.shape[1] or not k.isfinite().all():
        raise ValueError(f"kernel gives {tuple(k.shape)}; it must be square and finite on x, x")
    slack = torch.finfo(k.dtype).eps ** 0.5 * k.diagonal().abs().max()
    if (k - k.T).abs().max() > slack:
        raise ValueError("kernel is not symmetric: k(x, z) and k(z, x) must be the same")
    shifted = k + slack * torch.eye(len(k), dtype=k.dtype, device=k.device)
    if torch.linalg.cholesky_ex(shifted).info:
        raise ValueError(
            "kernel is not positive semidefinite on x: it is no dot product in any space, and the "
            "dual may have many local optima; take a linear, polynomial or rbf kernel"
        )
