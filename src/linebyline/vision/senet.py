"""Residual networks with gated channels: SE-ResNet-18, 34, 50 and 101."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.squeeze_excitation import SqueezeExcitation
from linebyline.vision.resnet import ResNet, resnet18, resnet34, resnet50, resnet101

Images = Float[Tensor, "batch channels height width"]


def squeeze_excitation(
    *, generator: torch.Generator | None = None, **options: Any
) -> Callable[[int], SqueezeExcitation]:
    """What a residual network takes as `attention`: makes a gated end for each residual branch.

    Source: Hu, Shen & Sun 2018, *Squeeze-and-excitation networks*, figure 3: the gates multiply
    what the branch computes, before the shortcut is added, and leave the shortcut alone.

    Args:
        generator: draws the first weights.
        options: `reduction`, `squeeze`, `activation` and `bias`, as `SqueezeExcitation` has them.
    """
    return lambda channels: SqueezeExcitation(channels, generator=generator, **options)


def extra_weights(channels: Sequence[int], *, reduction: int = 16, bias: bool = True) -> int:
    """How many parameters gates add to a network.

    Source: Hu, Shen & Sun 2018, equation 5: (2/r) Σ_s N_s C_s², where stage s has N_s blocks with
    C_s channels at their end. Here each block is a term of its own, C/r is rounded down as the
    layer does, and `bias` adds C/r + C for each block, which the equation leaves out.

    Args:
        channels: C of each block, as many as there are blocks.
        reduction: r.
        bias: whether the layers have biases.

    Raises:
        ValueError: `reduction` is not from 1 to the smallest number of channels.
    """
    if not 1 <= reduction <= min(channels, default=0):
        raise ValueError(
            f"reduction must be from 1 to {min(channels, default=0)}, the channels of the "
            f"narrowest block, not {reduction}"
        )
    hidden = [c // reduction for c in channels]
    weights = sum(2 * c * h for c, h in zip(channels, hidden, strict=True))
    return weights + (sum(hidden) + sum(channels) if bias else 0)


def gates_by_block(model: nn.Module, x: Images) -> list[Float[Tensor, "batch _ ..."]]:
    """The gates that the images get in each block, from the first to the last.

    The model is run once, in the mode in which it is; no gradient is kept. A block of C channels
    has gates of shape (batch, C), or, with "position", of (batch, C, height, width).

    Raises:
        ValueError: the model has no gates.
    """
    seen: list[Tensor] = []

    def look(layer: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        assert isinstance(layer, SqueezeExcitation)  # for mypy
        seen.append(layer.gates(*inputs))

    hooks = [layer.register_forward_hook(look) for layer in gated_layers(model)]
    try:
        with torch.no_grad():
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
    return seen


@contextmanager
def fixed_gates(model: nn.Module, gates: Sequence[Float[Tensor, " _"] | None]) -> Iterator[None]:
    """Inside the ``with``, gates are what you say they are, the same for all images.

    Args:
        model: a network with gates.
        gates: for each block, from the first to the last, one number for each channel; None leaves
            a block as it is.

    Raises:
        ValueError: the model has no gates, or another number of blocks than `gates`.
    """
    layers = gated_layers(model)
    if len(layers) != len(gates):
        raise ValueError(f"gates must be {len(layers)}, one entry for each block, not {len(gates)}")

    def holding(s: Tensor) -> Callable[..., Tensor]:
        return lambda layer, inputs, y: inputs[0] * s[:, None, None]

    pairs = [(layer, s) for layer, s in zip(layers, gates, strict=True) if s is not None]
    hooks = [layer.register_forward_hook(holding(s)) for layer, s in pairs]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def gated_layers(model: nn.Module) -> list[SqueezeExcitation]:
    """The layers that gate, in the order in which the model has them.

    Raises:
        ValueError: there are none.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, SqueezeExcitation)]
    if not layers:
        raise ValueError("model must hold SqueezeExcitation layers, but has none")
    return layers


def se_resnet18(**options: Any) -> ResNet:
    """SE-ResNet-18, 11,778,592 parameters: `ResNet`'s options, and `SqueezeExcitation`'s."""
    return _gated(resnet18, options)


def se_resnet34(**options: Any) -> ResNet:
    """SE-ResNet-34, 21,958,868 parameters."""
    return _gated(resnet34, options)


def se_resnet50(**options: Any) -> ResNet:
    """SE-ResNet-50, 28,088,024 parameters: 2,514,944 weights and 16,048 biases for its gates.

    Deviation: ResNet-50 as torchvision has it, with the stride in the 3 x 3 convolution.
    """
    return _gated(resnet50, options)


def se_resnet101(**options: Any) -> ResNet:
    """SE-ResNet-101, 49,326,872 parameters."""
    return _gated(resnet101, options)


def _gated(make: Callable[..., ResNet], options: dict[str, Any]) -> ResNet:
    """The network with gates; what is not said about them is an option of the network."""
    own = {name: options.pop(name) for name in _OWN if name in options}
    generator = options.get("generator")
    return make(attention=squeeze_excitation(generator=generator, **own), **options)


_OWN = ("reduction", "squeeze", "activation", "bias")
