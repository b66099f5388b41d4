"""AdamW: Adam, with the weights decaying beside the gradient's step and not within it."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.adam import adam_foreach
from linebyline.optim.update_rule import Params, UpdateRule


def adamw_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    first_moments: list[Float[Tensor, "..."]],
    second_moments: list[Float[Tensor, "..."]],
    *,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> None:
    """The update of `AdamW`, in place, one parameter after another, each line beside its symbols.

    Two lines differ from `adam_explicit`: g is the gradient alone, and λθ stands in the last.

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
    for theta, g, m, v in rows:  # g_t = ∇L(θ)
        m.copy_(beta_1 * m + (1 - beta_1) * g)  # m_t = β₁ m_{t-1} + (1 - β₁) g_t
        v.copy_(beta_2 * v + (1 - beta_2) * g**2)  # v_t = β₂ v_{t-1} + (1 - β₂) g_t²
        m_hat = m / (1 - beta_1**t)  # m̂_t
        v_hat = v / (1 - beta_2**t)  # v̂_t
        # θ ← θ - α(m̂_t/(√v̂_t + ε) + λθ)
        theta.sub_(alpha * (m_hat / (v_hat.sqrt() + eps) + lam * theta))


def adamw_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    first_moments: list[Float[Tensor, "..."]],
    second_moments: list[Float[Tensor, "..."]],
    *,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float,
) -> None:
    """The same update of all parameters at once; arguments as for `adamw_explicit`.

    The weights decay, and what is left is Adam's step, for neither m nor v has λθ in it.
    """
    if weight_decay != 0:
        torch._foreach_mul_(parameters, 1 - lr * weight_decay)  # θ ← (1 - αλ)θ
    tensors = (parameters, gradients, first_moments, second_moments)
    adam_foreach(*tensors, step=step, lr=lr, betas=betas, eps=eps)


class AdamW(UpdateRule):
    """AdamW, θ ← θ - α(m̂/(√v̂ + ε) + λθ), where m̂ and v̂ are means of ∇L(θ) and its square.

    Source: Loshchilov & Hutter 2019, *Decoupled weight decay regularization*, algorithm 2. In plain
    gradient descent a penalty ½λ|θ|² and the shrinking of the weights are one thing. In Adam they
    are not, for the penalty's gradient is divided by √v̂ too; here all weights decay at one rate.

    Deviation, which is also that of `torch.optim.AdamW`: λ is multiplied by α, so weights shrink by
    the factor 1 - αλ at each step. In the paper the factor is 1 - λ (times the schedule's η_t, for
    both), so that α and λ can be tuned apart: its λ is αλ here. t is counted for each parameter by
    itself, from its own first gradient on.

    Each parameter's `state` holds m as "exp_avg", v as "exp_avg_sq", and t as "step".

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: α, zero or more.
        betas: β₁ and β₂, at least 0 and below 1; some 1/(1 - β) gradients are remembered.
        eps: ε, zero or more.
        weight_decay: λ, zero or more; mind that it is not zero unless you say so.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "betas", "eps", "weight_decay")
    memory = ("exp_avg", "exp_avg_sq")  # m and v
    counts_steps = True
    explicit_update = staticmethod(adamw_explicit)
    foreach_update = staticmethod(adamw_foreach)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        foreach: bool = True,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "foreach": foreach})
