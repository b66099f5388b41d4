"""The conditional variational autoencoder: both halves are told the label, so the code need not."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int, Shaped
from torch import Generator, Tensor, nn
from torch.nn import functional

from linebyline.generative.vae import VAE, BernoulliPixels, EvidenceBound, GaussianPixels


class ConditionalVAE(nn.Module):
    """A variational autoencoder of p(x | y): encoder and decoder read the label beside the rest.

    Source: Sohn, Lee & Yan 2015, "Learning structured output representation using deep conditional
    generative models", section 4; Kingma, Mohamed, Rezende & Welling 2014, "Semi-supervised
    learning with deep generative models", equation 6, where the label is known. Deviation: the
    prior of the code is N(0, I) for every label, as in the second paper; in the first it is a
    network of the condition.

    Once the labels are said, what is left is an ordinary :class:`~linebyline.generative.vae.VAE`,
    which :meth:`given` returns. It shares the weights, so that its bound trains them.

    Args:
        encoder: rows (images, pixels + classes) to (images, 2 · width): means, log variances.
        decoder: rows (images, width + classes) to (images, pixels).
        width: the number of latent dimensions.
        classes: the number of labels, which are 0 to classes - 1, and are told one-hot.
        likelihood: what the decoder's outputs mean; None is `BernoulliPixels`.

    Raises:
        ValueError: `width` or `classes` is below 1; labels are out of range.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        width: int,
        classes: int,
        likelihood: BernoulliPixels | GaussianPixels | None = None,
    ) -> None:
        super().__init__()
        if classes < 1:
            raise ValueError(f"classes must be at least 1, not {classes}")
        if width < 1:
            raise ValueError(f"width must be at least 1, not {width}")
        self.encoder, self.decoder = encoder, decoder
        self.width, self.classes = width, classes
        self.likelihood = BernoulliPixels() if likelihood is None else likelihood

    def given(self, labels: Int[Tensor, " images"]) -> VAE:
        """The variational autoencoder of images with these labels, in their order."""
        if labels.ndim != 1 or not len(labels):
            raise ValueError(f"labels is {tuple(labels.shape)}; it must be one label an image")
        if labels.min() < 0 or labels.max() >= self.classes:
            raise ValueError(
                f"labels go from {labels.min()} to {labels.max()}; "
                f"they must be from 0 to {self.classes - 1}"
            )
        told = functional.one_hot(labels, self.classes)
        encoder, decoder = Told(self.encoder, told), Told(self.decoder, told)
        return VAE(encoder, decoder, width=self.width, likelihood=self.likelihood)

    def forward(
        self,
        x: Float[Tensor, "images pixels"],
        labels: Int[Tensor, " images"],
        *,
        generator: Generator | None = None,
    ) -> EvidenceBound:
        """The bill for each image when its label is known, at one draw of its code."""
        return self.given(labels)(x, generator=generator)

    def generate(
        self, labels: Int[Tensor, " images"], *, generator: Generator | None = None
    ) -> Float[Tensor, "images pixels"]:
        """One new image for each label: z from N(0, I), then the mean of p(x | z, y)."""
        return self.given(labels).generate(len(labels), generator=generator)


class Told(nn.Module):
    """A network whose rows are lengthened by what it is told, before it sees them.

    Rows may come in several draws one after another, (draws · images, ...): each draw is told the
    same.
    """

    def __init__(self, network: nn.Module, told: Shaped[Tensor, "images classes"]) -> None:
        super().__init__()
        self.network, self.told = network, told

    def forward(self, rows: Float[Tensor, "rows numbers"]) -> Float[Tensor, "rows answers"]:
        """The network's answer to [row, told]."""
        draws, left = divmod(len(rows), len(self.told))
        if left:
            raise ValueError(
                f"rows are {len(rows)}, which are no whole draws of {len(self.told)} images"
            )
        return self.network(torch.cat([rows, self.told.to(rows).repeat(draws, 1)], dim=1))
