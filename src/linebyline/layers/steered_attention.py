"""An attention whose look can be turned by hand: what was seen, and what was only looked at?"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from linebyline.layers.attention import Context, Key, Mask, Query, Scores, Value


class SteeredAttention(nn.Module):
    """Another attention, except at steps where it is told where to look.

    Weights show where a model looked, and not what the look was good for: it may know already what
    it sees there. Turn the look at one step away, leave all else as it is, and see which words
    change. Jain & Wallace 2019, *Attention is not explanation*, put other weights in
    the place of those that a trained model had; Wiegreffe & Pinter 2019, *Attention is not not
    explanation*, discuss what follows from such tests.

    A decoder asks for one step at a time or for all at once, so steps are counted over calls, from
    0 on when `steer` was called.

    Args:
        attention: whatever takes queries (batch, steps, ...), keys and values (batch, places, ...)
            and a mask, and returns contexts and weights, like those of
            `linebyline.layers.attention`.

    Raises:
        ValueError: `weights` and `told` differ in shape, a told row does not add up to 1, or there
            are more steps, or another batch or number of places, than was told.
    """

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention: Any = attention
        self._weights: Tensor | None = None
        self._told: Tensor | None = None
        self._step = 0

    def steer(
        self,
        weights: Float[Tensor, "batch time places"],
        told: Bool[Tensor, "batch time"],
    ) -> None:
        """From now on look by these weights at the steps that are told, and freely at the others.

        Args:
            weights: α; rows of steps that are not told are not read.
            told: True where the weights hold.
        """
        if weights.shape[:2] != told.shape:
            raise ValueError(
                f"told must have the shape {tuple(weights.shape[:2])}, one entry for each row of "
                f"weights, not {tuple(told.shape)}"
            )
        sums = weights[told].sum(-1)
        if not torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
            raise ValueError("weights must add up to 1 in each row that is told, but do not")
        self._weights, self._told, self._step = weights, told, 0

    def free(self) -> None:
        """Let it look where it likes again."""
        self._weights = self._told = None

    def project(self, key: Key) -> Tensor:
        """What the attention computes of its keys once."""
        return self.attention.project(key)

    def forward(
        self, query: Query, key: Key, value: Value, mask: Mask | None = None, **options: Tensor
    ) -> tuple[Context, Scores]:
        """Contexts and weights, where it was told those that it was told."""
        context, weights = self.attention(query, key, value, mask, **options)
        if self._weights is None or self._told is None:
            return context, weights
        steps = slice(self._step, self._step + query.shape[1])
        given, told = self._weights[:, steps], self._told[:, steps, None]
        if given.shape != weights.shape:
            raise ValueError(
                f"weights were told for {tuple(self._weights.shape)}, (batch, time, places), but "
                f"steps {steps.start} to {steps.stop - 1} have {tuple(weights.shape)}"
            )
        self._step = steps.stop
        weights = torch.where(told, given, weights)
        return weights @ value, weights
