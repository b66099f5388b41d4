"""Gradient norms layer by layer: where in a model the gradient arrives, and how large it is."""

import math

import torch
from torch import Tensor, nn


def gradient_norms(model: nn.Module) -> dict[str, float]:
    """The Euclidean norm of each layer's gradient, by the layer's name, to be logged.

    Source: Glorot & Bengio 2010, *Understanding the difficulty of training deep feedforward neural
    networks*, who watch gradients layer by layer; they draw histograms, and we take the norm. A
    layer here is a module that has parameters of its own, and its gradient is that of all of them
    together: a weight and a bias make one vector. A parameter that two layers share counts for the
    first. Call it after `backward` and before the gradients are reset, as a function does that
    `optimizer.register_step_pre_hook` was given.

    Args:
        model: its gradients are read, and nothing is changed.

    Returns:
        Name to norm, in the order of `named_modules`; the model's own parameters are under its
        class's name. NaN says that there is no gradient: the layer is frozen, or the loss does not
        depend on it.
    """
    layers: dict[str, list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        gradients = layers.setdefault(name.rpartition(".")[0] or type(model).__name__, [])
        if parameter.grad is not None:
            gradients.append(parameter.grad)
    return dict(
        zip(layers, _read([_norm(gradients) for gradients in layers.values()]), strict=True)
    )


def _norm(gradients: list[Tensor]) -> Tensor:
    """Of all of them together: the norm of their norms."""
    if not gradients:
        return torch.tensor(math.nan)
    parts = [gradient.detach().norm() for gradient in gradients]
    return torch.stack([part.to(parts[0].device) for part in parts]).norm()


def _read(norms: list[Tensor]) -> list[float]:
    """As numbers, with one wait for each device and not one for each layer."""
    by_device: dict[torch.device, list[int]] = {}
    for place, norm in enumerate(norms):
        by_device.setdefault(norm.device, []).append(place)
    numbers = [math.nan] * len(norms)
    for places in by_device.values():
        values = torch.stack([norms[place].double() for place in places]).tolist()
        for place, value in zip(places, values, strict=True):
            numbers[place] = value
    return numbers
