"""Local response normalization: a channel is divided by the size of its neighbours' values."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class LocalResponseNorm(nn.Module):
    """b_i = a_i / (k + α Σ_j a_j²)^β, the sum over the n channels around i, at the same place.

    Source: Krizhevsky, Sutskever & Hinton 2012, *ImageNet classification with deep convolutional
    neural networks*, section 3.3: j runs from i - n/2 to i + n/2, n/2 rounded down, as far as there
    are channels. So n is odd here. The constants are theirs.

    Deviation from `torch.nn.LocalResponseNorm`: that one takes the *mean* of the n squares (missing
    channels count as zeros), so that its `alpha` is n times the paper's. Here it is the paper's.

    Args:
        size: n, how many channels are added up, an odd number.
        alpha: α, at least 0.
        beta: β.
        k: above 0, for a denominator of 0 has no answer.

    Raises:
        ValueError: an argument is out of its range, or an input has no channels and positions.
    """

    def __init__(
        self, size: int = 5, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0
    ) -> None:
        super().__init__()
        if size < 1 or size % 2 == 0:
            raise ValueError(f"size must be an odd number from 1 on, not {size}")
        if not 0 <= alpha < math.inf:
            raise ValueError(f"alpha must be at least 0 and finite, not {alpha}")
        if not math.isfinite(beta):
            raise ValueError(f"beta must be finite, not {beta}")
        if not 0 < k < math.inf:
            raise ValueError(f"k must be positive and finite, not {k}")
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(
        self, x: Float[Tensor, "batch channels *positions"]
    ) -> Float[Tensor, "batch channels *positions"]:
        """By torch's function, which finds the means with a pooling kernel."""
        self._check(x)
        n = self.size
        return functional.local_response_norm(x, n, self.alpha * n, self.beta, self.k)

    def explicit(
        self, x: Float[Tensor, "batch channels *positions"]
    ) -> Float[Tensor, "batch channels *positions"]:
        """The formula: the squares, moved along the channels and added up."""
        self._check(x)
        reach = (0, 0) * (x.ndim - 2) + (self.size // 2, self.size // 2)
        squares = functional.pad(x.square(), reach)  # zeros for the channels that there are not
        neighbours = [squares[:, j : j + x.shape[1]] for j in range(self.size)]
        total = torch.stack(neighbours).sum(dim=0)  # Σ_j a_j²: (B, C, ...)
        return x / (self.k + self.alpha * total) ** self.beta

    def _check(self, x: Tensor) -> None:
        if x.ndim < 3:
            raise ValueError(
                "x must be (batch, channels) and at least one axis of space after them, "
                f"but its shape is {tuple(x.shape)}"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
