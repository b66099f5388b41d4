"""Networks that approximate a given function with weights set by hand: nothing is learned."""

from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.layers.linear import Linear
from linebyline.layers.mlp import MLP


def step(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """H(z), 1 where z >= 0 and 0 elsewhere, as numbers of z's type: an activation for `MLP`."""
    return (z >= 0).to(z.dtype)


def staircase_network(
    edges: Float[Tensor, " edges"],
    plateaus: Float[Tensor, " edges+1"],
    *,
    activation: Callable[[Tensor], Tensor] = step,
    steepness: float = 1.0,
) -> MLP:
    """One hidden unit for each edge, N(x) = y_0 + Σ_j (y_j - y_{j-1}) σ(s (x - a_j)).

    Source: a proof for one input that is older than its name; Hornik, Stinchcombe & White 1989,
    *Multilayer feedforward networks are universal approximators*, have the general theorem. For
    σ = `step` the network is y_j from a_j up to a_{j+1}, whatever s > 0 is. Any other σ that rises
    from 0 to 1 comes as close to that as you like, except near the edges, if s is large.

    Args:
        edges: a_1 < ... < a_n, where the value changes.
        plateaus: y_0, ..., y_n, one before the first edge, one after each.
        activation: σ.
        steepness: s; the inverse of the width over which a sigmoid rises, in the unit of x.

    Returns:
        A network of the sizes [1, n, 1] and of the type of `edges`.

    Raises:
        ValueError: there is no edge, edges do not increase, the plateaus are not one more than the
            edges, or `steepness` is not above 0.
    """
    _check_increasing("edges", edges, at_least=1)
    if len(plateaus) != len(edges) + 1:
        raise ValueError(
            f"plateaus has {len(plateaus)} values for {len(edges)} edges; it must have one more"
        )
    if not steepness > 0:
        raise ValueError(f"steepness is {steepness}; it must be above 0")
    model = MLP([1, len(edges), 1], activation=activation, generator=torch.Generator())
    hidden, output = model.to(edges.dtype).layers
    _set(hidden, torch.full_like(edges, steepness)[:, None], -steepness * edges)
    _set(output, plateaus.diff()[None], plateaus[:1])  # weights: heights of steps
    return model


def interpolating_network(knots: Float[Tensor, " knots"], values: Float[Tensor, " knots"]) -> MLP:
    """The polyline through n + 1 points, N(x) = y_0 + Σ_j c_j max(0, x - t_j), with n hidden units.

    Source: Arora, Basu, Mianjy & Mukherjee 2018, *Understanding deep neural networks with rectified
    linear units*, for any piecewise linear function of one variable. c_j is the change of slope at
    the knot t_j, and c_0 the slope of the first piece.

    Left of the first knot the network is constant; right of the last, where it has no unit, the
    last piece goes on.

    Args:
        knots: t_0 < ... < t_n.
        values: y_0, ..., y_n, the network's values there.

    Returns:
        A network of the sizes [1, n, 1] and of the type of `knots`.

    Raises:
        ValueError: there are fewer than two knots, knots do not increase, or there is not one value
            for each.
    """
    _check_increasing("knots", knots, at_least=2)
    if len(values) != len(knots):
        raise ValueError(f"values has {len(values)} entries for {len(knots)} knots; one for each")
    model = MLP([1, len(knots) - 1, 1], generator=torch.Generator())
    hidden, output = model.to(knots.dtype).layers
    slopes = values.diff() / knots.diff()
    changes = torch.cat([slopes[:1], slopes.diff()])  # c_0, ..., c_{n-1}
    _set(hidden, torch.ones_like(changes)[:, None], -knots[:-1])
    _set(output, changes[None], values[:1])
    return model


def sawtooth_network(folds: int) -> MLP:
    """The saw-tooth of 2^(folds - 1) teeth on [0, 1], by `folds` hidden layers of two units each.

    Source: Telgarsky 2015, *Representation benefits of deep feedforward networks*, where the tent
    T(x) = max(0, min(2x, 2 - 2x)) has a layer more for the outer maximum. On [0, 1] it is
    T(x) = 2 max(0, x) - 4 max(0, x - 1/2), whose output weights can join the next tent's input
    weights, so one hidden layer a tent is enough. Outside of [0, 1] the two differ.

    All weights and biases are 0 or powers of two (up to sign): the arithmetic is exact while
    2^folds x is a whole number that the type can hold.

    Args:
        folds: how often the tent is applied, at least once.

    Raises:
        ValueError: `folds` is below 1.
    """
    if folds < 1:
        raise ValueError(f"folds is {folds}; it must be at least 1")
    model = MLP([1, *[2] * folds, 1], generator=torch.Generator())
    tent, halves = torch.tensor([2.0, -4.0]), torch.tensor([0.0, -0.5])
    first, *later, output = model.layers
    _set(first, torch.ones(2, 1), halves)  # max(0, x) and max(0, x - 1/2)
    for layer in later:
        _set(layer, torch.stack([tent, tent]), halves)  # both units see T
    _set(output, tent[None], torch.zeros(1))
    return model


def _set(layer: Linear, weight: Float[Tensor, "outputs inputs"], bias: Tensor) -> None:
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)


def _check_increasing(name: str, places: Tensor, *, at_least: int) -> None:
    if len(places) < at_least:
        raise ValueError(f"{name} has {len(places)} entries; it must have at least {at_least}")
    for before, after in pairwise(places.tolist()):
        if not before < after:
            raise ValueError(f"{name} must increase, but {after:g} follows {before:g}")
