"""Gradient boosting: each tree is a step downhill, taken by the answers themselves."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.ensembles.decision_tree import Trees, grow

Loss = Callable[[Float[Tensor, " examples"], Float[Tensor, " examples"]], Float[Tensor, ""]]


def half_squares(answers: Tensor, y: Tensor) -> Tensor:
    """½ Σ (y - F)², whose negative gradient is the residual y - F."""
    return 0.5 * (y - answers).square().sum()


class GradientBoosting:
    """A sum of trees, each fitted to the negative gradient of the loss at the sum so far.

    Source: Friedman 2001, *Greedy function approximation: a gradient boosting machine*, algorithm 1
    with the shrinkage of equation 36. Deviation: his line search for the length of a step is left
    out. With squared loss it would find 1; with another loss a step is the gradient's mean in a
    leaf, times the learning rate.

    Args:
        rounds: how many trees.
        learning_rate: ν, by which each tree is shrunk, above 0 and at most 1.
        max_depth: of each tree.
        loss: maps answers and targets to a sum over the examples.

    Attributes (after `fit`):
        start: the constant before the first tree, the mean of the targets.
        members: the trees.
        train_loss: the loss per example before the first tree and after each.

    Raises:
        ValueError: a number is out of range.
    """

    start: Float[Tensor, ""]
    members: list[Trees]
    train_loss: list[float]

    def __init__(
        self,
        rounds: int = 100,
        *,
        learning_rate: float = 0.1,
        max_depth: int = 3,
        loss: Loss = half_squares,
    ) -> None:
        if rounds < 1 or max_depth < 1:
            raise ValueError(f"rounds and max_depth must be at least 1: {rounds}, {max_depth}")
        if not 0 < learning_rate <= 1:
            raise ValueError(f"learning_rate is {learning_rate}; it must be above 0, at most 1")
        self.rounds, self.learning_rate, self.max_depth = rounds, learning_rate, max_depth
        self.loss = loss

    def fit(
        self, x: Float[Tensor, "examples features"], y: Float[Tensor, " examples"]
    ) -> GradientBoosting:
        """Add one tree after the other.

        Args:
            x: inputs.
            y: numbers to be predicted.

        Returns:
            Itself.

        Raises:
            ValueError: ``y`` has another shape, the loss gives no finite gradient, or as for
                `grow`.
        """
        if y.shape != x.shape[:1] or not y.is_floating_point():
            raise ValueError(
                f"y must be floating-point, ({len(x)},), not {y.dtype} {tuple(y.shape)}"
            )
        self.start, self.members = y.mean(), []
        answers = self.start.expand(len(y))
        self.train_loss = [self.loss(answers, y).item() / len(y)]
        for _ in range(self.rounds):
            downhill = negative_gradient(self.loss, answers, y)
            tree = grow(x, downhill[:, None], max_depth=self.max_depth)
            answers = answers + self.learning_rate * tree(x)[0, :, 0]
            self.members.append(tree)
            self.train_loss.append(self.loss(answers, y).item() / len(y))
        return self

    def staged(
        self, x: Float[Tensor, "examples features"]
    ) -> Float[Tensor, "rounds_plus_1 examples"]:
        """The answers before the first tree and after each."""
        steps = torch.stack([tree(x)[0, :, 0] for tree in self.members])  # (rounds, examples)
        steps = torch.cat([torch.zeros_like(steps[:1]), self.learning_rate * steps])
        return self.start + steps.cumsum(0)

    def __call__(self, x: Float[Tensor, "examples features"]) -> Float[Tensor, " examples"]:
        """The answers after the last tree."""
        return self.staged(x)[-1]


def negative_gradient(
    loss: Loss, answers: Float[Tensor, " examples"], y: Float[Tensor, " examples"]
) -> Float[Tensor, " examples"]:
    """In which direction, and how steeply, each answer should move.

    Source: Friedman 2001, algorithm 1, line 3.

    Raises:
        ValueError: it is not finite.
    """
    answers = answers.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(answers, y), answers)
    if not gradient.isfinite().all():
        raise ValueError("loss has a gradient that is not finite at some answers")
    return -gradient
