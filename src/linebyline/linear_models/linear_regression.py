"""Linear regression: the weighted sum of columns that lies nearest to the targets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.linear_models.perceptron import check_inputs


@dataclass(frozen=True)
class LinearFit:
    """A fitted linear model, ``prediction = x · weight + bias``.

    Attributes:
        weight: one number for each column of the inputs: (features,).
        bias: the prediction where all inputs are zero; zero if the model was fitted without one.
    """

    weight: Float[Tensor, " features"]
    bias: Float[Tensor, ""]

    def predict(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """The weighted sum of each row, in the unit of the targets.

        Raises:
            ValueError: the rows are not as wide as those that the model was fitted to.
        """
        if x.shape[-1] != len(self.weight):
            raise ValueError(f"x has {x.shape[-1]} features; this model has {len(self.weight)}")
        return x @ self.weight + self.bias


def design_matrix(x: Float[Tensor, "examples features"]) -> Float[Tensor, "examples columns"]:
    """The inputs behind a column of ones, whose weight is the bias: (examples, 1 + features)."""
    return torch.cat([torch.ones_like(x[:, :1]), x], dim=1)


def least_squares(
    x: Float[Tensor, "examples features"], y: Float[Tensor, " examples"], *, bias: bool = True
) -> LinearFit:
    """The weights whose predictions have the least sum of squared residuals.

    Source: Golub 1965, *Numerical methods for solving linear least squares problems*: with
    ``X = Q R``, the columns of Q at right angles and R triangular, the normal equations become
    ``R w = Qᵀ y``, and no product ``Xᵀ X`` is formed. Deviation: columns are not exchanged; so the
    diagonal of R tells how far each column is from a combination of those *before* it, and the
    first that is none of its own can be named.

    Args:
        x: inputs, one example a row; float32 or float64, on any device.
        y: targets, of the same type and device.
        bias: fit a bias besides; ``False`` makes the prediction zero where all inputs are.

    Raises:
        ValueError: shapes or types do not fit, numbers that are not finite, fewer examples than
            weights, or a column that is a combination of those before it (a constant one is, as the
            bias comes first). In the last two cases many weights fit alike, and a penalty has to
            choose among them: `ridge_regression`.
    """
    check_table(x, y)
    design = design_matrix(x) if bias else x
    n, d = design.shape
    if n < d:
        raise ValueError(
            f"x has {n} examples for {d} weights{' with the bias' if bias else ''}, so that many "
            "weights fit all of them; take more examples, fewer features, or ridge_regression"
        )
    q, r = torch.linalg.qr(design)  # (n, d), (d, d)
    own = r.diagonal().abs()  # each column's distance from the span of those before it
    lost = (own <= n * torch.finfo(x.dtype).eps * design.norm(dim=0)).nonzero().flatten()
    if len(lost):
        raise ValueError(
            f"x has a column, number {int(lost[0]) - bias} counted from 0, that is constant or a "
            "combination of those before it; leave it out, or take ridge_regression"
        )
    w = torch.linalg.solve_triangular(r, (q.T @ y)[:, None], upper=True)[:, 0]
    return split_bias(w, bias)


def normal_equations(
    x: Float[Tensor, "examples features"], y: Float[Tensor, " examples"], *, bias: bool = True
) -> LinearFit:
    """The same weights from ``Xᵀ X w = Xᵀ y`` as it stands: shorter, and less exact.

    Source: Gauss 1809, *Theoria motus*, book 2, section 3. The product squares the condition
    number, and about twice as many digits are lost as in `least_squares`; kept to be compared with.

    Raises:
        ValueError: shapes or types do not fit, numbers that are not finite, or a product ``Xᵀ X``
            that is singular in this type.
    """
    check_table(x, y)
    design = design_matrix(x) if bias else x
    w, failed = torch.linalg.solve_ex(design.T @ design, design.T @ y)
    if failed or not w.isfinite().all():
        raise ValueError(
            "x has columns that depend on one another, so that XᵀX is singular; leave some out, or "
            "take ridge_regression"
        )
    return split_bias(w, bias)


def descent_path(
    design: Float[Tensor, "examples columns"],
    y: Float[Tensor, " examples"],
    *,
    steps: int,
    rate: float | None = None,
    strength: float = 0.0,
) -> Float[Tensor, "points columns"]:
    """Weights visited by gradient descent on half the sum of squared residuals, from zero.

    Source: Cauchy 1847, with a fixed rate. The gradient is ``Xᵀ (X w - y) + strength · w``. If
    ``rate`` is None it is the best fixed one, ``2 / (s₁² + s_d² + 2 strength)``, from the largest
    and the smallest singular value.

    Args:
        design: the columns, the one of ones among them if there shall be a bias.
        y: targets.
        steps: how many, at least 1.
        rate: how much of the gradient a step takes.
        strength: of the ridge penalty ``strength · ‖w‖² / 2``, on all weights.

    Returns:
        The weights before the first step and after each: (steps + 1, columns).

    Raises:
        ValueError: as `least_squares` for shapes, types and numbers; ``steps`` below 1, a negative
            ``strength``, or a ``rate`` that is not positive or so large that the descent diverges.
    """
    check_table(design, y)
    check_strength(strength, least=0)
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    hessian, pull = design.T @ design, design.T @ y
    hessian = hessian + strength * torch.eye(len(pull)).to(hessian)
    lowest, highest = torch.linalg.eigvalsh(hessian)[[0, -1]].tolist()
    if rate is None:
        rate = 2 / (lowest + highest)
    elif not 0 < rate * highest < 2:
        raise ValueError(f"rate is {rate}; here it must be positive and below {2 / highest:.4g}")
    path = [torch.zeros_like(pull)]
    for _ in range(steps):
        path.append(path[-1] - rate * (hessian @ path[-1] - pull))
    return torch.stack(path)


def split_bias(w: Float[Tensor, " columns"], bias: bool) -> LinearFit:
    """The weights of a design matrix as a model, with the first of them as its bias if it is."""
    return LinearFit(w[1:], w[0]) if bias else LinearFit(w, w.new_zeros(()))


def centred(
    x: Float[Tensor, "examples features"], y: Float[Tensor, " examples"], bias: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Inputs and targets less their means, and the means; without a bias the means are zero.

    Whatever the weights, the best bias is ``mean(y) - mean(x) · w``. Put in, it leaves a problem
    without a bias, in which a penalty on the weights does not touch it.
    """
    if not bias:
        return x, y, torch.zeros_like(x[0]), torch.zeros_like(y[0])
    return x - x.mean(0), y - y.mean(), x.mean(0), y.mean()


def check_strength(strength: float, *, least: float) -> None:
    """Refuse a penalty that is negative or, with a positive ``least``, too small."""
    if not least <= strength < float("inf"):
        raise ValueError(
            f"strength is {strength}; it must be finite and "
            + ("at least 0" if least == 0 else "positive (without a penalty: least_squares)")
        )


def check_table(x: Tensor, y: Tensor) -> None:
    """Refuse what nothing can be fitted to; the message names the argument and the remedy."""
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"x must be float32 or float64, not {x.dtype}; take x.double()")
    check_inputs(x, y)
    if y.dtype != x.dtype or y.device != x.device:
        raise ValueError(
            f"y is {y.dtype} on {y.device}, but x {x.dtype} on {x.device}; take y.to(x)"
        )
    if not y.isfinite().all():
        raise ValueError("y has values that are not finite; repair or remove those examples")
