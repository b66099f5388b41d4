"""The softmax, its logarithm, and the log-sum-exp that both need, each beside its derivative.

Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, sections 4.1 and 6.2.2.3. All of them
subtract the maximum first. It cancels out of the formulas, and no exp overflows: the largest is
exp(0). On rules see `elementwise`.
"""

import numpy as np

from linebyline.autograd.broadcasting import Result
from linebyline.autograd.elementwise import Array, Unary
from linebyline.autograd.reductions import Axis


def log_sum_exp(a: Array, axis: Axis = -1, keepdims: bool = False) -> Unary:
    """A smooth maximum, y = log Σ_i exp(a_i): ∂y/∂a_i = exp(a_i) / Σ_j exp(a_j) = p_i."""
    p, y = _normalised(a, axis)
    return y if keepdims else np.squeeze(y, axis), lambda g: p * g.reshape(y.shape)


def softmax(a: Array, axis: Axis = -1) -> Unary:
    """The softmax, p_i = exp(a_i) / Σ_j exp(a_j): ∂p_j/∂a_i = p_j (δ_ij - p_i).

    So ∂L/∂a_i = Σ_j g_j p_j (δ_ij - p_i) = p_i (g_i - Σ_j g_j p_j).
    """
    p, _ = _normalised(a, axis)
    return p, lambda g: p * (g - np.sum(g * p, axis=axis, keepdims=True))


def log_softmax(a: Array, axis: Axis = -1) -> Unary:
    """Its logarithm, y_i = log p_i = a_i - log Σ_j exp(a_j): ∂y_j/∂a_i = δ_ij - p_i.

    So ∂L/∂a_i = g_i - p_i Σ_j g_j. It is finite where p_i is too small for a number and log(p_i)
    would be minus infinity.
    """
    p, y = _normalised(a, axis)
    return a - y, lambda g: g - p * np.sum(g, axis=axis, keepdims=True)


def _normalised(a: Array, axis: Axis) -> tuple[Result, Result]:
    """The softmax p and the log-sum-exp, whose reduced axes keep the length 1."""
    if a.size == 0:
        raise ValueError(f"softmax needs numbers, but the shape is {a.shape}")
    largest = np.max(a, axis=axis, keepdims=True)
    powers = np.exp(a - largest)
    total = np.sum(powers, axis=axis, keepdims=True)
    return powers / total, largest + np.log(total)
