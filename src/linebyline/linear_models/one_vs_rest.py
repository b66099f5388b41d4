"""One against all: several classes from models of two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.linear_models.softmax_regression import check_classes


@runtime_checkable
class Scorer(Protocol):
    """Whatever gives each input one number, larger where it takes the answer to be yes."""

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """One number for each input."""


@dataclass(frozen=True)
class OneVsRest:
    """A model for each class, that was taught to tell it from all others together.

    Source: Rifkin & Klautau 2004, *In defense of one-vs-all classification*, section 2.

    Attributes:
        models: of the classes 0, 1, 2, ... in this order.
    """

    models: Sequence[Scorer]

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch classes"]:
        """Each model's score."""
        return torch.stack([model.score(x) for model in self.models], dim=-1)

    def predict(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """The class whose model gives the highest score, of equal ones the first.

        The scores were never compared while they were learned; this is the first time.
        """
        return self.score(x).argmax(-1)


def one_vs_rest(
    fit: Callable[[Tensor, Tensor], Scorer],
    x: Float[Tensor, "examples features"],
    y: Int[Tensor, " examples"],
) -> OneVsRest:
    """Fit a model of two classes for each class of y.

    Args:
        fit: maps inputs and answers, 1 for yes and 0 for no, to a model with a `score`.
        x: inputs.
        y: classes 0 to K - 1, none without an example.

    Raises:
        ValueError: shapes do not fit, inputs are not finite or of a whole-number type, `y` lacks a
            class below its largest or has only one; or what `fit` raises.
    """
    classes = check_classes(x, y)
    return OneVsRest([fit(x, (y == k).long()) for k in range(classes)])
