"""The lasso: least squares with a price on the sum of the weights' magnitudes."""

from __future__ import annotations

import sys

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.linear_models.linear_regression import (
    LinearFit,
    centred,
    check_strength,
    check_table,
)
from linebyline.optim.proximal import soft_threshold


def lasso_regression(
    x: Float[Tensor, "examples features"],
    y: Float[Tensor, " examples"],
    strength: float,
    *,
    bias: bool = True,
    start: Float[Tensor, " features"] | None = None,
    tolerance: float = 1e-9,
    sweeps: int = 20_000,
) -> LinearFit:
    """The weights with the least ``‖y - x w - b‖² / 2 + strength · ‖w‖₁``; the bias costs nothing.

    Source: Tibshirani 1996; found by coordinate descent, Friedman, Hastie and Tibshirani 2010,
    section 2.1: one weight after the other is set to its best value while all others stand still.
    Deviations: the loss is the sum over the examples, not the mean, so this strength is their λ
    (scikit-learn's alpha) times the number of examples. And once the signs of the weights are
    found, the rest is a linear system, `with_these_signs`, which is solved rather than approached.
    It ends when no weight misses its condition of optimality, which has the unit of ``strength``,
    by more than ``tolerance`` times the strength at which all weights are zero.

    A constant column keeps the weight 0. If columns depend on one another, several fits may be
    equally good, and this is one of them.

    Args:
        x: inputs, one example a row; float32 or float64. Standardize columns of different units.
        y: targets, of the same type and device.
        strength: λ, positive; from `all_zero_from` on all weights are zero.
        bias: fit a bias besides.
        start: weights to begin at, such as those of a neighbouring strength; zeros if None.
        tolerance: see above; float32 reaches about 1e-5.
        sweeps: how often all weights may be gone through.

    Raises:
        ValueError: shapes or types do not fit, numbers that are not finite, a ``strength`` that is
            not positive, or ``sweeps`` that are not enough for the tolerance.
    """
    check_table(x, y)
    check_strength(strength, least=sys.float_info.min)
    if start is not None and start.shape != x.shape[1:]:
        raise ValueError(f"start must have {x.shape[1]} weights, not {tuple(start.shape)}")
    a, t, mean_x, mean_y = centred(x, y, bias)
    gram, pull = a.T @ a, a.T @ t
    moving = gram.diagonal() > (len(x) * torch.finfo(x.dtype).eps * x.norm(dim=0)).square()
    w = torch.zeros_like(pull) if start is None else start * moving
    columns = moving.nonzero().flatten().tolist()
    enough = tolerance * float(pull.abs().max())
    for _ in range(sweeps):
        w = sweep(w, gram, pull, strength, columns)
        for found in (w, with_these_signs(w, gram, pull, strength)):
            if missed(found, gram, pull, strength)[moving].le(enough).all():
                return LinearFit(found, mean_y - mean_x @ found)
    raise ValueError(
        f"sweeps is {sweeps}, and the weights still move; allow more, or a larger tolerance"
    )


def sweep(
    w: Float[Tensor, " features"],
    gram: Float[Tensor, "features features"],
    pull: Float[Tensor, " features"],
    strength: float,
    columns: list[int],
) -> Float[Tensor, " features"]:
    """One turn of coordinate descent: each weight its best value, with the others as they are.

    ``gram`` is ``XᵀX`` and ``pull`` is ``Xᵀ y``. What column j finds in the residual of all others
    is ``pull_j - Σ_{k ≠ j} gram_jk w_k``; the soft threshold takes the strength off, or all of it.
    """
    w = w.clone()
    for j in columns:
        found = pull[j] - gram[j] @ w + gram[j, j] * w[j]
        w[j] = soft_threshold(found, strength) / gram[j, j]
    return w


def with_these_signs(
    w: Float[Tensor, " features"],
    gram: Float[Tensor, "features features"],
    pull: Float[Tensor, " features"],
    strength: float,
) -> Float[Tensor, " features"]:
    """The weights that would be best if all kept their signs, and the zeros stayed.

    Between the kinks the magnitudes are linear, so ``gram w = pull - strength · sign(w)`` for the
    weights that are not zero. If there is no single solution, ``w`` as it is.
    """
    on = w != 0
    solved, failed = torch.linalg.solve_ex(gram[on][:, on], (pull - strength * w.sign())[on])
    if failed or not solved.isfinite().all():
        return w
    return torch.zeros_like(w).masked_scatter(on, solved)


def missed(
    w: Float[Tensor, " features"],
    gram: Float[Tensor, "features features"],
    pull: Float[Tensor, " features"],
    strength: float,
) -> Float[Tensor, " features"]:
    """By how much each weight misses its condition of optimality, in the unit of ``strength``.

    What a column finds in the residual must equal the strength, with the weight's sign; where the
    weight is zero it may be anything up to the strength.
    """
    found = pull - gram @ w
    at_zero = (found.abs() - strength).relu()
    return torch.where(w == 0, at_zero, (found - strength * w.sign()).abs())


def all_zero_from(
    x: Float[Tensor, "examples features"], y: Float[Tensor, " examples"], *, bias: bool = True
) -> float:
    """The least strength at which the lasso's weights are all zero, ``max_j |x_j · y|``, centred.

    Raises:
        ValueError: shapes or types do not fit, or numbers are not finite.
    """
    check_table(x, y)
    a, t, _, _ = centred(x, y, bias)
    return float((a.T @ t).abs().max())
