"""The variational autoencoder: a code that is paid for, in nats, like everything else it says."""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi
from typing import NamedTuple

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor, nn
from torch.nn import functional

Images = Shaped[Tensor, "images *pixels"]
Codes = Float[Tensor, "*draws images width"]


class EvidenceBound(NamedTuple):
    """The two items of a bill, in nats; with their sign turned, a lower bound of log p(x).

    Source: Kingma & Welling 2014, *Auto-encoding variational Bayes*, equation 3.
    """

    reconstruction: Float[Tensor, " images"]
    """-log p(x | z) at a drawn z: what the code did not say, for each image."""
    kl: Float[Tensor, "images width"]
    """KL(q(z | x) ‖ p(z)): what the code costs, for each image and each dimension."""

    @property
    def value(self) -> Float[Tensor, " images"]:
        """-reconstruction - kl, at most log p(x) in the mean over draws of z."""
        return -self.reconstruction - self.kl.sum(-1)


class BernoulliPixels(nn.Module):
    """A decoder's outputs are logits, and each pixel is ink with their sigmoid as probability.

    Source: Kingma & Welling 2014, appendix C.1. A grey pixel, 0.3, counts as ink in three of ten
    draws: since -log p is linear in the pixel, its bill is the mean bill of those draws.
    """

    def forward(
        self, prediction: Float[Tensor, "*output"], x: Images
    ) -> Float[Tensor, "*draws images"]:
        """-log p(x | z) in nats, the sum over pixels.

        Raises:
            ValueError: a pixel of `x` is outside [0, 1].
        """
        if not bool(((x >= 0) & (x <= 1)).all()):
            low, high = x.min().item(), x.max().item()
            raise ValueError(
                f"x must lie in [0, 1] for a Bernoulli decoder, but reaches from {low:g} to "
                f"{high:g}: rescale it, or take GaussianPixels"
            )
        nats = functional.binary_cross_entropy_with_logits(
            prediction, x.to(prediction).expand_as(prediction), reduction="none"
        )
        return _sum_pixels(nats, x)

    def mean(self, prediction: Tensor) -> Tensor:
        """E[x | z], the picture to look at."""
        return prediction.sigmoid()


class GaussianPixels(nn.Module):
    """A decoder's outputs are means, and each pixel is normal around its own with variance σ².

    Source: Kingma & Welling 2014, appendix C.2. Deviation: one σ² for all pixels and all codes.

    Args:
        variance: σ², or where it starts.
        learned: whether σ² is a parameter; it is kept as its logarithm, `log_variance`.

    Raises:
        ValueError: `variance` is not above 0.
    """

    def __init__(self, variance: float = 1.0, *, learned: bool = False) -> None:
        super().__init__()
        if not variance > 0:
            raise ValueError(f"variance must be above 0, not {variance}")
        self.log_variance = nn.Parameter(torch.tensor(log(variance)), requires_grad=learned)

    def forward(
        self, prediction: Float[Tensor, "*output"], x: Images
    ) -> Float[Tensor, "*draws images"]:
        """-log p(x | z) in nats: ½ Σ (log 2πσ² + (x - mean)² / σ²), the sum over pixels."""
        squares = (x - prediction).square() / self.log_variance.exp()
        return _sum_pixels(0.5 * (log(2 * pi) + self.log_variance + squares), x)

    def mean(self, prediction: Tensor) -> Tensor:
        """E[x | z], the decoder's output itself."""
        return prediction


class VAE(nn.Module):
    """An encoder that says where a code lies and how exactly; a decoder that reads a drawn one.

    Source: Kingma & Welling 2014, *Auto-encoding variational Bayes*, section 3: the prior p(z) is
    N(0, I), the encoder answers with the mean and log σ² of a diagonal normal q(z | x), and the
    gradient passes through z = mean + σ · noise. Its logarithm lets σ² be any positive number.

    Args:
        encoder: images (images, ...) to (images, 2 · width): the means first, then the log
            variances.
        decoder: codes (images, width) to (images, ...): logits or means of pixels, in x's shape.
        width: the number of latent dimensions.
        likelihood: what the decoder's outputs mean; None is `BernoulliPixels`.

    Raises:
        ValueError: `width` is below 1, or does not fit what the encoder answers, or the decoder's
            answer does not fit the images.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        width: int,
        likelihood: BernoulliPixels | GaussianPixels | None = None,
    ) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width}")
        self.encoder, self.decoder, self.width = encoder, decoder, width
        self.likelihood = BernoulliPixels() if likelihood is None else likelihood

    def encode(
        self, x: Images
    ) -> tuple[Float[Tensor, "images width"], Float[Tensor, "images width"]]:
        """Mean and log variance of q(z | x)."""
        answer = self.encoder(x)
        if answer.shape != (len(x), 2 * self.width):
            raise ValueError(
                f"encoder must answer with {2 * self.width} numbers for each of {len(x)} images, "
                f"a mean and a log variance for each of width={self.width} dimensions, but its "
                f"answer has the shape {tuple(answer.shape)}"
            )
        mean, log_variance = answer.chunk(2, dim=-1)
        return mean, log_variance

    def sample(
        self,
        mean: Float[Tensor, "images width"],
        log_variance: Float[Tensor, "images width"],
        *,
        count: int | None = None,
        generator: Generator | None = None,
    ) -> Codes:
        """Codes drawn from q(z | x), with gradients to both arguments.

        Args:
            mean: of each code.
            log_variance: of each code.
            count: draws for each image, which stand first, (count, images, width); None is one
                draw, (images, width).
            generator: draws the noise; without one torch's global generator does.
        """
        if count is not None and count < 1:
            raise ValueError(f"count must be at least 1 or None, not {count}")
        shape = mean.shape if count is None else (count, *mean.shape)
        noise = torch.randn(shape, generator=generator, dtype=mean.dtype, device=mean.device)
        return mean + (0.5 * log_variance).exp() * noise  # σ = exp(½ log σ²)

    def decode(self, z: Codes) -> Float[Tensor, "*output"]:
        """Logits or means of pixels for codes of any number of axes, the last of them `width`."""
        if z.ndim < 2 or z.shape[-1] != self.width:
            raise ValueError(
                f"z must be codes of width {self.width}, (images, {self.width}), "
                f"but has the shape {tuple(z.shape)}"
            )
        return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def forward(self, x: Images, *, generator: Generator | None = None) -> EvidenceBound:
        """The bill for each image, at one draw of its code; training or not, a code is drawn."""
        mean, log_variance = self.encode(x)
        z = self.sample(mean, log_variance, generator=generator)
        prediction = self.decode(z)
        if prediction.shape != x.shape:
            raise ValueError(
                f"decoder must answer in the images' shape, {tuple(x.shape)}, "
                f"but its answer has the shape {tuple(prediction.shape)}"
            )
        return EvidenceBound(self.likelihood(prediction, x), kl_to_prior(mean, log_variance))

    @torch.no_grad()
    def reconstruct(self, x: Images) -> Images:
        """What the decoder makes of the mean code: pixels, not logits."""
        return self.likelihood.mean(self.decode(self.encode(x)[0]))

    @torch.no_grad()
    def generate(self, count: int, *, generator: Generator | None = None) -> Images:
        """New images: z from the prior N(0, I), then the mean of p(x | z)."""
        if count < 1:
            raise ValueError(f"count must be at least 1, not {count}")
        like = next(self.decoder.parameters())
        shape = (count, self.width)
        z = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
        return self.likelihood.mean(self.decode(z))


def kl_to_prior(
    mean: Float[Tensor, "*batch width"], log_variance: Float[Tensor, "*batch width"]
) -> Float[Tensor, "*batch width"]:
    """KL(N(mean, σ²) ‖ N(0, 1)) = ½ (mean² + σ² - 1 - log σ²) in nats, for each dimension.

    Source: Kingma & Welling 2014, appendix B, with the sign turned, and before the sum.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def negative_bound(beta: float = 1.0) -> Callable[[EvidenceBound, object], Tensor]:
    """The loss for `fit`: mean over images of reconstruction + β · Σ kl, in nats if β is 1.

    Source: Kingma & Welling 2014, equation 10, with the sign turned; β: Higgins et al. 2017,
    *beta-VAE*, equation 4. The targets are not looked at: an image is its own.

    Raises:
        ValueError: `beta` is below 0.
    """
    if not beta >= 0:
        raise ValueError(f"beta must be at least 0, the price of a nat of code, not {beta}")

    def loss(bound: EvidenceBound, _: object = None) -> Tensor:
        return (bound.reconstruction + beta * bound.kl.sum(-1)).mean()

    return loss


def _sum_pixels(nats: Tensor, x: Tensor) -> Tensor:
    """The sum over all axes but those of draws and images."""
    return nats.flatten(nats.ndim - x.ndim + 1).sum(-1) if x.ndim > 1 else nats
