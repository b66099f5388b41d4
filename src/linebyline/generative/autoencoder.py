"""Autoencoders: networks that answer with their own input, through a code."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn


class Autoencoder(nn.Module):
    """An encoder from the input to a code, and a decoder from the code to the input.

    Source: Rumelhart, Hinton & Williams 1986, "Learning internal representations by error
    propagation", where the input is also the target; Bourlard & Kamp 1988 for the name
    auto-association.

    Args:
        encoder: (batch, ...) to a code (batch, width).
        decoder: a code (batch, width) to what was encoded, in the input's shape.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch ..."]:
        """The reconstruction, in the shape of the input."""
        return self.decoder(self.encoder(x))
