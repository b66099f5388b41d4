"""The position-wise feed-forward network: the same two layers at each position by itself."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear


class FeedForward(nn.Module):
    """FFN(x) = W_2 φ(W_1 x + b_1) + b_2.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.3, equation 2, where φ is
    max(0, ·). BERT and GPT have GELU instead. It mixes features and never positions, as attention
    mixes positions.

    Args:
        model_size: d_model, the number of features at each position.
        hidden_size: d_ff, the number of hidden units.
        activation: φ.
        generator: draws the first weights as `Linear` does.

    Raises:
        ValueError: a size is below 1, or x has another number of features.
    """

    def __init__(
        self,
        model_size: int,
        hidden_size: int,
        *,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.hidden = Linear(model_size, hidden_size, generator=generator)
        self.activation = activation
        self.output = Linear(hidden_size, model_size, generator=generator)

    def forward(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
        """Every position of every sequence at once."""
        return self.output(self.activation(self.hidden(x)))

    def explicit(self, x: Float[Tensor, "*batch size"]) -> Float[Tensor, "*batch size"]:
        """The same through the layers' `explicit`."""
        return self.output.explicit(self.activation(self.hidden.explicit(x)))
