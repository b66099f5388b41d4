"""Standardization: measured from the training inputs' mean, in units of their spread."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Standardization(nn.Module):
    """z = (x - μ) / σ, with the mean and the standard deviation of the training inputs.

    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, section 4.3. The spread is that
    of the training inputs themselves (divided by N, not by N - 1), as scikit-learn's StandardScaler
    has it; where there is none, σ is 1, and the constant becomes 0.

    The figures are found when it is made and never again: training, evaluation and use see the same
    rule. They are buffers, so they move and are saved with the model and no optimizer sees them.

    Args:
        training_inputs: what the figures are taken from, and nothing else is.
        over: the axes over which they are taken. (0,) gives every feature its own, as for the
            columns of a table; (0, 2, 3) every channel of (images, channels, height, width); None
            one pair for all numbers, as for grey images.

    Raises:
        ValueError: there are no inputs, they are not finite, or an axis in `over` does not exist or
            axis 0, the examples, is not among them.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        training_inputs: Float[Tensor, "examples ..."],
        *,
        over: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        axes = tuple(range(training_inputs.ndim)) if over is None else tuple(over)
        if 0 not in axes or not set(axes) <= set(range(training_inputs.ndim)):
            raise ValueError(
                f"over is {axes}; it must hold axis 0, the examples, and may hold others below "
                f"{training_inputs.ndim}"
            )
        if not training_inputs.numel() or not training_inputs.isfinite().all():
            raise ValueError("training_inputs must hold numbers, all of them finite")
        # Summed in double precision: a float32 sum over millions of pixels loses digits.
        std, mean = torch.std_mean(training_inputs.double(), axes, correction=0, keepdim=True)
        self.register_buffer("mean", mean[0].to(training_inputs))
        self.register_buffer("std", std.where(std > 0, 1)[0].to(training_inputs))

    def forward(self, x: Float[Tensor, "examples ..."]) -> Float[Tensor, "examples ..."]:
        """In training and in evaluation the same."""
        return (x - self.mean) / self.std

    def inverse(self, z: Float[Tensor, "examples ..."]) -> Float[Tensor, "examples ..."]:
        """Back to the inputs' own units, to be looked at."""
        return z * self.std + self.mean
