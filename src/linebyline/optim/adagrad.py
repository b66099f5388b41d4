"""AdaGrad: each weight has a rate of its own, which falls with every gradient it has had."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def adagrad_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    sums: list[Float[Tensor, "..."]],
    *,
    lr: float,
    eps: float,
    weight_decay: float = 0.0,
) -> None:
    """The update of `Adagrad`, in place, one parameter after another, beside its symbols.

    Args:
        parameters: θ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(θ), one of the same shape for each.
        sums: Σg², zeros before the first step.
        lr: η.
        eps: δ.
        weight_decay: λ.
    """
    eta, delta, lam = lr, eps, weight_decay
    for theta, gradient, total in zip(parameters, gradients, sums, strict=True):
        g = gradient + lam * theta  # g_t = ∇L(θ) + λθ
        total.add_(g**2)  # Σg², over all steps up to t
        s = total.sqrt()  # s_t, the length of the vector (g_1, ..., g_t)
        theta.sub_(eta * g / (delta + s))  # θ ← θ - η g_t / (δ + s_t)


def adagrad_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    sums: list[Float[Tensor, "..."]],
    *,
    lr: float,
    eps: float,
    weight_decay: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `adagrad_explicit`."""
    if weight_decay != 0:
        gradients = [*torch._foreach_add(gradients, parameters, alpha=weight_decay)]
    torch._foreach_addcmul_(sums, gradients, gradients)  # Σg² ← Σg² + g·g
    denominators = torch._foreach_sqrt(sums)
    torch._foreach_add_(denominators, eps)
    torch._foreach_addcdiv_(parameters, gradients, denominators, -lr)


class Adagrad(UpdateRule):
    """AdaGrad, θ ← θ - ηg/(δ + √Σg²), number by number, where g = ∇L(θ) + λθ.

    Source: Duchi, Hazan & Singer 2011, *Adaptive subgradient methods for online learning and
    stochastic optimization*, figure 1, with diagonal matrices and the update by composite mirror
    descent. Deviations: no regularizer of its own, no bounds on θ, and weights decay by way of the
    gradient. `torch.optim.Adagrad` is this with its further options, `lr_decay`, which a schedule
    can do, and `initial_accumulator_value`, left at zero.

    A weight whose gradient is rarely other than zero keeps its long steps for when there is one.
    But the sum only grows: with gradients of one size, steps shrink like 1/√t, to the end.

    Each parameter's `state` holds Σg² as "sum".

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: η, zero or more: the length of each number's first step.
        eps: δ, zero or more; with it a weight that never had a gradient divides by δ, not by 0.
        weight_decay: λ, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "eps", "weight_decay")
    memory = ("sum",)
    explicit_update = staticmethod(adagrad_explicit)
    foreach_update = staticmethod(adagrad_foreach)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        *,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        options = {"lr": lr, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "foreach": foreach})
