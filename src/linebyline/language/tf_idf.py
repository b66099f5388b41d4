"""TF-IDF: a word counts the more, the fewer texts have it."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def inverse_document_frequency(counts: Float[Tensor, "texts words"]) -> Float[Tensor, " words"]:
    """idf_w = log((1 + n) / (1 + df_w)) + 1, where df_w of the n texts have the word w.

    Spärck Jones 1972, "A statistical interpretation of term specificity", weighs a word by the
    logarithm of n / df_w. This is scikit-learn's form (``TfidfTransformer``, ``smooth_idf=True``):
    one more text is thought to have every word, so no df_w is zero; and by the 1 at the end a word
    that all texts have is not forgotten.

    Raises:
        ValueError: there is no text, or a count is negative.
    """
    if len(counts) == 0:
        raise ValueError("counts has no row; it must have at least one text")
    if (counts < 0).any():
        raise ValueError(f"counts must be zero or more, but one is {counts.min():g}")
    n = len(counts)
    df = (counts > 0).sum(dim=0)  # in how many texts
    return torch.log((1 + n) / (1 + df.to(counts))) + 1


def tf_idf(
    counts: Float[Tensor, "texts words"],
    idf: Float[Tensor, " words"],
    *,
    sublinear: bool = False,
) -> Float[Tensor, "texts words"]:
    """Tf · idf, each row then divided by its length, so that long texts weigh no more than short.

    Salton & Buckley 1988, "Term-weighting approaches in automatic text retrieval". As
    scikit-learn's ``TfidfTransformer``. A row without a word stays zero.

    Args:
        counts: how often each text has each word.
        idf: of the texts that were learned from, `inverse_document_frequency`.
        sublinear: 1 + log(count) in the place of the count, for a word that stands there ten times
            is not ten times as telling.

    Raises:
        ValueError: ``idf`` has another number of words.
    """
    if idf.shape != counts.shape[1:]:
        raise ValueError(f"idf has {len(idf)} words and counts has {counts.shape[1]}: one each")
    tf = torch.where(counts > 0, 1 + counts.clamp(min=1).log(), 0) if sublinear else counts
    weighted = tf * idf
    length = weighted.square().sum(dim=1, keepdim=True).sqrt()
    return weighted / torch.where(length > 0, length, 1)
