"""The multilayer perceptron: linear layers with a nonlinearity between them."""

from collections.abc import Callable, Iterator, Sequence
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
    so on, counted from the input. Each layer's part of it fits a `torch.nn.Linear`.

    Args:
        sizes: the number of inputs, of units in each hidden layer, and of outputs: [64, 32, 10]
            has one hidden layer of 32. Two sizes make a linear model.
        activation: φ, a function of a tensor such as `torch.tanh`. A module is one module for all
            hidden layers, its parameters, if it has any, included.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        TypeError: the activation is a class, or cannot be called.
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
        _check(sizes, activation)
        self.layers: Sequence[Linear] = nn.ModuleList(  # type: ignore[assignment]
            Linear(inputs, outputs, generator=generator) for inputs, outputs in pairwise(sizes)
        )
        self.activation = activation

    def layer_outputs(
        self, x: Float[Tensor, "*batch inputs"]
    ) -> Iterator[Float[Tensor, "*batch units"]]:
        """What the layers answer, one after another: h_1, h_2, ..., and the outputs."""
        *hidden, last = self.layers
        h = x  # h_0
        for layer in hidden:
            h = self.activation(layer(h))  # h_l = φ(W_l h_{l-1} + b_l)
            yield h
        yield last(h)

    def forward(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The last of the layers' outputs, through every layer's fused kernel."""
        for h in self.layer_outputs(x):
            output = h  # a list would keep all layers in memory
        return output

    def explicit(self, x: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """The same through every layer's `explicit`."""
        *hidden, last = self.layers
        h = x
        for layer in hidden:
            h = self.activation(layer.explicit(h))
        return last.explicit(h)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets, beside the layers."""
        if isinstance(self.activation, nn.Module):  # then it is shown as a part
            return ""
        return f"activation={getattr(self.activation, '__name__', self.activation)}"


def _check(sizes: Sequence[int], activation: Callable[[Tensor], Tensor]) -> None:
    if len(sizes) < 2:
        raise ValueError(
            "sizes must name at least the inputs and the outputs, as [64, 10] does, "
            f"not {list(sizes)}"
        )
    if min(sizes) < 1:
        raise ValueError(f"sizes must all be at least 1, not {list(sizes)}")
    if isinstance(activation, type):  # nn.ReLU for nn.ReLU(): would fail far from here
        raise TypeError(
            f"activation must be a function or a module, not a class: {activation.__name__}() "
            "makes a module of it"
        )
    if not callable(activation):
        raise TypeError(f"activation must be a function such as torch.tanh, not {activation!r}")
