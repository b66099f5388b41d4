"""Does any line separate two classes? Either the widest margin, or a proof that none does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import nnls
from torch import Tensor

from linebyline.linear_models.perceptron import check_examples, with_one

TOLERANCE = 1e-6  # a margin below this part of the longest example is taken for rounding


@dataclass(frozen=True)
class Separability:
    """Either a separator of widest margin, or mixtures of the two classes that coincide.

    Attributes:
        margin: ``gamma``: the least ``y_i (w · x_i)`` for the best unit vector ``w``; 0 if no
            boundary separates the classes. The bias is a weight on a constant input 1.
        weights: that unit vector, the bias last if there is one; ``None`` if there is none.
        mixture: how much of each example: for separable classes the support vectors' shares, else
            weights for which the mixture of one class equals the mixture of the other: no line can
            have them on different sides. Never negative, 2 in sum; if the classes cannot be
            separated and there is a bias, 1 in each class.
    """

    margin: float
    weights: Float[Tensor, " weights"] | None
    mixture: Float[Tensor, " examples"]

    @property
    def separable(self) -> bool:
        """Whether some boundary has all of one class on one side and all of the other beyond."""
        return self.weights is not None


def separability(
    x: Float[Tensor, "examples features"], y: Int[Tensor, " examples"], *, bias: bool = True
) -> Separability:
    """Find the widest margin, or prove that the classes cannot be separated.

    Source: Lawson and Hanson (1974), chapter 23 ("least distance programming"): the shortest ``w``
    with ``y_i (w · x_i) >= 1`` comes out of a non-negative least-squares problem. If that problem
    has a residual of zero there is no such ``w``, and its solution is the proof (Farkas' lemma).
    Solved in float64 on the CPU by SciPy.

    Args:
        x: inputs.
        y: right answers, -1 or +1, both present.
        bias: whether the boundary may miss the origin.

    Raises:
        ValueError: shapes do not fit, answers other than -1 and +1, or only one of them.
    """
    check_examples(x, y)
    if len(y.unique()) < 2:
        raise ValueError(f"y has only the answer {int(y[0])}; two classes are needed")
    inputs = with_one(x) if bias else x
    signed = (y[:, None] * inputs).detach().double().cpu().numpy()  # (N, d): y_i x_i
    radius = np.linalg.norm(signed, axis=1).max()
    signed /= radius  # so that TOLERANCE means the same for large and for small examples
    # Minimize ||E u - f|| for u >= 0: E has the columns (y_i x_i, 1), f = (0, ..., 0, 1).
    system = np.vstack([signed.T, np.ones(len(signed))])
    target = np.zeros(len(system))
    target[-1] = 1.0
    u, distance = nnls(system, target, maxiter=50 * len(signed))
    mixture = x.new_tensor(2 * u / u.sum())  # a half is with each class: make it a whole
    if distance < TOLERANCE:
        return Separability(0.0, None, mixture)
    w = u @ signed  # along the shortest mixture of the y_i x_i, so of widest margin
    w /= np.linalg.norm(w)
    return Separability(float(radius * (signed @ w).min()), x.new_tensor(w), mixture)


def mistake_bound(
    x: Float[Tensor, "examples features"], y: Int[Tensor, " examples"], *, bias: bool = True
) -> float:
    """``(R / gamma)^2``: the most mistakes that a perceptron starting from zero can make.

    Source: Novikoff (1962). ``R`` is the length of the longest example, ``gamma`` the widest margin
    (:func:`separability`). Infinite if no boundary separates the classes.
    """
    margin = separability(x, y, bias=bias).margin
    radius = torch.linalg.vector_norm(with_one(x) if bias else x, dim=1).max().item()
    return (radius / margin) ** 2 if margin > 0 else float("inf")
