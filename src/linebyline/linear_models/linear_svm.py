"""The linear support vector machine: the hinge loss, exactly by its dual, or one example a step."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from linebyline.linear_models.perceptron import check_examples, with_one


def hinge_loss(
    scores: Float[Tensor, " examples"], y: Int[Tensor, " examples"]
) -> Float[Tensor, " examples"]:
    """``max(0, 1 - y s)``: how far an example stands inside the street or beyond it.

    Source: Cortes and Vapnik (1995), equation 22: it is the slack that the soft margin pays for.
    """
    return (1 - y * scores).clamp(min=0)


def objective(
    w: Float[Tensor, " features"],
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    decay: float,
) -> Float[Tensor, ""]:
    """``decay/2 ‖w‖² + mean hinge loss``: Shalev-Shwartz et al. (2011), equation 1.

    With ``decay = 1 / (N C)`` it is the soft margin's ``½ ‖w‖² + C Σ ξ``, divided by ``N C``.
    """
    return decay / 2 * (w @ w) + hinge_loss(x @ w, y).mean()


class LinearSVM(nn.Module):
    """A linear support vector machine with the answers -1 and +1, solved in its dual.

    Source: Hsieh et al. (2008), algorithm 1, dual coordinate descent, as in LIBLINEAR. The bias is
    the weight of a constant input 1 and is paid for like all weights; so it differs a little from
    that of `KernelSVM`, whose bias is free. Without a free bias the dual has no equation that ties
    its multipliers together, and one at a time can move.

    Args:
        in_features: number of inputs.
        penalty: C, the price of one unit of slack.

    Attributes:
        weights, bias: of the score.
        alphas: the multipliers of the training examples: (examples,).

    Raises:
        ValueError: ``in_features`` is below 1, or ``penalty`` is not positive and finite.
    """

    weights: Float[Tensor, " features"]
    bias: Float[Tensor, ""]
    alphas: Float[Tensor, " examples"]

    def __init__(self, in_features: int, *, penalty: int | float = 1.0) -> None:
        super().__init__()
        if in_features < 1:
            raise ValueError(f"in_features is {in_features}; a score needs at least 1 input")
        if not 0 < penalty < float("inf"):
            raise ValueError(f"penalty is {penalty}; C must be positive and finite")
        self.penalty = float(penalty)
        self.register_buffer("weights", torch.zeros(in_features))
        self.register_buffer("bias", torch.zeros(()))
        self.register_buffer("alphas", torch.empty(0))

    def fit(
        self,
        x: Float[Tensor, "examples features"],
        y: Int[Tensor, " examples"],
        *,
        tolerance: float = 1e-4,
        epochs: int = 2000,
        seed: int = 0,
    ) -> LinearSVM:
        """Move one multiplier after the other to its best value, in random order.

        Args:
            x: inputs.
            y: right answers, -1 or +1.
            tolerance: the search ends after an epoch in which no score had to move by more.
            epochs: after so many it gives up.
            seed: of the orders.

        Raises:
            ValueError: shapes do not fit, answers other than -1 and +1, inputs of another width,
                a ``tolerance`` that is not positive, or a search that has not ended.
        """
        check_examples(x, y)
        self._check_width(x)
        if not tolerance > 0:
            raise ValueError(f"tolerance is {tolerance}; it must be positive")
        rows = (y[:, None] * with_one(x)).unbind()  # y_i x_i
        squares = [float(row @ row) for row in rows]
        w, alphas = torch.zeros_like(rows[0]), [0.0] * len(y)
        generator = torch.Generator().manual_seed(seed)
        for _ in range(epochs):
            worst = 0.0
            for i in torch.randperm(len(y), generator=generator).tolist():
                best = alphas[i] + (1 - float(rows[i] @ w)) / squares[i]
                move = min(max(best, 0.0), self.penalty) - alphas[i]
                if move:
                    w.add_(rows[i], alpha=move)
                    alphas[i] += move
                    worst = max(worst, abs(move) * squares[i])
            if worst <= tolerance:
                self.weights, self.bias = w[:-1].clone(), w[-1].clone()
                self.alphas = x.new_tensor(alphas)
                return self
        raise ValueError(
            f"epochs is {epochs}, too few for a tolerance of {tolerance} (still {worst:.1e}); "
            "allow more epochs, a larger tolerance or a smaller penalty, or standardize x"
        )

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """``w · x + b``."""
        self._check_width(x)
        return x @ self.weights + self.bias

    def forward(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """+1 where the score is at least zero, else -1."""
        return torch.where(self.score(x) >= 0, 1, -1)

    def _check_width(self, x: Tensor) -> None:
        if x.shape[-1] != len(self.weights):
            raise ValueError(f"x has {x.shape[-1]} features; this machine has {len(self.weights)}")


class PegasosRun(NamedTuple):
    """What a run left: averaged weights at the steps asked for, and who was on the street.

    ``visits[i]`` counts how often example i was looked at, ``touches[i]`` how often it was then
    on the street or on its wrong side. ``weights`` are the last ones.
    """

    weights: Float[Tensor, " features"]
    averages: Float[Tensor, "marks features"]
    visits: Int[Tensor, " examples"]
    touches: Int[Tensor, " examples"]


def pegasos(
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    *,
    decay: float,
    marks: list[int],
    seed: int = 0,
) -> PegasosRun:
    """Descent on the hinge loss by one example a step, with the learning rate ``1 / (decay t)``.

    Source: Shalev-Shwartz, Singer, Srebro and Cotter (2011), figure 1, without the optional
    projection. There is no bias: append the constant input 1 (`with_one`). The sum of all touches'
    ``y_i x_i`` is kept, of which the weights after t steps are the part ``1 / (decay t)``.

    Args:
        x: inputs.
        y: right answers, -1 or +1.
        decay: λ, the weight of ``½ ‖w‖²`` beside the mean hinge loss; 1 / (N C).
        marks: the steps before which the average of all weights so far is kept, the zeros of the
            start among them, as in theorem 1; rising. The last is the length of the run.
        seed: of the examples drawn.

    Raises:
        ValueError: shapes do not fit, answers other than -1 and +1, ``decay`` not positive, or
            ``marks`` that are not rising numbers from 1 on.
    """
    check_examples(x, y)
    if not 0 < decay < float("inf"):
        raise ValueError(f"decay is {decay}; it must be positive and finite")
    if not marks or marks[0] < 1 or sorted(set(marks)) != list(marks):
        raise ValueError(f"marks is {marks}; it must hold rising numbers of steps, from 1 on")
    rows = (y[:, None] * x).unbind()
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(y), (marks[-1],), generator=generator)
    total, mean = torch.zeros_like(rows[0]), torch.zeros_like(rows[0])
    touched, averages, wanted = [], [], set(marks)
    for t, i in enumerate(drawn.tolist(), start=1):
        w = total / (decay * max(t - 1, 1))  # before the first step total is 0
        mean.lerp_(w, 1 / t)
        if float(rows[i] @ w) < 1:
            total += rows[i]
            touched.append(i)
        if t in wanted:
            averages.append(mean.clone())
    count = torch.bincount(torch.tensor(touched), minlength=len(y))
    visits = torch.bincount(drawn, minlength=len(y))
    return PegasosRun(total / (decay * marks[-1]), torch.stack(averages), visits, count)
