"""Beam search: a few beginnings at a time instead of one, and of all that end the best."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from linebyline.decoding.generate import Step, check, check_logits


class Beams(NamedTuple):
    """The best answers for each sequence of a batch, the best one first."""

    tokens: Int[Tensor, "batch beams time"]
    """Without the first one, which was given; up to the end token, which fills what is behind."""

    lengths: Int[Tensor, "batch beams"]
    """How many tokens there are, the end token being one; 0 where no answer was left to find."""

    log_probs: Float[Tensor, "batch beams"]
    """log P(tokens)."""

    scores: Float[Tensor, "batch beams"]
    """log P(tokens) divided by the penalty of the length; -∞ where no answer was left to find."""


def length_penalty(length: int | Tensor, alpha: float) -> Any:
    """Of n tokens, lp = (5 + n)^α / (5 + 1)^α: Wu et al. 2016, equation 14. It is 1 for n = 1."""
    return ((5 + length) / 6) ** alpha


def select_rows(state: Any, rows: Int[Tensor, " sequences"]) -> Any:
    """Rows of axis 0 of a tensor, or of all tensors in tuples, lists and dicts."""
    if isinstance(state, Tensor):
        return state.index_select(0, rows)
    if isinstance(state, dict):
        return {key: select_rows(value, rows) for key, value in state.items()}
    if isinstance(state, (tuple, list)):
        parts = [select_rows(part, rows) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    return state


@torch.no_grad()
def beam_search(
    step: Step,
    first: Int[Tensor, " batch"],
    state: Any,
    *,
    end: int | None,
    max_length: int,
    beam_size: int,
    alpha: float = 0.0,
    reorder: Callable[[Any, Tensor], Any] = select_rows,
) -> Beams:
    """Keep the k most probable beginnings, k = beam_size; lengthen each by every token; again.

    Sources: Sutskever, Vinyals & Le 2014, *Sequence to sequence learning with neural networks*,
    section 3.2: of all k·V that are one token longer the best k are kept, and those that end are
    complete. Answers are ranked by log P(Y) / lp(Y), Wu et al. 2016, *Google's neural machine
    translation system*, section 7, equation 14; the length counts the end token. Deviations: their
    coverage penalty does not exist here, nor does their pruning; there are always k beginnings
    (where one ends, the next best takes its place), which are compared by log P alone, for all are
    equally long; and the search goes on until no beginning could beat the k-th best answer, even if
    all that is still to come were certain.

    With k = 1 and α = 0 it is greedy decoding, and with k as large as the number of all beginnings
    it finds the best of all sequences. What has not ended at `max_length` is an answer as it is.

    Args:
        step: the model, as `linebyline.decoding.generate.Step` says.
        first: what each sequence begins with, (batch,).
        state: what the model has before `first`.
        end: the token that ends a sequence; None for a model that has none.
        max_length: how many tokens an answer may have.
        beam_size: k.
        alpha: α; 0 ranks by log P, which prefers short answers.
        reorder: `reorder(state, rows)` is the state of the sequences `rows`, some of them many
            times. The default takes them from axis 0 of all tensors; a recurrent network's state
            has its sequences on axis 1.

    Returns:
        Tokens (batch, k, time), and the rest as `Beams` says.

    Raises:
        ValueError: an argument is out of its range, or the logits have another shape.
    """
    check(first, end, max_length)
    if beam_size < 1:
        raise ValueError(f"beam_size must be at least 1, not {beam_size}")
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha must be at least 0 and finite, not {alpha}")
    batch, k = len(first), beam_size
    row = torch.arange(batch, device=first.device)[:, None]  # (B, 1)
    state = reorder(state, row.expand(batch, k).flatten())  # sequence b's beginnings: rows bk, ...
    token = first.repeat_interleave(k)  # (B·k,)
    begun = first.new_zeros(batch, k, 0)
    nothing = torch.full((batch, k), -math.inf, device=first.device)
    total = nothing.clone()
    total[:, 0] = 0  # at first all k are the same, and only one counts
    fill = 0 if end is None else end
    answers = Beams(
        first.new_full((batch, k, max_length), fill), first.new_zeros(batch, k), nothing, nothing
    )
    for _ in range(max_length):
        logits, state = step(token, state)
        check_logits(logits, batch * k, end)
        log_p = torch.log_softmax(logits, dim=-1).unflatten(0, (batch, k))  # (B, k, V)
        # Of 2k, at least k go on, for one in V ends.
        longer = (total[:, :, None] + log_p).flatten(1)  # (B, k·V)
        best, index = longer.topk(min(2 * k, longer.shape[1]), dim=1)  # (B, 2k), best first
        parent, token = index // log_p.shape[2], index % log_p.shape[2]
        tokens = torch.cat([begun[row, parent], token[:, :, None]], 2)  # (B, 2k, time)
        if end is not None:
            ended = best.masked_fill(token != end, -math.inf)
            answers = _best(answers, tokens[:, :k], ended[:, :k], alpha, fill)
            best = best.masked_fill(token == end, -math.inf)
        total, place = best.topk(k, dim=1)
        begun, parent = tokens[row, place], parent[row, place]
        token = token[row, place].flatten()
        state = reorder(state, (k * row + parent).flatten())
        # log P only falls, and no answer can be longer than max_length.
        if (total[:, 0] / length_penalty(max_length, alpha) <= answers.scores[:, -1]).all():
            break
    else:
        answers = _best(answers, begun, total, alpha, fill)
    found = answers.scores > -math.inf
    lengths = answers.lengths.masked_fill(~found, 0)
    tokens = answers.tokens.masked_fill(~found[:, :, None], fill)
    return answers._replace(tokens=tokens[:, :, : int(lengths.max())], lengths=lengths)


def _best(answers: Beams, tokens: Tensor, log_probs: Tensor, alpha: float, fill: int) -> Beams:
    """The k best of those that there were and of new ones, which are all equally long."""
    batch, k, longest = answers.tokens.shape
    time = tokens.shape[2]
    more = Beams(
        functional.pad(tokens, (0, longest - time), value=fill),
        tokens.new_full(log_probs.shape, time),
        log_probs,
        log_probs / length_penalty(time, alpha),
    )
    both = [torch.cat(parts, dim=1) for parts in zip(answers, more, strict=True)]
    order = both[3].topk(k, dim=1).indices  # (B, k), best first
    row = torch.arange(batch, device=order.device)[:, None]
    return Beams(*(part[row, order] for part in both))
