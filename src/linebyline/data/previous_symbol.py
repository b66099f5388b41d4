"""A task about order and nothing else: at each place, name the symbol that stands before it."""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import one_hot

from linebyline.data.at_least import at_least
from linebyline.data.examples import Examples

BEGIN = 0
"""The id that stands at the first place of every row; before it there is nothing."""


def previous_symbol(count: int, length: int, *, symbols: int = 8, seed: int = 0) -> Examples:
    """Rows of random symbols behind a `BEGIN`; the target at each place is the symbol before it.

    What a "previous token head" does: Elhage et al. 2021, *A mathematical framework for Transformer
    circuits*. Symbols are numbered from 1. The target of the first place is `BEGIN` itself, which
    needs no order to be named, and is left out where shares are counted.

    Args:
        count: how many rows.
        length: symbols in a row, `BEGIN` not counted.
        symbols: how many kinds there are.
        seed: of the symbols.

    Returns:
        Inputs and targets, (count, length + 1), int64.

    Raises:
        ValueError: `count` or `length` is below 1, or `symbols` below 2.
    """
    at_least(count=(count, 1), length=(length, 1), symbols=(symbols, 2))
    generator = torch.Generator().manual_seed(seed)
    row = torch.randint(1, symbols + 1, (count, length), generator=generator)
    row = torch.cat([torch.full((count, 1), BEGIN), row], dim=1)
    return Examples(row, torch.cat([row[:, :1], row[:, :-1]], dim=1))


def best_without_order(inputs: Int[Tensor, "rows time"], *, causal: bool = False) -> float:
    """The share of right answers that nobody exceeds who knows a row's symbols, but not its order.

    Such a reader cannot tell two places with the same symbol apart. All orders are as likely, so
    what stands before a symbol is any of the row's *other* symbols, or `BEGIN`, each occurrence as
    likely as the next. The best answer is the most frequent: of the n symbols behind `BEGIN`, a
    place with symbol a is answered rightly with probability max_b (c_b - [b = a]) / n, where c_b
    counts the occurrences of b.

    With `causal` the reader at place t knows of the first t symbols only, and that its own is the
    last of these. What stands before it is `BEGIN` if t = 1, and else one of the t - 1 others:
    max_b (c_b - [b = a]) / (t - 1), with the counts up to t.

    Args:
        inputs: of `previous_symbol`.
        causal: whether a place is hidden from those before it.

    Returns:
        The mean over all places but the first.
    """
    symbols = one_hot(inputs)  # (rows, time, symbols)
    length = inputs.shape[1] - 1
    if not causal:
        others = symbols.sum(1)[:, None] - symbols
        return (others[:, 1:].amax(2).double() / length).mean().item()
    before = (symbols.cumsum(1) - symbols)[:, 2:, 1:]
    right = before.amax(2).double() / torch.arange(1, length, device=inputs.device)
    return ((1 + right.sum(1)) / length).mean().item()
