"""Where a ReLU network of one input bends: its breakpoints, found exactly instead of sampled."""

import copy

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.layers.mlp import MLP

SAME_PLACE = 1e-12
"""Breakpoints closer than this, as a part of the interval, are one: rounding set them apart."""

SAME_SLOPE = 1e-9
"""Slopes that differ by less, as a part of the steepest, are one piece."""


@torch.no_grad()
def breakpoints(model: MLP, interval: tuple[float, float]) -> Float[Tensor, " breakpoints"]:
    """The places inside an interval at which the slope of a ReLU network changes, in order.

    Source: Hanin & Rolnick 2019, *Complexity of linear regions in deep networks*, count them.
    Between two of them the network is linear, so it has one linear piece more than it has
    breakpoints.

    Every layer is followed through the interval as a polyline: its values at the breakpoints of the
    layers before it are enough to know it everywhere. A ReLU can add a breakpoint only where its
    input crosses zero, and on a straight piece that place is a division. The work is done in
    float64, whatever the model's type.

    Args:
        model: one input, one output, and `torch.relu` between the layers.
        interval: its lowest and its highest x; a breakpoint at either end is not inside.

    Returns:
        The breakpoints, in float64 and ascending.

    Raises:
        ValueError: the model has another activation or other than one input and one output, or the
            interval is empty.
    """
    low, high = interval
    _check(model, low, high)
    x = torch.tensor([low, high], dtype=torch.float64)  # the ends, and breakpoints as they come
    h = x[:, None]  # (points, units): the layer's output at each of them
    *hidden, output = copy.deepcopy(model).double().layers
    for layer in hidden:
        z = layer(h)
        piece, unit = (z[:-1] * z[1:] < 0).nonzero(as_tuple=True)  # crossings of 0
        way = z[piece, unit] / (z[piece, unit] - z[piece + 1, unit])
        crossings = x[piece] + way * (x[piece + 1] - x[piece])
        at_crossings = z[piece] + way[:, None] * (z[piece + 1] - z[piece])
        x, order = torch.cat([x, crossings]).sort(stable=True)
        h = torch.cat([z, at_crossings])[order].relu()
    return _bends(x, output(h).squeeze(1))


def _bends(x: Float[Tensor, " points"], y: Float[Tensor, " points"]) -> Float[Tensor, " bends"]:
    """Those of the points at which the polyline through all of them changes its slope."""
    apart = x.diff() > SAME_PLACE * (x[-1] - x[0])
    kept = torch.cat([torch.tensor([True]), apart])
    x, y = x[kept], y[kept]
    slopes = y.diff() / x.diff()
    bent = slopes.diff().abs() > SAME_SLOPE * slopes.abs().max()
    return x[1:-1][bent]


def _check(model: MLP, low: float, high: float) -> None:
    ends = model.layers[0].in_features, model.layers[-1].out_features
    if ends != (1, 1):
        raise ValueError(f"model has {ends[0]} inputs and {ends[1]} outputs; it must have 1 and 1")
    if model.activation is not torch.relu:
        raise ValueError(f"model has the activation {model.activation}; it must be torch.relu")
    if not low < high:
        raise ValueError(f"interval is {(low, high)}; its first number must be below its second")
