"""The exponential linear units: rectifiers that saturate below zero."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class ELU(nn.Module):
    """The exponential linear unit: x for x > 0, else α (exp(x) - 1).

    Source: Clevert, Unterthiner & Hochreiter 2016, *Fast and accurate deep network learning by
    exponential linear units (ELUs)*, section 3. Negative answers bring the mean of a layer's
    outputs nearer to 0 than the ReLU's.

    Derivative: 1 for x > 0, else α exp(x), which is f(x) + α. At 0 it jumps from α to 1, unless
    α = 1; torch takes α there, and so does `explicit`.

    Args:
        alpha: α, above 0: the outputs tend to -α on the left.

    Raises:
        ValueError: `alpha` is not positive and finite.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if not 0 < alpha < math.inf:
            raise ValueError(f"alpha must be positive and finite, not {alpha}")
        self.alpha = alpha

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.elu(x, self.alpha)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formula; the exponential never sees a positive x.

        `where` computes both sides everywhere: exp(1000) would be ∞, and although its value is not
        taken, its gradient is, as 0 · ∞.
        """
        below = self.alpha * torch.expm1(x.clamp(max=0))  # α (exp(x) - 1), digits kept near 0
        return torch.where(x <= 0, below, x)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"alpha={self.alpha}"


def self_normalizing_constants() -> tuple[float, float]:
    """α and λ of `SELU`: the pair for which z ~ N(0, 1) has an image of mean 0 and variance 1.

    Source: Klambauer, Unterthiner, Mayr & Hochreiter 2017, *Self-normalizing neural networks*, who
    say it for the fixed point (0, 1) of mean and variance. With Φ for the normal distribution
    function, completing the square gives E[exp(tz); z < 0] = exp(½t²) Φ(-t). So

    - E[z; z > 0] = 1/√(2π), and A = E[exp(z) - 1; z < 0] = √e Φ(-1) - ½: the mean is
      λ (1/√(2π) + αA), which is 0 for α = -1/(√(2π) A);
    - E[z²; z > 0] = ½, and B = E[(exp(z) - 1)²; z < 0] = e² Φ(-2) - 2√e Φ(-1) + ½: the second
      moment is λ² (½ + α²B), which is 1 for λ = 1/√(½ + α²B).
    """
    phi_1, phi_2 = math.erfc(1 / math.sqrt(2)) / 2, math.erfc(2 / math.sqrt(2)) / 2  # Φ(-1), Φ(-2)
    a = math.exp(0.5) * phi_1 - 0.5
    b = math.exp(2) * phi_2 - 2 * math.exp(0.5) * phi_1 + 0.5
    alpha = -1 / (math.sqrt(2 * math.pi) * a)
    scale = 1 / math.sqrt(0.5 + alpha**2 * b)
    return alpha, scale


class SELU(nn.Module):
    """The scaled exponential linear unit: λx for x > 0, else λα (exp(x) - 1).

    Source: Klambauer, Unterthiner, Mayr & Hochreiter 2017, *Self-normalizing neural networks*,
    equation 2, with α = 1.6732... and λ = 1.0507... from `self_normalizing_constants`. Under their
    assumptions (weights of mean 0 and variance 1/fan-in, as `lecun_normal_` draws them) a layer's
    outputs keep the mean 0 and the variance 1.

    Derivative: λ for x > 0, else λα exp(x), which is f(x) + λα; at 0, where it jumps, torch takes
    λα, and so does `explicit`.
    """

    alpha, scale = self_normalizing_constants()

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        return functional.selu(x)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The formula; as in `ELU`, the exponential never sees a positive x."""
        below = self.alpha * torch.expm1(x.clamp(max=0))
        return self.scale * torch.where(x <= 0, below, x)
