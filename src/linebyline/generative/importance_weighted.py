"""The importance-weighted bound: several throws at one image; the better count for more."""

from __future__ import annotations

from math import log, pi

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from linebyline.generative.vae import VAE


def normal_log_density(
    z: Float[Tensor, "*draws images width"],
    mean: Float[Tensor, "images width"],
    log_variance: Float[Tensor, "images width"],
) -> Float[Tensor, "*draws images"]:
    """For each draw of each image log N(z; mean, diag(variance)), the sum over the last axis."""
    squares = (z - mean).square() / log_variance.exp()
    return -0.5 * (log(2 * pi) + log_variance + squares).sum(-1)


def log_weights(
    vae: VAE, x: Tensor, *, count: int, generator: Generator | None = None
) -> Float[Tensor, "draws images"]:
    """For `count` codes z of each image log w = log p(x | z) + log p(z) - log q(z | x).

    Source: Burda, Grosse & Salakhutdinov 2016, equation 7. Each w is an estimate of p(x), for
    E_q[w] = ∫ p(x, z) dz. Gradients reach encoder and decoder.

    Args:
        vae: gives q(z | x) and p(x | z); for images with labels, a conditional one that was
            :meth:`~linebyline.generative.conditional_vae.ConditionalVAE.given` them.
        x: images, (images, ...).
        count: K, the draws for each image, at least 1.
        generator: draws the noise; without one torch's global generator does.

    Raises:
        ValueError: as `vae` raises.
    """
    mean, log_variance = vae.encode(x)
    z = vae.sample(mean, log_variance, count=count, generator=generator)  # (K, images, width)
    nothing = torch.zeros_like(mean)  # the prior's mean, and the logarithm of its variance
    prior = normal_log_density(z, nothing, nothing)
    return prior - vae.likelihood(vae.decode(z), x) - normal_log_density(z, mean, log_variance)


def importance_bound(
    log_weights: Float[Tensor, "draws ..."],
) -> Float[Tensor, " ..."]:
    """The bound log (1/K) Σ_k w_k in nats, whose expectation is at most log p(x).

    Source: Burda, Grosse & Salakhutdinov 2016, equation 8. With one draw it is the evidence lower
    bound; its mean never falls with K, and approaches log p(x) if w is bounded (their theorem 1).
    The largest weight is taken out of the sum: exp of some -100 nats is 0 in single precision.

    Args:
        log_weights: K of them for each image, the draws along the first axis.

    Raises:
        ValueError: there is no draw.
    """
    if log_weights.ndim < 1 or not len(log_weights):
        raise ValueError(
            f"log_weights is {tuple(log_weights.shape)}; it must have one draw at least, "
            "along its first axis"
        )
    return log_weights.logsumexp(0) - log(len(log_weights))
