"""The rectifiers: activation functions that let the positive half pass."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class ReLU(nn.Module):
    """The rectified linear unit, max(0, x).

    Source: Glorot, Bordes & Bengio 2011, *Deep sparse rectifier neural networks*, section 3;
    before them Fukushima 1969 and, for Boltzmann machines, Nair & Hinton 2010.

    Derivative: 1 for x > 0 and 0 for x < 0. At 0 there is none; torch takes 0, and so does
    `explicit`. A unit that is negative on all examples gets no gradient: it is dead, in the first
    layer for good, deeper until the layers below it move.
    """

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return torch.relu(x)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """0 where x ≤ 0, else x. Put so, and not "x where x > 0", NaN stays NaN."""
        return torch.where(x <= 0, 0.0, x)


class LeakyReLU(nn.Module):
    """A rectifier with a small slope below 0: x for x > 0, else a x.

    Source: Maas, Hannun & Ng 2013, *Rectifier nonlinearities improve neural network acoustic
    models*, whose a is 0.01.

    Derivative: 1 for x > 0, else a, at 0 too, as in torch: no unit is ever without a gradient,
    unless a = 0.

    Args:
        negative_slope: a. It may be negative (torch's in-place variant refuses that): the curve
            turns up again on the left, and with a = -1 it is abs(x). Above 1 it is steeper on the
            left than on the right, and no longer max(x, a x).

    Raises:
        ValueError: `negative_slope` is not finite.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        if not math.isfinite(negative_slope):
            raise ValueError(f"negative_slope must be finite, not {negative_slope}")
        self.negative_slope = negative_slope

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.leaky_relu(x, self.negative_slope)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formula."""
        return torch.where(x <= 0, self.negative_slope * x, x)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"negative_slope={self.negative_slope}"


class PReLU(nn.Module):
    """A leaky rectifier that learns its slopes: x for x > 0, else a_c x in channel c.

    Source: He, Zhang, Ren & Sun 2015, *Delving deep into rectifiers*, section 2.1, equation 1. As
    they say, a should not decay: weight decay would pull it to 0, which is the ReLU.

    Derivatives: with respect to x, 1 for x > 0, else a_c; with respect to a_c, 0 for x > 0, else
    x, summed over all that shares it (equation 3).

    The one parameter is `weight`, a, of shape (channels,), as in `torch.nn.PReLU`, so either loads
    the other's `state_dict`.

    Args:
        channels: 1, one slope for all (their channel-shared variant), or the length of the inputs'
            axis 1.
        initial_slope: what every a_c starts from.

    Raises:
        ValueError: `channels` is below 1, `initial_slope` is not finite, or, with several channels,
            an input has not as many on axis 1.
    """

    def __init__(self, channels: int = 1, *, initial_slope: float = 0.25) -> None:
        super().__init__()
        if channels < 1:
            raise ValueError(f"channels must be at least 1, not {channels}")
        if not math.isfinite(initial_slope):
            raise ValueError(f"initial_slope must be finite, not {initial_slope}")
        self.channels = channels
        self.weight = nn.Parameter(torch.full((channels,), float(initial_slope)))

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        self._check(x)
        return functional.prelu(x, self.weight)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formula."""
        self._check(x)
        shape = (-1, *[1] * (x.ndim - 2)) if self.channels > 1 else ()
        a = self.weight.view(shape)  # (C, 1, 1) against (N, C, H, W), or one number
        return torch.where(x <= 0, a * x, x)

    def _check(self, x: Tensor) -> None:
        if self.channels > 1 and (x.ndim < 2 or x.shape[1] != self.channels):
            raise ValueError(
                f"x must have {self.channels} channels on axis 1, but its shape is {tuple(x.shape)}"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.channels}"


class Softplus(nn.Module):
    """A rectifier without the corner, 1/β log(1 + exp(βx)).

    Source: Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, *Incorporating second-order functional
    knowledge for better option pricing*; Glorot, Bordes & Bengio 2011 compare it with the ReLU,
    which it tends to as β grows. It is always positive, and log(2)/β at 0, where it is farthest
    from the ReLU.

    Derivative: σ(βx), the logistic function.

    Deviation from `torch.nn.functional.softplus`: that one answers x once βx > 20, which is off by
    2 · 10⁻⁹/β at most. Here the answer is x once βx > 40, where no float64 shows the difference.

    Args:
        beta: β, above 0.

    Raises:
        ValueError: `beta` is not positive and finite.
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        if not 0 < beta < math.inf:
            raise ValueError(f"beta must be positive and finite, not {beta}")
        self.beta = beta

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.softplus(x, self.beta, threshold=40)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """With u = βx: log(1 + exp(u)) = m + log(exp(-m) + exp(u - m)), for any m.

        With m = max(u, 0), no exponent is positive. `log1p` and `expm1` keep the digits of a small
        exp(u), which would be lost beside the 1.
        """
        u = self.beta * x
        m = u.detach().clamp(min=0)  # cancels out, and so is no variable
        return (m + torch.log1p(torch.expm1(-m) + torch.exp(u - m))) / self.beta

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"beta={self.beta}"
