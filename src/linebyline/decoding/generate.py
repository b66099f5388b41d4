"""Token by token: each one that is chosen is what the model reads next."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

Step = Callable[[Tensor, Any], tuple[Tensor, Any]]
"""From the last token of each sequence, (sequences,), and the state before it to the logits of the
next one, (sequences, vocabulary), and the state behind it.

The state is the model's own affair: of a recurrent network h_t, of a decoder with attention also
what the encoder gave, of a model that reads all tokens again and again these tokens.
"""

Choice = Callable[[Tensor], Tensor]
"""From logits, (sequences, vocabulary), to a token for each sequence, (sequences,)."""


class Decoded(NamedTuple):
    """One answer for each sequence of a batch."""

    tokens: Int[Tensor, "batch time"]
    """Without the first one, which was given; up to the end token, which fills what is behind."""

    lengths: Int[Tensor, " batch"]
    """How many tokens there are, the end token being one."""

    log_probs: Float[Tensor, " batch"]
    """log P(tokens), by the model's own distribution, whatever was done to it before a choice."""


@torch.no_grad()
def generate(
    step: Step,
    first: Int[Tensor, " batch"],
    state: Any,
    choose: Choice,
    *,
    end: int | None,
    max_length: int,
) -> Decoded:
    """Let `choose` pick one token after another, until each sequence has ended.

    What `greedy` and `sample` share: P(y) = Π_t P(y_t | y_1, ..., y_{t-1}), as in Graves 2013,
    *Generating sequences with recurrent neural networks*, section 2.

    A sequence that has ended stays in the batch, and what the model says of it is not looked at. No
    gradient is recorded. Put the model into evaluation mode before.

    Args:
        step: the model, as `Step` says.
        first: what each sequence begins with. A prompt is read by the model before; its last token
            is the first here.
        state: what the model has before `first`.
        choose: from logits to tokens.
        end: the token that ends a sequence; None for a model that has none.
        max_length: how many tokens a sequence may have; one that has not ended then is cut off.

    Returns:
        Tokens (batch, time), where time is that of the longest sequence.

    Raises:
        ValueError: an argument is out of its range, or the logits have another shape.
    """
    check(first, end, max_length)
    ended = torch.zeros_like(first, dtype=torch.bool)
    lengths = torch.zeros_like(first)
    total: Tensor | float = 0.0
    tokens: list[Tensor] = []
    token = first
    for _ in range(max_length):
        logits, state = step(token, state)
        check_logits(logits, len(first), end)
        token = choose(logits)
        log_p = torch.log_softmax(logits, dim=-1).gather(1, token[:, None]).squeeze(1)
        total = total + log_p.masked_fill(ended, 0)
        lengths += ~ended
        if end is not None:
            token = token.masked_fill(ended, end)
            ended = ended | (token == end)
        tokens.append(token)
        if ended.all():
            break
    return Decoded(torch.stack(tokens, dim=1), lengths, torch.as_tensor(total))


def check(first: Tensor, end: int | None, max_length: int) -> None:
    """Refuse what cannot be decoded.

    Raises:
        ValueError: `first` is not one token for each of at least one sequence, `end` is negative,
            or `max_length` is below 1.
    """
    if first.ndim != 1 or len(first) == 0:
        raise ValueError(
            f"first must be (batch,), one token for each of at least one sequence, "
            f"but its shape is {tuple(first.shape)}"
        )
    if end is not None and end < 0:
        raise ValueError(f"end must be a token, from 0 on, or None, not {end}")
    if max_length < 1:
        raise ValueError(f"max_length must be at least 1, not {max_length}")


def check_logits(logits: Tensor, sequences: int, end: int | None) -> None:
    """Refuse what a step should not answer.

    Raises:
        ValueError: the logits are not (sequences, vocabulary), or have no place for `end`.
    """
    if logits.ndim != 2 or len(logits) != sequences:
        raise ValueError(
            f"step must give logits of shape ({sequences}, vocabulary), one row for each token "
            f"that it is given, but their shape is {tuple(logits.shape)}"
        )
    if end is not None and end >= logits.shape[1]:
        raise ValueError(
            f"end must be a token of the vocabulary, below {logits.shape[1]}, not {end}"
        )
