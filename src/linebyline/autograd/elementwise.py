"""Operations number by number, arithmetic among them, each beside its derivative.

An operation on arrays is written as a *rule*: a function of NumPy arrays that returns the result
and, for each operand, its *pull*: the function that takes g = ∂L/∂y, the gradient of the result, to
∂L/∂a, the gradient of the operand. Here every number of y depends on one number of a alone, so the
chain rule is a product, ∂L/∂a = g · ∂y/∂a. A rule knows nothing of graphs; `Tensor` does.

Source: Griewank & Walther 2008, *Evaluating Derivatives*, section 3.2. Where operands are
broadcast, a pull returns the gradient in the shape of the result, and `broadcasting.sum_to` brings
it to the operand's. Outside a function's domain NumPy warns, and the numbers are nan or infinite.
"""

from numbers import Real
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from linebyline.autograd.broadcasting import Result, check_broadcast


@runtime_checkable
class Pull(Protocol):
    """A function from the gradient of a result to that of an operand."""

    def __call__(self, g: Result, /) -> Result: ...


Array = Float[np.ndarray, "..."]
Unary = tuple[Result, Pull]  # what a rule for one operand returns
Binary = tuple[Result, Pull, Pull]  # and for two


def add(a: Array, b: Array) -> Binary:
    """The sum, y = a + b: ∂y/∂a = 1, ∂y/∂b = 1."""
    check_broadcast("+", a.shape, b.shape)
    return a + b, lambda g: g, lambda g: g


def subtract(a: Array, b: Array) -> Binary:
    """The difference, y = a - b: ∂y/∂a = 1, ∂y/∂b = -1."""
    check_broadcast("-", a.shape, b.shape)
    return a - b, lambda g: g, lambda g: -g


def multiply(a: Array, b: Array) -> Binary:
    """The product, y = a b: ∂y/∂a = b, ∂y/∂b = a."""
    check_broadcast("*", a.shape, b.shape)
    return a * b, lambda g: g * b, lambda g: g * a


def divide(a: Array, b: Array) -> Binary:
    """The quotient, y = a / b: ∂y/∂a = 1 / b, ∂y/∂b = -a / b²."""
    check_broadcast("/", a.shape, b.shape)
    return a / b, lambda g: g / b, lambda g: -g * a / b**2


def negate(a: Array) -> Unary:
    """The negative, y = -a: ∂y/∂a = -1."""
    return -a, lambda g: -g


def power(a: Array, exponent: float) -> Unary:
    """A power, y = aⁿ: ∂y/∂a = n aⁿ⁻¹.

    Raises:
        TypeError: the exponent is no number.
    """
    if not isinstance(exponent, Real):
        raise TypeError(
            f"exponent must be a number, not {type(exponent).__name__}; "
            "write (b * a.log()).exp() where it varies"
        )
    n = float(exponent)
    if n == 0:  # constant, where a is 0 too; there 0 · a⁻¹ would be nan
        return np.ones_like(a), lambda g: 0 * g
    return a**n, lambda g: g * n * a ** (n - 1)


def exponential(a: Array, base: float) -> Unary:
    """The exponential to another base, y = cᵃ: ∂y/∂a = cᵃ log c, for cᵃ = exp(a log c).

    Raises:
        ValueError: the base is no positive number.
    """
    if not (isinstance(base, Real) and base > 0):
        raise ValueError(f"base must be a positive number, not {base!r}")
    c = float(base)
    y = c**a
    return y, lambda g: g * y * np.log(c)


def exp(a: Array) -> Unary:
    """The exponential, y = eᵃ: ∂y/∂a = eᵃ = y."""
    y = np.exp(a)
    return y, lambda g: g * y


def log(a: Array) -> Unary:
    """The natural logarithm, y = log a: ∂y/∂a = 1 / a."""
    return np.log(a), lambda g: g / a


def tanh(a: Array) -> Unary:
    """The hyperbolic tangent, y = tanh a: ∂y/∂a = 1 - y²."""
    y = np.tanh(a)
    return y, lambda g: g * (1 - y**2)


def sigmoid(a: Array) -> Unary:
    """The logistic function, y = 1 / (1 + exp(-a)): ∂y/∂a = y (1 - y)."""
    y = np.exp(-np.logaddexp(0, -a))  # exp(-log(1 + exp(-a))): nothing overflows
    return y, lambda g: g * y * (1 - y)


def relu(a: Array) -> Unary:
    """The rectifier, y = max(0, a): ∂y/∂a = 1 where a > 0, else 0.

    At 0 there is no derivative; 0 is taken for it, as torch does.
    """
    return np.maximum(0, a), lambda g: g * (a > 0)
