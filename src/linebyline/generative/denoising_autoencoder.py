"""Denoising: the input is spoiled, and the network must answer with what it was before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

Batch = Float[Tensor, "batch ..."]
Corruption = Callable[[Tensor, Generator], Tensor]


@dataclass(frozen=True)
class GaussianNoise:
    """x + σ n, with n drawn from N(0, 1) for each number.

    Source: Vincent, Larochelle, Lajoie, Bengio & Manzagol 2010, *Stacked denoising autoencoders*,
    section 3.3.

    Args:
        std: σ, zero or more.

    Raises:
        ValueError: `std` is negative or not finite.
    """

    std: float

    def __post_init__(self) -> None:
        if not 0 <= self.std < float("inf"):
            raise ValueError(f"std must be a finite number, zero or more, not {self.std}")

    def __call__(self, x: Batch, generator: Generator) -> Batch:
        """A spoiled copy."""
        return x + self.std * _normal(x, generator)


@dataclass(frozen=True)
class _OfAShare:
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must be from 0 to 1, not {self.share}")


@dataclass(frozen=True)
class Masking(_OfAShare):
    """Each number becomes 0 with probability `share`; nothing else is changed.

    Source: Vincent et al. 2008, section 2.3. Deviation: they hide a fixed number of inputs of each
    image. Unlike dropout it does not scale up what is left.

    Args:
        share: from 0 to 1.

    Raises:
        ValueError: `share` is not from 0 to 1.
    """

    def __call__(self, x: Batch, generator: Generator) -> Batch:
        """A spoiled copy."""
        return x.masked_fill(_uniform(x, generator) < self.share, 0)


@dataclass(frozen=True)
class SaltAndPepper(_OfAShare):
    """Each number becomes, with probability `share`, 0 or 1 by the toss of a coin.

    Source: Vincent et al. 2010, section 3.3, for data between 0 and 1.

    Args:
        share: from 0 to 1.

    Raises:
        ValueError: `share` is not from 0 to 1.
    """

    def __call__(self, x: Batch, generator: Generator) -> Batch:
        """A spoiled copy."""
        drawn = _uniform(x, generator)
        spoiled = x.masked_fill(drawn < self.share, 0)
        return spoiled.masked_fill(drawn < self.share / 2, 1)


def denoising_loss(
    model: Callable[[Tensor], Tensor],
    x: Batch,
    corruption: Corruption,
    generator: Generator,
) -> Float[Tensor, ""]:
    """‖x - r(x̃)‖²: what was made of the spoiled input, compared with the clean one.

    Source: Vincent et al. 2008, section 2.3, with squared error for their cross-entropy.

    Args:
        model: r, from a batch to one of the same shape.
        x: clean inputs. The sum is over all that one input has, the mean over the batch.
        corruption: makes x̃.
        generator: of its noise.

    Raises:
        ValueError: the answer has another shape, which broadcasting would hide.
    """
    spoiled = corruption(x, generator)  # x̃
    answer = model(spoiled)  # r(x̃)
    if answer.shape != x.shape:
        raise ValueError(
            f"model must answer in the shape of x, {tuple(x.shape)}, not {tuple(answer.shape)}"
        )
    return (answer - x).square().flatten(1).sum(dim=1).mean()


def _normal(x: Tensor, generator: Generator) -> Tensor:
    return torch.randn(x.shape, generator=generator, dtype=x.dtype, device=generator.device).to(x)


def _uniform(x: Tensor, generator: Generator) -> Tensor:
    return torch.rand(x.shape, generator=generator, dtype=x.dtype, device=generator.device).to(x)
