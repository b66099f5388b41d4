"""The gain: what an activation function takes from a signal, so that weights can give it back."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def gain(activation: Callable[[Tensor], Tensor]) -> float:
    """What the deviation of the weights behind φ is multiplied by: 1/√E[φ(z)²] for z ~ N(0, 1).

    Source: He, Zhang, Ren & Sun 2015, *Delving deep into rectifiers*, section 2.2, for the
    rectifiers; here the same argument for any φ. A unit adds up n products, y = Σ_i w_i x_i, and
    with independent weights of mean 0 and variance v, E[y²] = n v E[x²]. If the inputs have passed
    φ, x = φ(z) with z ~ N(0, 1), then y has the size of z again for v = g²/n, g² = 1/E[φ(z)²].

    The identity has g = 1. The ReLU keeps half of the density and no more: E = ½ and g = √2. With
    the slope a below 0, E = ½ (1 + a²). The SELU was made to have g = 1.

    `torch.nn.init.calculate_gain` has the same numbers for these but the SELU, for which it has
    3/4. It has 5/3 for tanh, where this is 1.59, and 1 for the logistic function, where this is
    1.85. What it has there does not follow from this argument; it may serve as well.

    Args:
        activation: φ, applied to every number of a float64 tensor by itself.

    Raises:
        ValueError: φ does not give one finite number for each, or is 0 everywhere.
    """
    # The expectation as a sum on a grid. Past 12 the density is below 10⁻³¹; 0, where a rectifier
    # has its corner, is a point of the grid.
    z = torch.arange(-12_000, 12_001, dtype=torch.float64) / 1000
    density = torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    with torch.no_grad():
        phi = activation(z)
    if phi.shape != z.shape or not phi.isfinite().all():
        raise ValueError("activation must give one finite number for each number it is given")
    second_moment = (phi**2 * density).sum().item() / 1000  # E[φ(z)²]
    if second_moment == 0:
        raise ValueError("activation is 0 everywhere: no gain can make up for that")
    return 1 / math.sqrt(second_moment)
