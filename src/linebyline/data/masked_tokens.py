"""Masked tokens: some of a text is hidden, and what was there is to be said from what is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

NO_TARGET = -100
"""Where nothing is to be said: what `cross_entropy` passes over as its ``ignore_index``."""

Ids = Int[Tensor, "rows time"]


class MaskedTokens(NamedTuple):
    """What a model reads, and what it is to say where."""

    inputs: Ids
    targets: Ids
    """The true id at the chosen places, `NO_TARGET` at all others."""


def mask_tokens(
    ids: Ids,
    *,
    mask_id: int,
    special_ids: Sequence[int],
    vocab_size: int,
    share: float = 0.15,
    masked: float = 0.8,
    replaced: float = 0.1,
    generator: torch.Generator,
) -> MaskedTokens:
    """Choose 15 % of the tokens; 80 % of these become [MASK], 10 % a random token, 10 % stay.

    Source: Devlin, Chang, Lee & Toutanova 2019, *BERT: pre-training of deep bidirectional
    transformers for language understanding*, section 3.1 and appendix A.1; the task is Taylor's
    cloze of 1953. A text that is read later has no [MASK], so the model must not learn that only
    there something is asked: any token may be the wrong one, and any may be asked about.

    As in Google's ``create_pretraining_data.py`` the *number* of chosen tokens is fixed, each row's
    share of 15 % rounded, and at least one; and a random token is any of the vocabulary, special
    ones too. (`transformers` decides on each token by itself, so that a short row may have none.)
    Deviation: Google counts [CLS] and [SEP] among the tokens of which 15 % are taken.

    Args:
        ids: of texts, framed and padded.
        mask_id: of [MASK].
        special_ids: of tokens that are never chosen: padding, [CLS], [SEP].
        vocab_size: how many ids there are to draw from.
        share: of the tokens that are chosen.
        masked: of the chosen, how many become [MASK].
        replaced: of the chosen, how many become a random token. What is left stays as it was.
        generator: on the CPU, where all draws are made: a seed means the same on every device.

    Raises:
        ValueError: `share` is not above 0 and at most 1; `masked` and `replaced` are not from 0 to
            1, together; `mask_id` is none of the ids; or a row has no token that may be chosen.
    """
    _check(mask_id, vocab_size, share, masked, replaced)
    special = torch.tensor(list(special_ids), dtype=ids.dtype, device=ids.device)
    chosen = _choose(~torch.isin(ids, special).cpu(), share, generator)
    fate = torch.rand(ids.shape, generator=generator)
    anything = torch.randint(vocab_size, ids.shape, generator=generator).to(ids)

    hidden = chosen & (fate < masked)
    exchanged = chosen & (fate >= masked) & (fate < masked + replaced)
    inputs = ids.masked_fill(hidden.to(ids.device), mask_id)
    inputs = torch.where(exchanged.to(ids.device), anything, inputs)
    targets = ids.masked_fill(~chosen.to(ids.device), NO_TARGET)
    return MaskedTokens(inputs, targets)


def _choose(
    allowed: Bool[Tensor, "rows time"], share: float, generator: torch.Generator
) -> Bool[Tensor, "rows time"]:
    """In each row the share of its allowed places, rounded, and at least one."""
    lengths = allowed.sum(1)
    if not lengths.all():
        row = int((lengths == 0).nonzero()[0])
        raise ValueError(f"ids must have a token that may be hidden in each row, but not in {row}")
    count = (share * lengths).round().clamp(min=1)
    lots = torch.rand(allowed.shape, generator=generator).masked_fill(~allowed, 2.0)
    place = lots.argsort(1).argsort(1)  # of each lot among those of its row
    return place < count[:, None]


def _check(mask_id: int, vocab_size: int, share: float, masked: float, replaced: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, not {share}")
    if not (masked >= 0 and replaced >= 0 and masked + replaced <= 1):
        raise ValueError(
            f"masked and replaced must be shares of the chosen, from 0 to 1 together, not {masked} "
            f"and {replaced}"
        )
    if not 0 <= mask_id < vocab_size:
        raise ValueError(f"mask_id must be from 0 to {vocab_size - 1}, not {mask_id}")
