"""Pointwise mutual information: how much more often two words stand together than by chance."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor


def cooccurrences(
    pairs: Int[Tensor, "pairs 2"], vocab_size: int
) -> Float[Tensor, "centres contexts"]:
    """How often each pair of words occurs: rows are centres, columns are contexts.

    Raises:
        ValueError: a word's number is not from 0 to ``vocab_size - 1``.
    """
    if len(pairs) and not 0 <= int(pairs.min()) <= int(pairs.max()) < vocab_size:
        raise ValueError(f"pairs must hold numbers from 0 to {vocab_size - 1}")
    cells = pairs[:, 0] * vocab_size + pairs[:, 1]
    counts = torch.bincount(cells, minlength=vocab_size**2)
    return counts.view(vocab_size, vocab_size).to(torch.get_default_dtype())


def pmi(counts: Float[Tensor, "centres contexts"]) -> Float[Tensor, "centres contexts"]:
    """Log P(w, c) / (P(w) P(c)), from how often pairs occur; minus infinity for those that do not.

    Church & Hanks 1990, "Word association norms, mutual information, and lexicography", where the
    logarithm is to the base 2; here it is the natural one, as Levy & Goldberg 2014, "Neural word
    embedding as implicit matrix factorization", have it. Skip-gram with k negative samples, drawn
    by the words' counts, is at its best where w·c = pmi - log k.

    Raises:
        ValueError: nothing occurs, or a count is negative.
    """
    total = counts.sum()
    if (counts < 0).any() or not total > 0:
        raise ValueError("counts must be zero or more, and one of them above zero")
    centres, contexts = counts.sum(1, keepdim=True), counts.sum(0, keepdim=True)
    chance = (centres / total) * (contexts / total)
    return torch.log(counts / total / torch.where(chance > 0, chance, 1))


def ppmi(
    counts: Float[Tensor, "centres contexts"], *, shift: float = 0.0
) -> Float[Tensor, "centres contexts"]:
    """The positive part of pmi - shift: pairs that occur seldom or never are 0, not minus infinity.

    Levy & Goldberg 2014, section 4.2; the shift is log k.
    """
    return (pmi(counts) - shift).clamp(min=0)


def svd_vectors(
    matrix: Float[Tensor, "words contexts"], dim: int, *, power: float = 0.5, seed: int = 0
) -> Float[Tensor, "words dim"]:
    """The best vectors of so many numbers: U_d Σ_d^power of the singular value decomposition.

    Eckart & Young 1936: no other matrix of rank d is nearer to the given one than U_d Σ_d V_dᵀ.
    Levy & Goldberg 2014 share Σ out between words and contexts, power ½. Found by random
    projections (Halko, Martinsson & Tropp 2011), on the device of the matrix; torch's global
    generator is left as it was.

    Raises:
        ValueError: ``dim`` is below 1 or above the size of the matrix.
    """
    if not 1 <= dim <= min(matrix.shape):
        raise ValueError(f"dim is {dim}; it must be from 1 to {min(matrix.shape)}")
    devices = [matrix.device] if matrix.is_cuda else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        u, s, _ = torch.svd_lowrank(matrix, q=min(dim + 8, *matrix.shape), niter=4)
    return u[:, :dim] * s[:dim] ** power
