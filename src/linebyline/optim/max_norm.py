"""Max-norm: the weights that come into a unit may be so long together and no longer."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle


@torch.no_grad()
def max_norm_(
    weight: Float[Tensor, "..."], limit: float, *, unit_axis: int = 0
) -> Float[Tensor, "..."]:
    """Shorten the incoming weights of each unit to the limit, in place: w ← w · min(1, c/‖w‖).

    Source: Srebro, Rennie & Jaakkola 2004, *Maximum-margin matrix factorization*, bound the rows of
    factors so; Hinton et al. 2012, *Improving neural networks by preventing co-adaptation of
    feature detectors*, and Srivastava et al. 2014, *Dropout*, the weights into each hidden unit. It
    is the projection onto the ball of radius c: of all vectors in it, the nearest.

    `torch.renorm(weight, 2, unit_axis, limit)` is the same, but for 1e-7 that it adds to ‖w‖.

    Args:
        weight: for a linear layer (units, inputs), for a convolution (channels out, channels in,
            height, width): unit i's incoming weights are all numbers of `weight[i]`. A transposed
            convolution has its units on axis 1.
        limit: c, positive.
        unit_axis: which axis counts the units.

    Returns:
        The weight.

    Raises:
        ValueError: the limit is not positive, the weight has fewer than two axes, or it has no axis
            of that number.
    """
    _check(weight, limit, unit_axis)
    others = [axis for axis in range(weight.ndim) if axis != unit_axis % weight.ndim]
    norms = torch.linalg.vector_norm(weight, dim=others, keepdim=True)  # |w| of each unit
    # Where |w| is 0 the quotient is infinite, and the smaller of the two is 1.
    return weight.mul_((limit / norms).clamp(max=1.0))


def constrain(
    optimizer: Optimizer,
    weights: nn.Module | Iterable[Float[Tensor, "..."]],
    limit: float,
    *,
    unit_axis: int = 0,
) -> RemovableHandle:
    """Apply `max_norm_` now, and after every step of the optimizer from now on.

    The step goes where the loss wants, and the projection takes it back to the nearest permitted
    point: projected gradient descent. It works in any training loop, `fit` included::

        optimizer = SGD(model.parameters(), lr=0.1)
        constrain(optimizer, model, limit=3.0)

    Args:
        optimizer: whose steps are followed; it need not hold all of these weights.
        weights: tensors, or a model, of which all parameters of two axes or more are taken (so
            biases are not). Give tensors where some layers are to go free, the last one, say.
        limit: c, positive.
        unit_axis: as for `max_norm_`.

    Returns:
        A handle; its `remove()` ends the constraint.

    Raises:
        ValueError: as for `max_norm_`, or there is no weight.
    """
    if isinstance(weights, nn.Module):
        weights = [theta for theta in weights.parameters() if theta.ndim >= 2]
    held = list(weights)
    if not held:
        raise ValueError("weights must hold a tensor of two axes or more, and hold none")
    for weight in held:  # all of them, before one is changed
        _check(weight, limit, unit_axis)

    def project(*_: object) -> None:
        for weight in held:
            max_norm_(weight, limit, unit_axis=unit_axis)

    project()
    return optimizer.register_step_post_hook(project)


def _check(weight: Tensor, limit: float, unit_axis: int) -> None:
    if not limit > 0:  # so that NaN is refused as well
        raise ValueError(f"limit must be positive, not {limit}")
    if weight.ndim < 2:
        raise ValueError(
            f"weight must have two axes or more, units and inputs, not {tuple(weight.shape)}"
        )
    if not -weight.ndim <= unit_axis < weight.ndim:
        raise ValueError(
            f"unit_axis must be an axis of the weight, from 0 to {weight.ndim - 1}, not {unit_axis}"
        )
