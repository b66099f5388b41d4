"""Stochastic gradient descent: a small step against the gradient of one batch."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def sgd_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    *,
    lr: float,
    weight_decay: float = 0.0,
) -> None:
    """The update of `SGD`, in place, one parameter after another, each line beside its symbols.

    Args:
        parameters: θ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(θ), one of the same shape for each.
        lr: η.
        weight_decay: λ.
    """
    eta, lam = lr, weight_decay
    for theta, gradient in zip(parameters, gradients, strict=True):
        g = gradient + lam * theta  # g = ∇L(θ) + λθ
        theta.sub_(eta * g)  # θ ← θ - ηg


def sgd_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    *,
    lr: float,
    weight_decay: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `sgd_explicit`.

    For a small tensor, calling the kernel costs more than the arithmetic in it. `torch._foreach_*`,
    which `torch.optim` itself stands on, takes the whole list in one call. The terms are sorted
    anew, θ - η(∇L + λθ) = (1 - ηλ)θ - η∇L, so that no g needs memory of its own; that is also why
    the weights are said to decay.
    """
    if weight_decay != 0:  # most runs have none, and need no second pass
        torch._foreach_mul_(parameters, 1 - lr * weight_decay)  # θ ← (1 - ηλ)θ
    torch._foreach_add_(parameters, gradients, alpha=-lr)  # θ ← θ - η∇L


class SGD(UpdateRule):
    """Plain stochastic gradient descent, θ ← θ - ηg with g = ∇L(θ) + λθ.

    Source: Robbins & Monro 1951, *A stochastic approximation method*, which finds the root of a
    function (here the gradient) from noisy values of it. Deviation: their steps shrink like 1/t, as
    their proof of convergence needs; η stays as it is here, unless a schedule changes it.

    L is the loss on one batch, so its gradient is a noisy estimate of that on all the data; λθ is
    the gradient of a penalty ½λ|θ|² on large weights. There is no momentum: that is a rule of its
    own. As in torch, a parameter without a gradient is left alone, and does not decay either.

    Args:
        params: parameters, or groups of them: dictionaries with "params" and, where they differ
            from the rest, "lr", "weight_decay" and "foreach".
        lr: η, the learning rate, zero or more.
        weight_decay: λ, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: "lr" or "weight_decay" of a group is no number.
        ValueError: one of them is negative, infinite or NaN, or, at a step, a gradient is sparse or
            complex.
    """

    hyperparameters = ("lr", "weight_decay")
    explicit_update = staticmethod(sgd_explicit)
    foreach_update = staticmethod(sgd_foreach)

    def __init__(
        self,
        params: Params,
        lr: float,
        *,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "foreach": foreach})
