"""Adam: steps as large as the gradient's mean is beside its root mean square."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def adam_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    first_moments: list[Float[Tensor, "..."]],
    second_moments: list[Float[Tensor, "..."]],
    *,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float = 0.0,
) -> None:
    """The update of `Adam`, in place, one parameter after another, each line beside its symbols.

    Args:
        parameters: θ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(θ), one of the same shape for each.
        first_moments: m, zeros before the first step.
        second_moments: v, zeros before the first step.
        step: t, 1 at the first step.
        lr: α.
        betas: β₁ and β₂.
        eps: ε.
        weight_decay: λ.
    """
    t, alpha, (beta_1, beta_2), lam = step, lr, betas, weight_decay
    rows = zip(parameters, gradients, first_moments, second_moments, strict=True)
    for theta, gradient, m, v in rows:
        g = gradient + lam * theta  # g_t = ∇L(θ) + λθ
        m.copy_(beta_1 * m + (1 - beta_1) * g)  # m_t = β₁ m_{t-1} + (1 - β₁) g_t
        v.copy_(beta_2 * v + (1 - beta_2) * g**2)  # v_t = β₂ v_{t-1} + (1 - β₂) g_t²
        m_hat = m / (1 - beta_1**t)  # m̂_t: the weights in m_t sum to 1 - β₁ᵗ
        v_hat = v / (1 - beta_2**t)  # v̂_t
        theta.sub_(alpha * m_hat / (v_hat.sqrt() + eps))  # θ ← θ - α m̂_t/(√v̂_t + ε)


def adam_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    first_moments: list[Float[Tensor, "..."]],
    second_moments: list[Float[Tensor, "..."]],
    *,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `adam_explicit`.

    Dividing m and v by 1 - βᵗ would cost two passes over the memory. The order of computation just
    before the paper's section 2.1 spares them: both corrections go into the step's length, and ε
    is scaled to match, for √v̂ + ε = (√v + ε√(1 - β₂ᵗ)) / √(1 - β₂ᵗ).
    """
    beta_1, beta_2 = betas
    if weight_decay != 0:
        gradients = [*torch._foreach_add(gradients, parameters, alpha=weight_decay)]
    torch._foreach_lerp_(first_moments, gradients, 1 - beta_1)  # m + (1 - β₁)(g - m)
    torch._foreach_mul_(second_moments, beta_2)
    torch._foreach_addcmul_(second_moments, gradients, gradients, 1 - beta_2)
    root = math.sqrt(1 - beta_2**step)
    denominators = torch._foreach_sqrt(second_moments)
    torch._foreach_add_(denominators, eps * root)
    length = lr * root / (1 - beta_1**step)
    torch._foreach_addcdiv_(parameters, first_moments, denominators, -length)


class Adam(UpdateRule):
    """Adam, θ ← θ - α m̂/(√v̂ + ε), where m̂ and v̂ are means of g = ∇L(θ) + λθ and of g².

    Source: Kingma & Ba 2015, *Adam: a method for stochastic optimization*, algorithm 1. m is
    momentum's memory, but a mean, and v is that of RMSprop. Both begin at zero, so at step t the
    weights of the gradients in them sum to 1 - βᵗ only, and m̂ and v̂ are divided by that.

    As long as its gradients agree, a number moves by α at a step, whatever their size, and by less
    when they do not. A gradient out of the blue, after nothing but zeros, moves it by
    (1 - β₁)/√(1 - β₂) α, 3.2 α with the usual β; the paper's section 2.1 takes that for the most.
    Gradients that grow by the factor β₂/β₁ at each step bring it to 1/√(1 - β₁²/β₂) times as much,
    7.3 α, and nothing to more.

    Deviations. The paper has no weight decay. As in `torch.optim.Adam` it is λθ added to the
    gradient, the gradient of a penalty ½λ|θ|², so it is divided by √v̂ like the rest of g, and a
    weight with large gradients hardly decays; `AdamW` is the answer to that. And t is counted for
    each parameter by itself, from its own first gradient on.

    Each parameter's `state` holds m as "exp_avg", v as "exp_avg_sq", and t as "step".

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: α, zero or more: about how far a number moves where its gradients agree.
        betas: β₁ and β₂, at least 0 and below 1; some 1/(1 - β) gradients are remembered.
        eps: ε, zero or more.
        weight_decay: λ, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "betas", "eps", "weight_decay")
    memory = ("exp_avg", "exp_avg_sq")  # m and v
    counts_steps = True
    explicit_update = staticmethod(adam_explicit)
    foreach_update = staticmethod(adam_foreach)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool = True,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "foreach": foreach})
