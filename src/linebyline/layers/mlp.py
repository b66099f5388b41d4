"""The multilayer perceptron: linear layers with a nonlinearity between them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear


class MLP(nn.Module):
    """A feedforward network, h_l = φ(W_l h_{l-1} + b_l) from h_0 = x on.

    Source: Rumelhart, Hinton & Williams 1986, *Learning representations by back-propagating
    errors*, equations 1 and 2. Deviations: their φ is the logistic function, and they apply it to
    the outputs too. Here φ is max(0, ·) unless you name another (Glorot, Bordes & Bengio 2011,
    *Deep sparse rectifier neural networks*), and the last layer has none, so that an output can be
    any number: what it means, a value or a logit, is the loss's business.

    A `state_dict` names the parameters `layers.0.weight`, `layers.0.bias`, `layers.1.weight` and
    so on, counted from the input.

    Args:
        sizes: the number of inputs, of units in each hidden layer, and of outputs: [64, 32, 10]
            has one hidden layer of 32. Two sizes make a linear model.
        activation: φ, a function of a tensor such as `torch.tanh`. A module is one module for all
            hidden layers, its parameters, if it has any, included.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: there are fewer than two sizes or one is below 1, or an input's last axis is
            not `sizes[0]` long.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(
                "sizes must name at least the inputs and the outputs, as [64, 10] does, "
                f"not {list(sizes)}"
            )
        if min(sizes) < 1:
            raise ValueError(f"sizes must all be at least 1, not {list(sizes)}")
        self.layers: Sequence[Linear] = nn.ModuleList(  # type: ignore[assignment]
            Linear(inputs, outputs, generator=generator) for inputs, outputs in pairwise(sizes)
        )
        self.activation = activation

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """Every layer's fused kernel, and φ between them."""
        *hidden, last = self.layers
        h = x  # h_0
        for layer in hidden:
            h = self.activation(layer(h))  # h_l = φ(W_l h_{l-1} + b_l)
        return last(h)

    def explicit(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The same through every layer's `explicit`."""
        *hidden, last = self.layers
        h = x
        for layer in hidden:
            h = self.activation(layer.explicit(h))
        return last.explicit(h)
