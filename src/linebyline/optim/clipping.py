"""Gradient clipping: what would be too long a step is shortened before it is made."""

from collections.abc import Iterable
from math import inf, isfinite

import torch
from jaxtyping import Float
from torch import Tensor

Parameters = Tensor | Iterable[Tensor] | Iterable[tuple[str, Tensor]]
"""One parameter, several, or a model's `named_parameters()`, whose names then stand in errors."""


def norm_explicit(
    gradients: list[Float[Tensor, "..."]], *, norm_type: float = 2.0
) -> Float[Tensor, ""]:
    """‖g‖ = (Σ|g_i|ᵖ)^(1/p) over all gradients, as if they were one vector."""
    p, first = norm_type, gradients[0].device  # a model may lie on several
    if p == inf:  # the limit of large p
        return torch.stack([g.abs().max().to(first) for g in gradients]).max()
    sums = [(g.abs() ** p).sum().to(first) for g in gradients]  # Σ|g_i|ᵖ of each
    return torch.stack(sums).sum() ** (1 / p)


def norm_foreach(
    gradients: list[Float[Tensor, "..."]], *, norm_type: float = 2.0
) -> Float[Tensor, ""]:
    """The same in one call for all, and without a copy: the norm of the norms is the norm."""
    norms = torch._foreach_norm(gradients, norm_type)
    first = norms[0].device
    return torch.linalg.vector_norm(torch.stack([norm.to(first) for norm in norms]), norm_type)


@torch.no_grad()
def clip_by_norm(
    parameters: Parameters,
    max_norm: float,
    *,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = True,
    foreach: bool = True,
) -> Float[Tensor, ""]:
    """Shorten the gradients, all by one factor, so that together they are no longer than allowed.

    Source: Pascanu, Mikolov & Bengio 2013, *On the difficulty of training recurrent neural
    networks*, algorithm 1: where ‖g‖ exceeds the threshold, g ← (threshold/‖g‖) g. The direction
    stays. Deviation: 1e-6 is added to ‖g‖, as in `torch.nn.utils.clip_grad_norm_`, so that nothing
    is divided by a norm of zero; the gradients end up so little below the threshold.

    Call it between `backward` and `optimizer.step`. Where a loop is not yours, a hook does::

        def clip(optimizer, args, kwargs):
            clip_by_norm(model.parameters(), 1.0)

        optimizer.register_step_pre_hook(clip)

    Args:
        parameters: whose gradients are clipped, in place; those that have none are passed over.
        max_norm: the threshold, positive; `math.inf` only measures.
        norm_type: p, positive, or `math.inf` for the largest number.
        error_if_nonfinite: False lets a norm that is NaN make all gradients NaN, and one that is
            infinite make them 0 or NaN, as torch does unless told otherwise; then nothing has to
            wait for the device.
        foreach: True takes all gradients together, False one after another; the outcome is the
            same.

    Returns:
        ‖g‖ as it was before; 0 where there are no gradients.

    Raises:
        ValueError: `max_norm` or `norm_type` is not positive, or a gradient is sparse.
        FloatingPointError: ‖g‖ is NaN or infinite; the gradients are as they were, and the message
            names those to blame.
    """
    _check_positive("max_norm", max_norm)
    _check_positive("norm_type", norm_type)
    named = _gradients(parameters)
    if not named:
        return torch.zeros(())
    gradients = list(named.values())
    norm = (norm_foreach if foreach else norm_explicit)(gradients, norm_type=norm_type)
    if error_if_nonfinite:
        _check_finite(norm, named)
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)  # 1 for what is short enough
    if foreach:
        for alike in _by_device(gradients):
            torch._foreach_mul_(alike, factor.to(alike[0].device))
    else:
        for g in gradients:
            g.mul_(factor.to(g.device))  # g ← min(1, threshold/‖g‖) g
    return norm


@torch.no_grad()
def clip_by_value(
    parameters: Parameters,
    max_value: float,
    *,
    error_if_nonfinite: bool = True,
    foreach: bool = True,
) -> Float[Tensor, ""]:
    """Bring each number of the gradients between -max_value and max_value, each by itself.

    Source: Mikolov 2012, *Statistical language models based on neural networks* (his thesis). Like
    `torch.nn.utils.clip_grad_value_`. The direction changes: of two numbers that are too large, the
    larger loses more.

    Args:
        parameters: whose gradients are clipped, in place; those that have none are passed over.
        max_value: the threshold, positive.
        error_if_nonfinite: False leaves NaN as it is and clips what is infinite, as torch does;
            then nothing has to wait for the device.
        foreach: True takes all gradients together, False one after another; the outcome is the
            same.

    Returns:
        The largest number, whatever its sign, as it was before; 0 where there are no gradients.

    Raises:
        ValueError: `max_value` is not positive, or a gradient is sparse.
        FloatingPointError: a gradient is NaN or infinite; all are as they were, and the message
            names those to blame.
    """
    _check_positive("max_value", max_value)
    named = _gradients(parameters)
    if not named:
        return torch.zeros(())
    gradients = list(named.values())
    largest = (norm_foreach if foreach else norm_explicit)(gradients, norm_type=inf)
    if error_if_nonfinite:
        _check_finite(largest, named)
    if foreach:
        torch._foreach_clamp_min_(gradients, -max_value)
        torch._foreach_clamp_max_(gradients, max_value)
    else:
        for g in gradients:
            g.clamp_(-max_value, max_value)  # g_i ← max(-c, min(g_i, c))
    return largest


def _gradients(parameters: Parameters) -> dict[str, Tensor]:
    """What gradients there are, by the names of the parameters, or by their places."""
    named = {}
    # A tensor is iterable too, row by row, and no row has a gradient.
    entries = [parameters] if isinstance(parameters, Tensor) else parameters
    for place, entry in enumerate(entries):
        name, theta = entry if isinstance(entry, tuple) else (f"parameter {place}", entry)
        if theta.grad is None or theta.grad.numel() == 0:
            continue
        if theta.grad.layout is not torch.strided:
            raise ValueError(
                f"the gradient of {name}, of shape {tuple(theta.shape)}, is sparse, and only dense "
                "ones are clipped: make the layer with sparse=False"
            )
        if name in named:  # two models in one list
            name = f"{name} (parameter {place})"
        named[name] = theta.grad
    return named


def _by_device(gradients: list[Tensor]) -> list[list[Tensor]]:
    groups: dict[torch.device, list[Tensor]] = {}
    for gradient in gradients:
        groups.setdefault(gradient.device, []).append(gradient)
    return list(groups.values())


def _check_positive(name: str, value: float) -> None:
    if not value > 0:  # so that NaN is refused as well
        raise ValueError(f"{name} must be positive, not {value}")


def _check_finite(norm: Tensor, named: dict[str, Tensor]) -> None:
    if isfinite(norm):
        return
    bad = {name: int((~g.isfinite()).sum()) for name, g in named.items()}
    blamed = [f"{name} ({bad[name]} of {g.numel()})" for name, g in named.items() if bad[name]]
    if not blamed:
        raise FloatingPointError(
            f"all gradients are finite, but their norm is too large for {norm.dtype}: "
            "scale the loss down, or clip by value first"
        )
    more = f" and {len(blamed) - 3} more" if len(blamed) > 3 else ""
    raise FloatingPointError(
        f"gradients are NaN or infinite in {', '.join(blamed[:3])}{more}: nothing was clipped, for "
        "no factor mends them; look for a division by zero, a log of zero, or too large a step"
    )
