"""Tied weights: the decoder's weight is the encoder's, transposed."""

from __future__ import annotations

from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.nn.parameter import Parameter

from linebyline.generative.autoencoder import Autoencoder
from linebyline.layers.linear import Linear


class TransposedLinear(nn.Module):
    """A layer that goes back, x = Wᵀ h + c, by the weight W of another layer.

    The weight stays the other layer's parameter and is counted once; c is this layer's own, and
    begins at 0.

    Args:
        forth: the layer whose weight is used, n features to width.

    Raises:
        ValueError: h's last axis is not the width of `forth`.
    """

    def __init__(self, forth: Linear) -> None:
        super().__init__()
        self._forth = (forth,)  # a tuple is not searched for parameters
        self.bias = Parameter(forth.weight.new_zeros(forth.in_features))

    def forward(self, h: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch features"]:
        """Wᵀ h + c."""
        (forth,) = self._forth
        if h.shape[-1] != forth.out_features:
            raise ValueError(
                f"h must have {forth.out_features} units on its last axis, but its shape is "
                f"{tuple(h.shape)}"
            )
        return functional.linear(h, forth.weight.T, self.bias)


class TiedAutoencoder(Autoencoder):
    """One layer there and the same one back: h = φ(W x + b), r = Wᵀ h + c.

    Source: Vincent, Larochelle, Bengio & Manzagol 2008, *Extracting and composing robust features
    with denoising autoencoders*, section 2.2, where tied weights are an option. Deviation: they
    end in a sigmoid and measure cross-entropy; here r may be any number, as squared error wants it.

    Args:
        in_features: length of x.
        width: length of the code h.
        activation: φ, a module; None takes the sigmoid. `nn.Identity()` makes a linear
            autoencoder.
        output: what follows Wᵀ h + c, where that is not r itself: `nn.Sigmoid()` if x lies
            between 0 and 1.
        generator: draws W and b.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(
        self,
        in_features: int,
        width: int,
        *,
        activation: nn.Module | None = None,
        output: nn.Module | None = None,
        generator: Generator | None = None,
    ) -> None:
        linear = Linear(in_features, width, generator=generator)
        encoder = nn.Sequential(linear, nn.Sigmoid() if activation is None else activation)
        super().__init__(encoder, nn.Sequential(TransposedLinear(linear), output or nn.Identity()))

    @property
    def linear(self) -> Linear:
        """The layer with W and b."""
        return self.encoder[0]  # type: ignore[index]

    @property
    def back(self) -> TransposedLinear:
        """The same layer on the way back, with c."""
        return self.decoder[0]  # type: ignore[index]
