"""Autoencoders: networks that answer with their own input, through a code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear
from linebyline.layers.mlp import MLP


class Autoencoder(nn.Module):
    """An encoder from the input to a code, and a decoder from the code to the input.

    Source: Rumelhart, Hinton & Williams 1986, "Learning internal representations by error
    propagation", where the input is also the target; Bourlard & Kamp 1988 for the name
    auto-association.

    Args:
        encoder: (batch, ...) to a code (batch, width).
        decoder: a code (batch, width) to what was encoded, in the input's shape.

    Raises:
        ValueError: the decoder's answer has another shape than the input.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        """The reconstruction, in the shape of the input."""
        again = self.decoder(self.encoder(x))
        if again.shape != x.shape:  # a loss would broadcast the two, and teach nonsense
            raise ValueError(
                f"decoder must answer in the input's shape, {tuple(x.shape)}, "
                f"but its answer is of shape {tuple(again.shape)}"
            )
        return again


def linear_autoencoder(
    size: int, width: int, *, bias: bool = True, generator: torch.Generator | None = None
) -> Autoencoder:
    """One linear layer into the code and one out of it: x' = D (E x + b) + c.

    Source: Baldi & Hornik 1989, "Neural networks and principal component analysis", section 1.
    Deviation: they centre the data and have no biases; with biases it need not be centred. D starts
    as Eᵀ, so that none of the two is far larger than the other, which would keep it from learning.

    Args:
        size: numbers in a row of the input.
        width: k, numbers in the code.
        bias: False leaves b and c out, for data that are centred.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: `size` or `width` is below 1.
    """
    _check(size, width)
    encoder = Linear(size, width, bias=bias, generator=generator)
    decoder = Linear(width, size, bias=bias, generator=generator)
    with torch.no_grad():
        decoder.weight.copy_(encoder.weight.T)
        if decoder.bias is not None:
            decoder.bias.zero_()
    return Autoencoder(encoder, decoder)


def mlp_autoencoder(
    size: int,
    hidden: Sequence[int],
    width: int,
    *,
    activation: Callable[[Tensor], Tensor] = torch.relu,
    generator: torch.Generator | None = None,
) -> Autoencoder:
    """A multilayer perceptron into the code, and its mirror image out of it.

    Source: Hinton & Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks",
    figure 1. Deviations: no layer is trained before the others; φ is max(0, ·) unless you name
    another, theirs is the logistic function; and the outputs are linear like the code, so that the
    squared error can be set beside that of principal components. With ``activation=nn.Identity()``
    the same layers make a linear network.

    Args:
        size: numbers in a row of the input.
        hidden: units of the encoder's hidden layers, from the input on; the decoder has the same
            in reverse. None of them gives `linear_autoencoder`.
        width: k, numbers in the code.
        activation: φ of the hidden layers. The code has none, and can be any number.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: `size`, `width` or a hidden layer is below 1.
    """
    _check(size, width)
    sizes = [size, *hidden, width]
    return Autoencoder(
        MLP(sizes, activation=activation, generator=generator),
        MLP(sizes[::-1], activation=activation, generator=generator),
    )


def _check(size: int, width: int) -> None:
    if size < 1:
        raise ValueError(f"size must be at least 1, the numbers of a row, not {size}")
    if width < 1:
        raise ValueError(
            f"width must be at least 1, not {width}: a code without numbers can tell nothing"
        )
