"""Nesterov's accelerated gradient: momentum that looks where it is going."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def nag_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    velocities: list[Float[Tensor, "..."]],
    *,
    lr: float,
    momentum: float,
    weight_decay: float = 0.0,
) -> None:
    """The update of `NAG`, in place, one parameter after another, each line beside its symbols.

    Args:
        parameters: φ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(φ), one of the same shape for each.
        velocities: b, zeros before the first step.
        lr: η.
        momentum: μ.
        weight_decay: λ.
    """
    eta, mu, lam = lr, momentum, weight_decay
    for phi, gradient, b in zip(parameters, gradients, velocities, strict=True):
        g = gradient + lam * phi  # g = ∇L(φ) + λφ
        b.copy_(mu * b + g)  # b ← μb + g
        phi.sub_(eta * (g + mu * b))  # φ ← φ - η(g + μb)


def nag_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    velocities: list[Float[Tensor, "..."]],
    *,
    lr: float,
    momentum: float,
    weight_decay: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `nag_explicit`.

    -ηg and -ημb go to φ one after the other, so that their sum needs no memory of its own.
    """
    if weight_decay != 0:
        gradients = [*torch._foreach_add(gradients, parameters, alpha=weight_decay)]
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_add_(velocities, gradients)  # b ← μb + g
    torch._foreach_add_(parameters, gradients, alpha=-lr)  # φ ← φ - ηg
    torch._foreach_add_(parameters, velocities, alpha=-lr * momentum)  # φ ← φ - ημb


class NAG(UpdateRule):
    """Nesterov's accelerated gradient, b ← μb + g, φ ← φ - η(g + μb), where g = ∇L(φ) + λφ.

    Source: Nesterov 1983, *A method for solving the convex programming problem with convergence
    rate O(1/k²)*, in the form of Sutskever, Martens, Dahl & Hinton 2013, *On the importance of
    initialization and momentum in deep learning*, equations 3 and 4: v ← μv - η∇L(θ + μv),
    θ ← θ + v. The gradient is taken where the velocity is about to lead, and not where θ is.

    Deviations. The parameters held here are that point ahead, φ = θ + μv, so that the gradient at
    the parameters, the only one that a model has, is the right one; Bengio, Boulanger-Lewandowski &
    Pascanu 2013, *Advances in optimizing recurrent networks*, section 3.5, turn the formula round
    like this. θ itself is φ + ημb. Like torch (`torch.optim.SGD` with nesterov=True) it keeps the
    rate outside the velocity: v = -ηb as long as η stays the same, and after a change of η the very
    next step has the new length, where the paper's v would keep its speed for a while. Nesterov's
    μ grows from step to step; here it stays.

    Each parameter's `state` holds b as "momentum_buffer".

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: η, the learning rate, zero or more.
        momentum: μ, at least 0 and below 1.
        weight_decay: λ, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "momentum", "weight_decay")
    memory = ("momentum_buffer",)  # b
    explicit_update = staticmethod(nag_explicit)
    foreach_update = staticmethod(nag_foreach)

    def __init__(
        self,
        params: Params,
        lr: float,
        *,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, {**options, "foreach": foreach})
