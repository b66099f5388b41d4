"""The self-gated units: activation functions that multiply the input by a gate it opens itself."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class GELU(nn.Module):
    """The Gaussian error linear unit, x Φ(x), with Φ(x) = ½ (1 + erf(x/√2)).

    Source: Hendrycks & Gimpel 2016, *Gaussian error linear units (GELUs)*, section 2. Φ is the
    distribution function of the standard normal: the larger x is among its like, the more of it
    passes. Their approximation, ½x (1 + tanh(√(2/π) (x + 0.044715 x³))), is what GPT-2
    computes; it differs by less than 0.0005.

    Derivative: Φ(x) + x φ(x), with the density φ(x) = exp(-½x²)/√(2π). It is negative left of
    about -0.75, where the curve has its least, -0.17, and rises again towards 0.

    Args:
        approximate: "none" for the exact function, "tanh" for the approximation.

    Raises:
        ValueError: `approximate` is neither.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f"approximate must be 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.gelu(x, approximate=self.approximate)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formulas."""
        if self.approximate == "tanh":
            u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
            gate = (1 + torch.tanh(u)) / 2
        else:
            gate = (1 + torch.erf(x / math.sqrt(2))) / 2  # Φ(x)
        return x * gate

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"approximate={self.approximate!r}"


class SiLU(nn.Module):
    """The sigmoid linear unit, x σ(x), also known as Swish.

    Source: Hendrycks & Gimpel 2016, section 2, who name it; Elfwing, Uchibe & Doya 2018,
    *Sigmoid-weighted linear units for neural network function approximation in reinforcement
    learning*. Ramachandran, Zoph & Le 2017, *Searching for activation functions*, found x σ(βx) by
    a search and called it Swish; this is β = 1.

    Derivative: σ(x) (1 + x (1 - σ(x))), which is ½ at 0 and negative left of about -1.28.
    """

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.silu(x)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formula."""
        return x * torch.sigmoid(x)


class Mish(nn.Module):
    """x tanh(s(x)), with the softplus s(x) = log(1 + exp(x)).

    Source: Misra 2020, *Mish: a self regularized non-monotonic activation function*.

    Derivative: tanh(s(x)) + x σ(x) (1 - tanh²(s(x))), for s′ = σ; it is 0.6 at 0 and negative left
    of about -1.19.
    """

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.mish(x)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formula."""
        return x * torch.tanh(functional.softplus(x))
