"""Softmax regression: a score for each class, and probabilities from their differences."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from linebyline.linear_models.newton import Touch, newton_path
from linebyline.linear_models.perceptron import check_inputs, with_one


@dataclass(frozen=True)
class SoftmaxRegression:
    """A fitted model of the classes 0 to K - 1.

    Attributes:
        weight: a row for each class.
        bias: one number for each class; their sum is 0.
    """

    weight: Float[Tensor, "classes features"]
    bias: Float[Tensor, " classes"]

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch classes"]:
        """z_k = w_k·x + b_k. The difference of two scores is the log-odds of those two classes."""
        if x.shape[-1] != self.weight.shape[1]:
            raise ValueError(f"x has {x.shape[-1]} features; this model has {self.weight.shape[1]}")
        return x @ self.weight.T + self.bias

    def probability(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch classes"]:
        """p_k = e^(z_k) / Σ_l e^(z_l)."""
        return self.score(x).softmax(-1)

    def predict(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """The class of the highest score, of equal ones the first."""
        return self.score(x).argmax(-1)


def softmax_touch(
    w: Float[Tensor, " weights"],
    x: Float[Tensor, "examples features_plus_1"],
    y: Int[Tensor, " examples"],
    classes: int,
    penalty: float,
) -> Touch:
    """Loss, gradient and Hessian at the weights w: class after class, each with its bias last.

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, equations 4.108 to 4.110.
    Deviations: the mean over examples, and λ/2 times the squared weights without biases. As one
    number added to all biases changes no probability, half the squared sum of the biases is added,
    too: at the optimum it is 0, and the Hessian can be inverted.

    Args:
        w: (classes * features_plus_1,).
        x: inputs with the constant 1 as last feature.
        y: classes, 0 to `classes` - 1.
        classes: K.
        penalty: λ.
    """
    n, d = x.shape
    rows = w.reshape(classes, d)
    shrunk = rows.clone()
    shrunk[:, -1] = 0
    total = rows[:, -1].sum()
    z = x @ rows.T  # (N, K)
    p = z.softmax(1)
    value = cross_entropy(z, y) + penalty / 2 * (shrunk**2).sum() + total**2 / 2
    gradient = (p - one_hot(y, classes)).T @ x / n + penalty * shrunk  # (K, D)
    gradient[:, -1] += total
    hessian = x.new_zeros(classes, d, classes, d)
    for k in range(classes):
        for j in range(k + 1):
            weights = p[:, k] * (float(k == j) - p[:, j])
            block = (x.T * weights) @ x / n  # symmetric, and the same for (k, j) and (j, k)
            hessian[k, :, j] = hessian[j, :, k] = block
        hessian[k, :-1, k].diagonal()[:] += penalty
    hessian[:, -1, :, -1] += 1
    return Touch(value, gradient.flatten(), hessian.reshape(classes * d, classes * d))


def fit_softmax(
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    *,
    penalty: float,
    max_steps: int = 100,
) -> SoftmaxRegression:
    """The weights of least loss, by Newton's method from zero.

    Source: as for `softmax_touch`. With λ = 1/(C N) it is scikit-learn's
    `LogisticRegression(C=C)` of several classes. For two classes the differences of the two rows
    are the weights of logistic regression with half the penalty. Each step inverts a matrix of
    classes times features: made for some hundred.

    Args:
        x: inputs; the device and the type follow them.
        y: classes 0 to K - 1, none without an example.
        penalty: λ, more than 0: without it one vector could be added to all rows, and nothing would
            change.
        max_steps: after how many steps to give up.

    Raises:
        ValueError: shapes do not fit, inputs are not finite or of a whole-number type, `y` lacks a
            class below its largest or has only one, `penalty` is not positive, or `max_steps` were
            not enough.
    """
    classes = check_classes(x, y)
    if not 0 < penalty < float("inf"):
        raise ValueError(
            f"penalty is {penalty}; it must be positive and finite: without it the weights of all "
            "classes can be shifted alike, and nothing changes"
        )
    inputs = with_one(x)
    width = inputs.shape[1]
    path, arrived = newton_path(
        lambda w: softmax_touch(w, inputs, y, classes, penalty),
        inputs.new_zeros(classes * width),
        moved=lambda step: (inputs @ step.reshape(classes, width).T).abs().max(),
        max_steps=max_steps,
    )
    if not arrived:
        raise ValueError(
            f"max_steps is {max_steps}, and that was not enough; standardize x, or take a larger "
            "penalty"
        )
    rows = path[-1].reshape(classes, width)
    return SoftmaxRegression(rows[:, :-1].clone(), rows[:, -1].clone())


def check_classes(x: Tensor, y: Tensor) -> int:
    """Refuse labels that are not 0 to K - 1 with an example each; return K."""
    check_inputs(x, y)
    if y.is_floating_point() or y.min() < 0:
        raise ValueError(f"y must be whole numbers from 0 on, but is {y.dtype} from {y.min():g}")
    counts = y.bincount()
    if len(counts) < 2:
        raise ValueError("y has only the class 0; two are needed")
    if not counts.all():
        raise ValueError(
            f"y has no example of class {int((counts == 0).nonzero()[0])}; number the classes "
            "that there are from 0 on"
        )
    return len(counts)
