"""An instrument: what each layer of a network costs in weights, multiply-adds and activations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.linear import Linear

FROM_OUTPUTS = (Conv2d, Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
FROM_INPUTS = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@dataclass(frozen=True)
class LayerCost:
    """One layer, for one example."""

    name: str
    """As in the model's `named_modules`: "features.0"; "" is the model itself."""

    kind: str
    """The name of its class: "Conv2d"."""

    output_shape: tuple[int, ...]
    """Of its answer, without the batch's axis."""

    parameters: int
    """Numbers that are learned, biases too."""

    multiply_adds: int
    """Products of a weight with an activation, each added to a sum."""

    activations: int
    """Numbers in its answer: the paper's neurons, if it is a layer with weights."""


def layer_costs(model: nn.Module, input_shape: Sequence[int]) -> list[LayerCost]:
    """The cost of every layer for one input, in the order in which the layers answer.

    A number in the answer of a linear or convolutional layer is the product of one row of its
    weights with what that row sees. So

        multiply-adds = numbers in the answer · weights in a row,

    and all weights are used once at each position: k² · C_in · C_out · H · W for a convolution of
    k x k. A product with a zero of the padding counts like any other, as in papers. A transposed
    convolution does it the other way round: each number of its *input* is multiplied by a row.
    Additions of a bias, activation functions, normalization and pooling count as 0; a product of
    two activations, as in attention, is not seen. `torch.utils.flop_counter` counts the same for
    these layers, but twice: a multiply-add is two operations.

    The model is run once, in evaluation mode, on zeros where its parameters are. Nothing is
    computed for a model that was built on the device "meta", so that one of any size is counted in
    no time. A layer is a module that has no others in it, or parameters of its own; of one that is
    used again, the parameters count once. A module that the forward pass leaves out is left out.

    Args:
        model: of layers like those of this library or of `torch.nn`.
        input_shape: of one input, without the batch's axis: (3, 224, 224).

    Raises:
        ValueError: a layer has weights in more than one axis and is none of `FROM_OUTPUTS`,
            `FROM_INPUTS` (or a class of the library's own with such a name).
    """
    costs: list[LayerCost] = []
    seen: set[int] = set()

    def note(name: str, layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        own = [p for p in layer.parameters(recurse=False) if id(p) not in seen]
        seen.update(map(id, own))
        costs.append(
            LayerCost(
                name=name,
                kind=type(layer).__name__,
                output_shape=tuple(output.shape[1:]),
                parameters=sum(p.numel() for p in own),
                multiply_adds=_multiply_adds(name, layer, inputs[0], output),
                activations=output.numel(),
            )
        )

    parameter = next(model.parameters(), torch.empty(0))
    zeros = parameter.new_zeros(1, *input_shape)
    modes = {module: module.training for module in model.modules()}
    with ExitStack() as hooks, torch.no_grad():
        for name, module in model.named_modules():
            if [*module.children()] and not [*module.parameters(recurse=False)]:
                continue
            hook = module.register_forward_hook(
                lambda layer, inputs, output, name=name: note(name, layer, inputs, output)
            )
            hooks.callback(hook.remove)
        try:
            model.eval()(zeros)
        finally:
            for module, mode in modes.items():
                module.training = mode
    return costs


def total(costs: Sequence[LayerCost], quantity: str) -> int:
    """The sum of "parameters", "multiply_adds" or "activations" over layers.

    Raises:
        ValueError: `quantity` is none of the three.
    """
    known = ("parameters", "multiply_adds", "activations")
    if quantity not in known:
        raise ValueError(f"quantity must be one of {', '.join(known)}, not {quantity!r}")
    return sum(getattr(cost, quantity) for cost in costs)


def _multiply_adds(name: str, layer: nn.Module, x: Tensor, output: Tensor) -> int:
    own_transposed = type(layer).__name__ == "ConvTranspose2d"  # this library's
    if isinstance(layer, FROM_OUTPUTS):
        return output.numel() * layer.weight[0].numel()
    if isinstance(layer, FROM_INPUTS) or own_transposed:
        return x.numel() * layer.get_parameter("weight")[0].numel()
    if isinstance(layer, nn.Embedding) or all(p.ndim < 2 for p in layer.parameters(recurse=False)):
        return 0
    known = ", ".join(sorted({c.__name__ for c in FROM_OUTPUTS + FROM_INPUTS}))
    raise ValueError(
        f"model has the layer {name!r} of class {type(layer).__name__}, whose multiply-adds are "
        f"not known; known are {known}"
    )
