"""RMSprop: the gradient, divided by how large it has been lately."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def rmsprop_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    mean_squares: list[Float[Tensor, "..."]],
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float = 0.0,
) -> None:
    """The update of `RMSprop`, in place, one parameter after another, beside its symbols.

    Args:
        parameters: θ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(θ), one of the same shape for each.
        mean_squares: v, zeros before the first step.
        lr: η.
        alpha: α.
        eps: ε.
        weight_decay: λ.
    """
    eta, lam = lr, weight_decay
    for theta, gradient, v in zip(parameters, gradients, mean_squares, strict=True):
        g = gradient + lam * theta  # g = ∇L(θ) + λθ
        v.copy_(alpha * v + (1 - alpha) * g**2)  # v ← αv + (1 - α)g²
        theta.sub_(eta * g / (v.sqrt() + eps))  # θ ← θ - ηg / (√v + ε)


def rmsprop_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    mean_squares: list[Float[Tensor, "..."]],
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `rmsprop_explicit`."""
    if weight_decay != 0:
        gradients = [*torch._foreach_add(gradients, parameters, alpha=weight_decay)]
    torch._foreach_mul_(mean_squares, alpha)
    torch._foreach_addcmul_(mean_squares, gradients, gradients, 1 - alpha)
    denominators = torch._foreach_sqrt(mean_squares)
    torch._foreach_add_(denominators, eps)
    torch._foreach_addcdiv_(parameters, gradients, denominators, -lr)


class RMSprop(UpdateRule):
    """RMSprop, v ← αv + (1 - α)g², θ ← θ - ηg/(√v + ε), where g = ∇L(θ) + λθ.

    Source: Tieleman & Hinton 2012, lecture 6.5 of the course *Neural networks for machine
    learning*, which has α = 0.9 and no ε. Deviations: ε keeps a weight without gradients from a
    division by zero, and α is 0.99 unless you say otherwise, both as in `torch.optim.RMSprop`, of
    which this is the form without momentum and without centering.

    Where AdaGrad sums up all squares, this forgets them over some 1/(1 - α) steps, so its steps do
    not die out. v starts from zero and nothing corrects for that, which is what Adam does later:
    the first step of each number is η/√(1 - α) long, ten times η for α = 0.99.

    Each parameter's `state` holds v as "square_avg".

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: η, the learning rate, zero or more.
        alpha: α, at least 0 and below 1.
        eps: ε, zero or more.
        weight_decay: λ, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "alpha", "eps", "weight_decay")
    memory = ("square_avg",)  # v
    explicit_update = staticmethod(rmsprop_explicit)
    foreach_update = staticmethod(rmsprop_foreach)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "foreach": foreach})
