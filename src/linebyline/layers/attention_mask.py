"""Attention masks: which keys each query may see."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

Mask = Bool[Tensor, "..."]
"""True where a query may see a key: (batch, queries, keys), or what broadcasts to it."""


def causal_mask(
    queries: int, keys: int, *, device: torch.device | None = None
) -> Bool[Tensor, "queries keys"]:
    """Each query sees the keys up to its own position, and none that comes later.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.2.3. The queries are the
    last of the keys' positions, for the keys before them may have been read earlier: of 2 queries
    and 5 keys, the first sees 4 and the second all.

    Raises:
        ValueError: there are more queries than keys.
    """
    if queries > keys:
        raise ValueError(
            f"queries must be the last of the keys' positions, but of {queries} queries and "
            f"{keys} keys, the first would see none"
        )
    everything = torch.ones(queries, keys, dtype=torch.bool, device=device)
    return everything.tril(keys - queries)


def padding_mask(lengths: Int[Tensor, " batch"], longest: int) -> Bool[Tensor, "batch 1 longest"]:
    """All queries of a sequence see its first `length` keys; behind them is padding.

    Raises:
        ValueError: a length is below 1 or above `longest`. (On a GPU to look is to wait.)
    """
    shortest, greatest = int(lengths.min()), int(lengths.max())
    if shortest < 1 or greatest > longest:
        raise ValueError(
            f"lengths must be from 1 to {longest}, but are from {shortest} to {greatest}"
        )
    return (torch.arange(longest, device=lengths.device) < lengths[:, None])[:, None]


def check_mask(mask: Mask, batch: int, queries: int, keys: int, *, look: bool = True) -> None:
    """Refuse a mask that does not fit, or that leaves a query nothing to see.

    A softmax over no key is 0/0. On a GPU, to look into a mask is to wait for it, so that layers
    leave it to models, which do it once for all of theirs.

    Args:
        mask: with an axis for each of the numbers, or fewer, or 1 where all have the same.
        batch: the number of sequences.
        queries: of each sequence.
        keys: of each sequence.
        look: False compares the shape only.

    Raises:
        ValueError: it must be refused.
    """
    try:
        seen = mask.expand(batch, queries, keys)
    except RuntimeError:
        raise ValueError(
            f"mask must broadcast to (batch, queries, keys), {(batch, queries, keys)}, "
            f"but its shape is {tuple(mask.shape)}"
        ) from None
    if look and (blind := int((~seen.any(-1)).sum())):
        raise ValueError(
            "mask must leave each query at least one key, "
            f"but hides all {keys} from {blind} of {batch * queries}"
        )
