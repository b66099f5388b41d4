"""Stacking: a deep autoencoder that is built one layer at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.generative.autoencoder import Autoencoder
from linebyline.generative.tied_autoencoder import TiedAutoencoder
from linebyline.layers.linear import Linear


def greedy_layers(
    sizes: Sequence[int],
    x: Float[Tensor, "examples features"],
    learn: Callable[[TiedAutoencoder, Tensor], object],
    *,
    generator: torch.Generator | None = None,
) -> list[TiedAutoencoder]:
    """Train autoencoders of one layer, each on the codes of the one before.

    All codes lie between 0 and 1, so that all autoencoders but the first end in a sigmoid.

    Source: Bengio, Lamblin, Popovici & Larochelle 2007, *Greedy layer-wise training of deep
    networks*, with autoencoders in the place of the restricted Boltzmann machines of
    Hinton, Osindero & Teh 2006.

    Args:
        sizes: of the input and of each code: [196, 64, 32] makes two layers.
        x: the inputs of the first.
        learn: trains one autoencoder in place on what it is given; it may spoil its inputs.
        generator: draws the first weights.

    Raises:
        ValueError: fewer than two sizes, or the first is not the length of an input.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must name the input and a code at least, not {list(sizes)}")
    if x.shape[-1] != sizes[0]:
        raise ValueError(f"sizes must begin with an input's length, {x.shape[-1]}, not {sizes[0]}")
    layers: list[TiedAutoencoder] = []
    for features, width in pairwise(sizes):
        output = nn.Sigmoid() if layers else None
        layer = TiedAutoencoder(features, width, output=output, generator=generator)
        learn(layer, x)
        with torch.no_grad():
            x = layer.encoder(x)  # what the next one sees: codes, whose layer is done
        layers.append(layer)
    return layers


def unroll(layers: Sequence[TiedAutoencoder]) -> Autoencoder:
    """One deep autoencoder: up through all encoders, and down through all decoders.

    Source: Hinton & Salakhutdinov 2006, *Reducing the dimensionality of data with neural
    networks*, figure 1. The weights are copies, and no longer tied: from here on both halves learn
    for themselves.

    Args:
        layers: each takes the codes of the one before.

    Raises:
        ValueError: there is none, or the sizes of two do not meet.
    """
    if not layers:
        raise ValueError("layers must hold an autoencoder, and are empty")
    for below, above in pairwise(layers):
        if below.linear.out_features != above.linear.in_features:
            raise ValueError(
                f"layers must meet, but a code of {below.linear.out_features} units is followed "
                f"by an input of {above.linear.in_features}"
            )
    up: list[nn.Module] = []
    down: list[nn.Module] = []
    for layer in layers:
        forth, back = _copies(layer)
        up += [forth, layer.encoder[1]]  # type: ignore[index]
        down = [back, layer.decoder[1], *down]  # type: ignore[index]
    return Autoencoder(nn.Sequential(*up), nn.Sequential(*down))


def _copies(layer: TiedAutoencoder) -> tuple[Linear, Linear]:
    """Its layer there and the one back, with weights of their own."""
    old = layer.linear
    forth = Linear(old.in_features, old.out_features)
    back = Linear(old.out_features, old.in_features)
    with torch.no_grad():
        forth.weight.copy_(old.weight)
        forth.bias.copy_(old.bias)  # type: ignore[union-attr,arg-type]
        back.weight.copy_(old.weight.T)
        back.bias.copy_(layer.back.bias)  # type: ignore[union-attr]
    return forth.to(old.weight), back.to(old.weight)
