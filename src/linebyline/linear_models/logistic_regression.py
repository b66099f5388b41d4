"""Logistic regression: the score is the logarithm of the odds."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import logsigmoid

from linebyline.linear_models.newton import Touch, newton_path
from linebyline.linear_models.perceptron import check_inputs, with_one


@dataclass(frozen=True)
class LogisticRegression:
    """A fitted model of two classes, 0 and 1.

    Attributes:
        weight: one number for each feature.
        bias: the log-odds where all features are 0.
        path: the weights after 0, 1, 2, ... steps, the bias last: (steps + 1, features + 1).
    """

    weight: Float[Tensor, " features"]
    bias: Float[Tensor, ""]
    path: Float[Tensor, "steps weights"]

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """Z = w·x + b, the logarithm of the odds of class 1, in nats."""
        if x.shape[-1] != len(self.weight):
            raise ValueError(f"x has {x.shape[-1]} features; this model has {len(self.weight)}")
        return x @ self.weight + self.bias

    def probability(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """P = σ(z), the probability of class 1."""
        return self.score(x).sigmoid()

    def predict(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """1 where the score is at least 0, else 0: the more probable class."""
        return (self.score(x) >= 0).long()


def logistic_touch(
    w: Float[Tensor, " weights"],
    x: Float[Tensor, "examples weights"],
    y: Int[Tensor, " examples"],
    penalty: float = 0.0,
) -> Touch:
    """Loss, gradient and Hessian at the weights w, the last of which is the bias.

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, equations 4.90, 4.91 and 4.97.
    Deviations: the mean over examples where he has the sum, and half the squared length of the
    weights, the bias not counted, times `penalty`.

    Args:
        w: weights, bias last.
        x: inputs with the constant 1 as last feature.
        y: classes, 0 and 1.
        penalty: λ.

    Returns:
        1/N Σ log(1 + e^(-m)) + λ/2 w², with m = z for class 1 and -z for class 0; its gradient
        1/N Σ (p - y) x + λ w; and its Hessian 1/N Σ p (1 - p) x xᵀ + λ I.
    """
    z, shrunk = x @ w, w.clone()
    shrunk[-1] = 0
    p = z.sigmoid()
    value = -logsigmoid((2 * y - 1) * z).mean() + penalty / 2 * shrunk @ shrunk
    gradient = (p - y) @ x / len(y) + penalty * shrunk
    hessian = (x.T * (p * (1 - p))) @ x / len(y)
    hessian.diagonal()[:-1] += penalty
    return Touch(value, gradient, hessian)


def fit_newton(
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    *,
    penalty: float = 0.0,
    max_steps: int = 100,
) -> LogisticRegression:
    """The weights of least loss, by Newton's method from zero.

    Source: as for `logistic_touch`; Newton's steps for this loss are known as iteratively
    reweighted least squares (Bishop 2006, section 4.3.3). With λ = 1/(C N) it is scikit-learn's
    `LogisticRegression(C=C)`. Made for up to some hundred features: each step inverts a matrix.

    Args:
        x: inputs; the device and the type follow them.
        y: classes, 0 and 1, both present.
        penalty: λ, how much squared weights cost; the bias is free. A constant feature then gets
            the weight 0.
        max_steps: after how many steps to give up.

    Raises:
        ValueError: shapes do not fit, inputs are not finite or of a whole-number type, `y` is not 0
            and 1 or has one class only, `penalty` is negative; or, without penalty, a feature is
            constant or a combination of others (then the weights are not unique), or a hyperplane
            separates the classes (then there is no best, and the weights would grow for ever).
    """
    check_two_classes(x, y, penalty)
    inputs = with_one(x)
    if penalty == 0 and torch.linalg.matrix_rank(inputs) < inputs.shape[1]:
        raise ValueError(
            "x has a feature that is constant or a combination of others, so many weights are "
            "equally good; remove it, or take penalty > 0"
        )
    path, arrived = newton_path(
        lambda w: logistic_touch(w, inputs, y, penalty),
        inputs.new_zeros(inputs.shape[1]),
        moved=lambda step: (inputs @ step).abs().max(),  # the change of scores has no unit
        max_steps=max_steps,
    )
    if penalty == 0 and _is_flat(path[-1], inputs):
        raise ValueError(
            "x separates the classes of y, or nearly: larger weights are always better, and there "
            "is no best; take penalty > 0"
        )
    if not arrived:
        raise ValueError(
            f"max_steps is {max_steps}, and that was not enough; standardize x, or take a larger "
            "penalty"
        )
    return LogisticRegression(path[-1, :-1].clone(), path[-1, -1].clone(), path)


def fit_gradient(
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    *,
    penalty: float = 0.0,
    steps: int = 1000,
    learning_rate: float | None = None,
) -> LogisticRegression:
    """The same loss, by gradient descent from zero, for as many steps as are asked for.

    It refuses no separable classes: there the weights grow, like the logarithm of the steps
    (Soudry et al. 2018, theorem 3), and what comes back is where they were when the steps ended.

    Args:
        x: inputs; the device and the type follow them.
        y: classes, 0 and 1, both present.
        penalty: λ, as for `fit_newton`.
        steps: how many.
        learning_rate: of every step. None takes 1/L, where L = λ + s²/(4N) bounds the curvature
            (s is the largest singular value of the inputs, p (1 - p) at most 1/4): with it, no step
            makes the loss larger.

    Raises:
        ValueError: as for `fit_newton`, but for what it says of a loss without a single best; or
            `steps` is below 1, or `learning_rate` not positive.
    """
    check_two_classes(x, y, penalty)
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    inputs, targets = with_one(x), y.to(x.dtype)
    if learning_rate is None:
        bound = torch.linalg.matrix_norm(inputs, 2) ** 2 / (4 * len(y)) + penalty
        learning_rate = 1 / bound.item()
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"learning_rate is {learning_rate}; it must be positive and finite")
    path = inputs.new_zeros(steps + 1, inputs.shape[1])
    shrink = torch.full_like(path[0], penalty)
    shrink[-1] = 0
    for t in range(steps):
        errors = (inputs @ path[t]).sigmoid() - targets
        path[t + 1] = path[t] - learning_rate * (errors @ inputs / len(y) + shrink * path[t])
    return LogisticRegression(path[-1, :-1].clone(), path[-1, -1].clone(), path)


def _is_flat(w: Tensor, x: Tensor) -> bool:
    """Whether the loss has stopped curving in some direction, as it does on the way to infinity.

    Where a hyperplane has one class beyond it and the other on it or before it, Newton's steps end
    only because p is rounded to 0 or 1. Directions are measured by the scores that they change, so
    the units of the features do not matter.
    """
    p = (x @ w).sigmoid()
    basis = torch.linalg.qr(x).Q
    curvature = torch.linalg.eigvalsh((basis.T * (p * (1 - p))) @ basis)
    return bool(curvature[0] < torch.finfo(x.dtype).eps ** 0.75)


def check_two_classes(x: Tensor, y: Tensor, penalty: float) -> None:
    """Refuse what no model of the classes 0 and 1 can learn from."""
    check_inputs(x, y)
    if not torch.isin(y, y.new_tensor([0, 1])).all():
        shown = y.unique()[:5].tolist()
        raise ValueError(f"y must be 0 and 1, not {shown}; from -1 and +1 make them by (y + 1) / 2")
    if len(y.unique()) < 2:
        raise ValueError(f"y has only the class {int(y[0])}; two are needed")
    if not 0 <= penalty < float("inf"):
        raise ValueError(f"penalty is {penalty}; it must be at least 0 and finite")
