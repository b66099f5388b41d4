"""The threshold unit: a neuron that fires when the weighted sum of its inputs is large enough."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class ThresholdUnit(nn.Module):
    """Fires (1) when ``w · x + b >= 0`` and is silent (0) otherwise.

    Source: McCulloch and Pitts (1943), in today's form. Their unit had no weights: every exciting
    input counted one, and a single inhibiting input silenced the cell. The bias ``b`` is the
    threshold with its sign turned: the weighted sum must reach ``-b``.

    Args:
        weights: one number for each input.
        bias: added to the weighted sum.

    Raises:
        ValueError: ``weights`` is empty or no flat list.
    """

    weights: Float[Tensor, " features"]
    bias: Float[Tensor, ""]

    def __init__(
        self, weights: Sequence[int | float] | Float[Tensor, " features"], bias: float
    ) -> None:
        super().__init__()
        w = torch.as_tensor(weights, dtype=torch.get_default_dtype()).detach().clone()
        if w.ndim != 1 or len(w) == 0:
            raise ValueError(
                f"weights must be a flat list of numbers, not of shape {tuple(w.shape)}"
            )
        self.register_buffer("weights", w)
        self.register_buffer("bias", w.new_tensor(float(bias)))

    def score(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """The weighted sum ``w · x + b``."""
        if x.shape[-1] != len(self.weights):
            raise ValueError(
                f"x has {x.shape[-1]} features in its last axis, but this unit has "
                f"{len(self.weights)} weights"
            )
        return x @ self.weights + self.bias

    def forward(self, x: Float[Tensor, "*batch features"]) -> Int[Tensor, "*batch"]:
        """1 where the unit fires, else 0."""
        return (self.score(x) >= 0).long()
