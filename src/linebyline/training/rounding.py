"""Rounding to a smaller number format, forward and backward, with any device's arithmetic.

Source: Micikevicius et al. 2018, *Mixed Precision Training*, section 3: numbers are stored in
float16, products of them are added up in float32. A GPU's matrix units do so; on a CPU the same is
had by rounding what goes into a product and what comes out of it.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.dtype = dtype
        return x.to(dtype).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad.to(ctx.dtype).to(grad.dtype), None


def rounded(x: Float[Tensor, "*shape"], dtype: torch.dtype) -> Float[Tensor, "*shape"]:
    """The nearest numbers that `dtype` has, still stored as before; so is the gradient coming back.

    The derivative of rounding itself is 0 or none. What is meant is a number that was stored in
    `dtype` on its way forward, and whose gradient is stored so on its way back. Too large numbers
    become infinite, too small ones 0.

    Args:
        x: numbers in a format that is at least as fine.
        dtype: `torch.float16` or `torch.bfloat16`, or x's own, which rounds nothing.

    Raises:
        ValueError: `dtype` is no floating-point format.
    """
    _check(dtype)
    return _Rounded.apply(x, dtype)


def vanished(x: Float[Tensor, "*shape"], dtype: torch.dtype, *, factor: float = 1.0) -> float:
    """The share of the numbers other than 0 that `dtype` makes 0, if multiplied by `factor` first.

    Raises:
        ValueError: all are 0, or `dtype` is no floating-point format.
    """
    _check(dtype)
    there = x[x != 0]
    if not there.numel():
        raise ValueError("x holds no number but 0: there is nothing that could vanish")
    return ((there * factor).to(dtype) == 0).double().mean().item()


def _check(dtype: torch.dtype) -> None:
    if not dtype.is_floating_point:
        raise ValueError(f"dtype must be a floating-point format like torch.float16, not {dtype}")
