"""The sigmoids: activation functions shaped like an S, flat at both ends."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Sigmoid(nn.Module):
    """The logistic function, σ(x) = 1 / (1 + exp(-x)), from 0 to 1.

    Source: Rumelhart, Hinton & Williams 1986, *Learning representations by back-propagating
    errors*, equation 2.

    Derivative: σ′(x) = σ(x) (1 - σ(x)), ¼ at 0 and less everywhere else; beyond ±10 it is below
    10⁻⁴. On its way back a gradient is multiplied by it in every layer.
    """

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return torch.sigmoid(x)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The same as exp(m) / (exp(m) + exp(m - x)), for any m.

        With m = min(x, 0), no exponent is positive. As exp(m) cancels out, m is no variable to
        differentiate. Without it, 1 + exp(-x) would overflow: the value would still be 0, as it
        should, but the gradient 0 · ∞.
        """
        m = x.detach().clamp(max=0)
        return torch.exp(m) / (torch.exp(m) + torch.exp(m - x))


class Tanh(nn.Module):
    """The hyperbolic tangent, tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)), from -1 to 1.

    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, section 4.4, who prefer it to
    the logistic function because its outputs have a mean near 0. It is the same curve, moved and
    stretched: tanh(x) = 2σ(2x) - 1. Deviation: they recommend 1.7159 tanh(⅔x).

    Derivative: tanh′(x) = 1 - tanh²(x), at most 1 (at 0).
    """

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return torch.tanh(x)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The quotient, multiplied by exp(-m) above and below, with m = abs(x): nothing overflows.

        Exact to about 10⁻¹⁶, but not to as many digits: near 0, two numbers near 1 are subtracted.
        """
        m = x.detach().abs()  # cancels out, and so is no variable
        up, down = torch.exp(x - m), torch.exp(-x - m)
        return (up - down) / (up + down)
