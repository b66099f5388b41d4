"""The linear variational autoencoder, whose bill can be written down before it is trained."""

from __future__ import annotations

from math import log, pi
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from linebyline.generative.vae import VAE, GaussianPixels
from linebyline.layers.linear import Linear


class LinearEncoder(nn.Module):
    """x to a mean A x + a and one log variance for each dimension, which all x share.

    Source: Lucas, Tucker, Grosse & Norouzi 2019, *Don't blame the ELBO!*, equation 6. Nothing is
    lost by sharing: the posterior of a linear model with normal noise has one variance for all x.

    Args:
        pixels: the length of x.
        width: the number of latent dimensions.
        generator: draws the first weights; the first variances are 1.
    """

    def __init__(self, pixels: int, width: int, *, generator: Generator | None = None) -> None:
        super().__init__()
        self.mean = Linear(pixels, width, generator=generator)
        self.log_variance = nn.Parameter(torch.zeros(width))

    def forward(self, x: Float[Tensor, "images pixels"]) -> Float[Tensor, "images _"]:
        """The means first, then the log variances: (images, 2 · width)."""
        mean = self.mean(x)
        return torch.cat([mean, self.log_variance.expand_as(mean)], dim=1)


def linear_vae(
    pixels: int,
    width: int,
    *,
    variance: float = 1.0,
    learned: bool = False,
    generator: Generator | None = None,
) -> VAE:
    """A VAE without a hidden layer: with σ² learned and β = 1 it is probabilistic PCA.

    Source: Tipping & Bishop 1999, *Probabilistic principal component analysis*; as a VAE, Lucas,
    Tucker, Grosse & Norouzi 2019.

    Args:
        pixels: the length of x.
        width: the number of latent dimensions.
        variance: σ² of the pixels, or where it starts.
        learned: whether σ² is a parameter.
        generator: draws the first weights.
    """
    return VAE(
        LinearEncoder(pixels, width, generator=generator),
        Linear(width, pixels, generator=generator),
        width=width,
        likelihood=GaussianPixels(variance, learned=learned),
    )


class WaterFilling(NamedTuple):
    """What each direction of the data costs, and what is left of it."""

    nats: Float[Tensor, " directions"]
    """Paid for the code: ½ log(λ / level), or 0 below the level."""
    left: Float[Tensor, " directions"]
    """Mean squared error that remains: the level, or λ below it."""


def water_filling(variances: Float[Tensor, " directions"], level: float) -> WaterFilling:
    """The best bill of a linear VAE whose width suffices: `level` is β σ².

    Source: for the rate of a normal variable, Shannon 1948, theorem 22; for the variances that are
    used, Tipping & Bishop 1999, section 3.2, and Lucas et al. 2019, section 4.

    Args:
        variances: λ, the eigenvalues of the data's covariance, none negative.
        level: below it a direction is not worth a code.

    Raises:
        ValueError: `level` is not above 0, or a variance is negative.
    """
    if not level > 0:
        raise ValueError(f"level must be above 0, not {level}: it is beta times the pixels' noise")
    if bool((variances < 0).any()):
        raise ValueError(f"variances must not be negative, but one is {variances.min().item():g}")
    return WaterFilling(0.5 * (variances / level).clamp(min=1).log(), variances.clamp(max=level))


def ppca_log_likelihood(variances: Float[Tensor, " directions"], width: int) -> tuple[float, float]:
    """The greatest mean of log p(x) that a linear model with `width` codes has, and its σ².

    Source: Tipping & Bishop 1999, equations 4 and 8: σ² is the mean of the variances that are left
    out, and log p(x) = -½ (d log 2π + log det C + d) in the mean, with d directions and C the
    model's covariance, which keeps the variances of the first `width` directions.

    Args:
        variances: λ, all eigenvalues of the data's covariance, in any order.
        width: the number of latent dimensions, fewer than directions.

    Raises:
        ValueError: `width` is below 1, or not below the number of directions.
    """
    count = len(variances)
    if not 0 < width < count:
        raise ValueError(
            f"width must be from 1 to {count - 1}, not {width}: some noise must be left"
        )
    ordered = variances.sort(descending=True).values
    noise = ordered[width:].mean()
    log_determinant = ordered[:width].log().sum() + (count - width) * noise.log()
    return -0.5 * (count * log(2 * pi) + log_determinant.item() + count), noise.item()
