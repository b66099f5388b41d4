"""The perceptron: a threshold unit that learns its weights from its mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Mistake(NamedTuple):
    """A wrong answer, and the weights after the rule has answered it."""

    epoch: int
    position: int
    example: int
    weights: Float[Tensor, " features"]


def mistakes_explicit(
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    w: Float[Tensor, " features"],
    orders: Iterable[Int[Tensor, " examples"]],
) -> Iterator[Mistake]:
    """The rule, one example after the other, until an epoch passes without a mistake.

    Source: the error correction of Rosenblatt (1962), as stated by Novikoff (1962).
    ``orders`` has one order of the examples for each epoch.
    """
    for epoch, order in enumerate(orders):
        clean = True
        for position, i in enumerate(order.tolist()):
            if y[i] * (w @ x[i]) <= 0:
                w = w + y[i] * x[i]
                clean = False
                yield Mistake(epoch, position, i, w)
        if clean:
            return


def mistakes(
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
    w: Float[Tensor, " features"],
    orders: Iterable[Int[Tensor, " examples"]],
) -> Iterator[Mistake]:
    """The same mistakes, found faster: between two of them the weights stand still.

    So one matrix product tests all examples that are left in the epoch, and the
    first one with ``y_i (w · x_i) <= 0`` is the next mistake.
    """
    signed = y[:, None] * x
    for epoch, order in enumerate(orders):
        rest, position, clean = signed[order.to(x.device)], 0, True
        while len(wrong := (rest[position:] @ w <= 0).nonzero()):
            position += int(wrong[0])
            w = w + rest[position]
            clean = False
            yield Mistake(epoch, position, int(order[position]), w)
            position += 1
        if clean:
            return


class MistakeLog:
    """All mistakes of one training run, in order.

    Attributes:
        weights: after 0, 1, 2, ... mistakes, the bias last if there is one: (K + 1, weights).
        examples: which example each mistake was made on: (K,).
        epochs: in which epoch, counted from 0: (K,).
        survived: how many examples each row of ``weights`` was in force for, counted as by Freund
            and Schapire (1999, figure 1): (K + 1,); sums to the number of examples looked at.
        epochs_run: epochs gone through, the clean one included.
        converged: whether the last epoch passed without a mistake.
    """

    def __init__(
        self,
        start: Float[Tensor, " features"],
        found: Iterable[Mistake],
        *,
        examples: int,
        epochs: int,
    ) -> None:
        made = list(found)
        self.weights = torch.stack([start, *(mistake.weights for mistake in made)])
        self.examples = torch.tensor([mistake.example for mistake in made], dtype=torch.long)
        self.epochs = torch.tensor([mistake.epoch for mistake in made], dtype=torch.long)
        last = made[-1].epoch if made else -1
        self.converged = last < epochs - 1
        self.epochs_run = last + 2 if self.converged else epochs
        steps = [mistake.epoch * examples + mistake.position for mistake in made]
        self.survived = torch.tensor([0, *steps, self.epochs_run * examples]).diff()

    def __len__(self) -> int:
        return len(self.examples)

    def per_epoch(self) -> Int[Tensor, " epochs_run"]:
        """Mistakes in each epoch; the last is 0 if the rule converged."""
        return torch.bincount(self.epochs, minlength=self.epochs_run)


class Perceptron(nn.Module):
    """A linear classifier with the answers -1 and +1, trained by Rosenblatt's rule.

    Source: Rosenblatt (1958, 1962). Deviation: Rosenblatt's machine had a layer of units with fixed
    random connections in front; here the inputs go to the learning unit directly.

    The bias is one more weight, on an input that is always 1, so what is proved of the weights
    holds for it too. Learning starts from zero. A score of exactly zero counts as a mistake while
    learning, and as +1 when asked.

    Args:
        in_features: number of inputs.
        bias: ``False`` keeps the boundary on the origin.

    Raises:
        ValueError: ``in_features`` is less than 1.
    """

    weights: Float[Tensor, " features"]
    bias: Float[Tensor, ""]

    def __init__(self, in_features: int, *, bias: bool = True) -> None:
        super().__init__()
        if in_features < 1:
            raise ValueError(f"in_features is {in_features}; a perceptron needs at least 1 input")
        self.has_bias = bias
        self.register_buffer("weights", torch.zeros(in_features))
        self.register_buffer("bias", torch.zeros(()))

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """The weighted sum ``w · x + b``: positive on one side of the boundary, else negative."""
        self._check_width(x)
        return x @ self.weights + self.bias

    def forward(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """+1 where the score is at least zero, else -1."""
        return torch.where(self.score(x) >= 0, 1, -1)

    def fit(
        self,
        x: Float[Tensor, "examples features"],
        y: Int[Tensor, " examples"],
        *,
        epochs: int = 100,
        learning_rate: float = 1.0,
        seed: int | None = None,
        explicit: bool = False,
    ) -> MistakeLog:
        """Learn until an epoch passes without a mistake, or for ``epochs`` epochs.

        Args:
            x: inputs.
            y: right answers, -1 or +1.
            epochs: how often the rule may go through all examples.
            learning_rate: size of every update; starting from zero, it changes no answer.
            seed: ``None`` takes the examples as they come; a number shuffles them in each epoch.
            explicit: look at one example after the other, as the rule is written; same mistakes.

        Returns:
            The log of all mistakes. The module keeps the last weights.

        Raises:
            ValueError: shapes do not fit, answers other than -1 and +1, inputs that are not finite,
                ``epochs`` below 1, or a ``learning_rate`` that is not positive.
        """
        check_examples(x, y)
        self._check_width(x)
        if epochs < 1:
            raise ValueError(f"epochs is {epochs}; it must be at least 1")
        if not 0 < learning_rate < float("inf"):
            raise ValueError(f"learning_rate is {learning_rate}; it must be positive and finite")
        inputs = with_one(x) if self.has_bias else x
        start = inputs.new_zeros(inputs.shape[1])
        find = mistakes_explicit if explicit else mistakes
        found = find(learning_rate * inputs, y, start, _orders(len(y), epochs, seed))
        log = MistakeLog(start, found, examples=len(y), epochs=epochs)
        self.weights = log.weights[-1, : x.shape[1]].clone()
        self.bias = log.weights[-1, -1].clone() if self.has_bias else start.new_zeros(())
        return log

    def _check_width(self, x: Tensor) -> None:
        if x.shape[-1] != len(self.weights):
            raise ValueError(
                f"x has {x.shape[-1]} features; this perceptron has {len(self.weights)}"
            )


def with_one(x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch features_plus_1"]:
    """Append the constant input 1, whose weight is the bias."""
    return torch.cat([x, torch.ones_like(x[..., :1])], dim=-1)


def check_examples(x: Tensor, y: Tensor) -> None:
    """Refuse what no perceptron can learn from; the message names the argument and the remedy."""
    check_inputs(x, y)
    if not torch.isin(y, y.new_tensor([-1, 1])).all():
        shown = y.unique()[:5].tolist()
        raise ValueError(f"y must be -1 and +1, not {shown}; from 0 and 1 make them by 2 * y - 1")


def check_inputs(x: Tensor, y: Tensor) -> None:
    """Refuse inputs that are no finite table, and answers that are not one for each row."""
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must be (examples, features), at least one; it is {tuple(x.shape)}")
    if not x.is_floating_point():
        raise ValueError(f"x must be of a floating-point type, not {x.dtype}; take x.float()")
    if y.shape != x.shape[:1]:
        raise ValueError(
            f"y must be one answer for each of {len(x)} examples, not {tuple(y.shape)}"
        )
    if not torch.isfinite(x).all():
        raise ValueError("x has values that are not finite; repair or remove those examples")


def _orders(examples: int, epochs: int, seed: int | None) -> Iterator[Int[Tensor, " examples"]]:
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        if generator is None:
            yield torch.arange(examples)
        else:
            yield torch.randperm(examples, generator=generator)
