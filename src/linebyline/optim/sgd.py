"""Stochastic gradient descent: a small step against the gradient of one batch."""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim import Optimizer


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
    if weight_decay != 0:  # most runs have none, and need no second pass over the memory
        torch._foreach_mul_(parameters, 1 - lr * weight_decay)  # θ ← (1 - ηλ)θ
    torch._foreach_add_(parameters, gradients, alpha=-lr)  # θ ← θ - η∇L


class SGD(Optimizer):
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
        ValueError: "lr" or "weight_decay" of a group is negative, infinite or NaN.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        *,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "foreach": foreach})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take one more group. The base class sends the constructor's groups through here too."""
        for name in ("lr", "weight_decay"):
            value = param_group.get(name, self.defaults[name])
            if not 0 <= value < float("inf"):  # so that NaN is refused as well
                raise ValueError(f"{name} must be a finite number, zero or more, not {value}")
        super().add_param_group(param_group)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()  # the update is no part of the function that is differentiated
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every group once.

        Args:
            closure: where given, it is called first: it computes the loss and the gradients anew
                and returns the loss.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [theta for theta in group["params"] if theta.grad is not None]
            if not parameters:
                continue
            gradients = [theta.grad for theta in parameters]
            update = sgd_foreach if group["foreach"] else sgd_explicit
            update(parameters, gradients, lr=group["lr"], weight_decay=group["weight_decay"])
        return loss
