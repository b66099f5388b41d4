"""Texts and pairs of texts as BERT reads them, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from linebyline.tokenizers.wordpiece import WordPieceTokenizer


class FramedTexts(NamedTuple):
    """What `BERT.forward` takes, in its order."""

    ids: Int[Tensor, "texts time"]
    segments: Int[Tensor, "texts time"]
    """0 up to the first [SEP] with it, then 1; 0 in the padding."""

    inside: Bool[Tensor, "texts time"]
    """True where there is no padding."""

    def at(self, rows: Tensor | slice) -> FramedTexts:
        """Some of the texts, cut to the longest of them."""
        ids, segments, inside = (part[rows] for part in self)
        time = int(inside.sum(1).max())
        return FramedTexts(ids[:, :time], segments[:, :time], inside[:, :time])


def frame_texts(
    tokenizer: WordPieceTokenizer, firsts: Sequence[str], seconds: Sequence[str] | None = None
) -> FramedTexts:
    """[CLS] first [SEP], or [CLS] first [SEP] second [SEP], filled up to the longest.

    Source: Devlin, Chang, Lee & Toutanova 2019, figure 2.

    Raises:
        ValueError: there is no text, or not as many seconds as firsts.
    """
    if not firsts or (seconds is not None and len(seconds) != len(firsts)):
        raise ValueError(
            f"firsts must hold at least one text, and seconds as many, not {len(firsts)} and "
            f"{0 if seconds is None else len(seconds)}"
        )
    rows = [
        tokenizer.frame(first, None if seconds is None else seconds[row])
        for row, first in enumerate(firsts)
    ]
    shape = len(rows), max(len(row.ids) for row in rows)
    ids = torch.full(shape, tokenizer.special_tokens["[PAD]"])
    segments = torch.zeros_like(ids)
    inside = torch.zeros_like(ids, dtype=torch.bool)
    for number, row in enumerate(rows):
        length = len(row.ids)
        ids[number, :length] = torch.tensor(row.ids)
        segments[number, :length] = torch.tensor(row.segments)
        inside[number, :length] = True
    return FramedTexts(ids, segments, inside)
