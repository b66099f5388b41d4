"""Momentum: the gradients of past steps push on, each a little weaker."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def momentum_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    velocities: list[Float[Tensor, "..."]],
    *,
    step: int,
    lr: float,
    momentum: float,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
) -> None:
    """The update of `Momentum`, in place, one parameter after another, beside its symbols.

    Args:
        parameters: θ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(θ), one of the same shape for each.
        velocities: b, zeros before the first step.
        step: t, 1 at the first step.
        lr: η.
        momentum: μ.
        dampening: τ.
        weight_decay: λ.
    """
    eta, mu, lam = lr, momentum, weight_decay
    tau = 0.0 if step == 1 else dampening  # the first gradient counts in full
    for theta, gradient, b in zip(parameters, gradients, velocities, strict=True):
        g = gradient + lam * theta  # g = ∇L(θ) + λθ
        b.copy_(mu * b + (1 - tau) * g)  # b ← μb + (1 - τ)g
        theta.sub_(eta * b)  # θ ← θ - ηb


def momentum_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    velocities: list[Float[Tensor, "..."]],
    *,
    step: int,
    lr: float,
    momentum: float,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `momentum_explicit`.

    ∇L and λθ are added to b one after the other, so that no g needs memory of its own.
    """
    share = 1.0 if step == 1 else 1 - dampening  # 1 - τ
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_add_(velocities, gradients, alpha=share)
    if weight_decay != 0:
        torch._foreach_add_(velocities, parameters, alpha=share * weight_decay)
    torch._foreach_add_(parameters, velocities, alpha=-lr)  # θ ← θ - ηb


class Momentum(UpdateRule):
    """Gradient descent with momentum, b ← μb + (1 - τ)g, θ ← θ - ηb, where g = ∇L(θ) + λθ.

    Source: Polyak 1964, *Some methods of speeding up the convergence of iteration methods*, in the
    form of Sutskever, Martens, Dahl & Hinton 2013, *On the importance of initialization and
    momentum in deep learning*, equations 1 and 2: v ← μv - η∇L(θ), θ ← θ + v. A constant gradient
    is followed 1/(1 - μ) times as fast in the end, ten times for μ = 0.9.

    Deviations, both torch's (`torch.optim.SGD` with momentum). The rate stands outside the
    velocity. With a constant η nothing differs, v = -ηb. When η falls, the paper's v keeps the
    speed that it has and loses it over some 1/(1 - μ) steps, while here the very next step is
    shorter. And dampening τ weakens each gradient but the very first; with τ = μ, b is a weighted
    mean of the gradients rather than a sum. The paper has none, τ = 0.

    Each parameter's `state` holds b as "momentum_buffer", and "step".

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: η, the learning rate, zero or more.
        momentum: μ, at least 0 and below 1.
        dampening: τ, at least 0 and below 1.
        weight_decay: λ, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "momentum", "dampening", "weight_decay")
    memory = ("momentum_buffer",)  # b
    counts_steps = True
    explicit_update = staticmethod(momentum_explicit)
    foreach_update = staticmethod(momentum_foreach)

    def __init__(
        self,
        params: Params,
        lr: float,
        *,
        momentum: float = 0.9,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening}
        super().__init__(params, {**options, "weight_decay": weight_decay, "foreach": foreach})
