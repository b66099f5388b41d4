"""Proximal gradient descent: a step for the loss, then a threshold for the L1 penalty."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.optim.update_rule import Params, UpdateRule


def soft_threshold(
    values: Float[Tensor, "*shape"], threshold: float | Tensor
) -> Float[Tensor, "*shape"]:
    """Each number moves towards zero by the threshold and stops there, sign(v)·max(abs(v) - t, 0).

    Source: Donoho 1995, *De-noising by soft-thresholding*. It is the w that minimizes
    ½(w - v)² + t·abs(w). The derivative by v is 1, or 0 where the outcome is 0.

    Args:
        values: v.
        threshold: t, zero or more; a tensor may have one for each value.

    Raises:
        ValueError: a threshold is negative.
    """
    if bool((torch.as_tensor(threshold) < 0).any()):
        raise ValueError(f"threshold must be zero or more, not {threshold}")
    return values.sign() * (values.abs() - threshold).relu()


def proximal_explicit(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    *,
    lr: float,
    l1: float,
    l2: float = 0.0,
) -> None:
    """The update of `ProximalGradient`, in place, parameter by parameter, beside its symbols.

    Args:
        parameters: θ, tensors that autograd does not follow at the moment (`torch.no_grad`).
        gradients: ∇L(θ), one of the same shape for each; of the loss without the penalty.
        lr: η.
        l1: α₁.
        l2: α₂.
    """
    eta = lr
    for theta, gradient in zip(parameters, gradients, strict=True):
        v = theta - eta * gradient  # where the loss alone would go
        theta.copy_(soft_threshold(v, eta * l1) / (1 + eta * l2))  # θ ← S(v; ηα₁)/(1 + ηα₂)


def proximal_foreach(
    parameters: list[Float[Tensor, "..."]],
    gradients: list[Float[Tensor, "..."]],
    *,
    lr: float,
    l1: float,
    l2: float = 0.0,
) -> None:
    """The same update of all parameters at once; arguments as for `proximal_explicit`.

    S(v; t) = v - min(max(v, -t), t): what is cut off is v itself, held between -t and t.
    """
    torch._foreach_add_(parameters, gradients, alpha=-lr)  # v
    cut = torch._foreach_clamp_min(parameters, -lr * l1)
    torch._foreach_clamp_max_(cut, lr * l1)
    torch._foreach_sub_(parameters, cut)
    if l2 != 0:
        torch._foreach_div_(parameters, 1 + lr * l2)


class ProximalGradient(UpdateRule):
    """Gradient descent under a penalty α₁‖θ‖₁ + ½α₂‖θ‖² that leaves weights at exactly zero.

    Source: Daubechies, Defrise & De Mol 2004, *An iterative thresholding algorithm for linear
    inverse problems with a sparsity constraint*, known as ISTA; the name, the form for any smooth
    loss and the proof of its speed are in Beck & Teboulle 2009, *A fast iterative
    shrinkage-thresholding algorithm for linear inverse problems*. Deviation: the penalty may have
    an L2 part, whose minimum is found as exactly.

    A step minimizes ½‖θ' - v‖² + η(α₁‖θ'‖₁ + ½α₂‖θ'‖²) around v = θ - η∇L(θ), the point that a
    step of plain descent would reach. So the penalty is not differentiated, and its kink at zero is
    met exactly. With full gradients it converges if η is at most 1 over the largest curvature of L.

    The penalty belongs to the rule: the loss goes without it. Biases are usually spared, with a
    group of their own that has "l1" and "l2" at 0.

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        lr: η, zero or more.
        l1: α₁, zero or more.
        l2: α₂, zero or more.
        foreach: True updates all parameters of a group together, False one after another, as the
            formula is written; the outcome is the same.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: one is out of its range, or, at a step, a gradient is sparse or complex.
    """

    hyperparameters = ("lr", "l1", "l2")
    explicit_update = staticmethod(proximal_explicit)
    foreach_update = staticmethod(proximal_foreach)

    def __init__(
        self, params: Params, lr: float, *, l1: float = 0.0, l2: float = 0.0, foreach: bool = True
    ) -> None:
        super().__init__(params, {"lr": lr, "l1": l1, "l2": l2, "foreach": foreach})
