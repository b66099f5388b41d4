"""Greedy decoding: at each step the most probable token."""

from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from linebyline.decoding.generate import Decoded, Step, generate


def most_probable(logits: Float[Tensor, "batch vocabulary"]) -> Int[Tensor, " batch"]:
    """The token with the largest logit; of equal ones the first."""
    return logits.argmax(dim=-1)


def greedy(
    step: Step, first: Int[Tensor, " batch"], state: Any, *, end: int | None, max_length: int
) -> Decoded:
    """y_t = argmax P(y_t | y_1, ..., y_{t-1}).

    Source: the beam of size 1 in Sutskever, Vinyals & Le 2014, *Sequence to sequence learning with
    neural networks*, section 3.2. The best token at each step need not lead to the best sequence.

    Arguments, results and errors are those of `generate`.
    """
    return generate(step, first, state, most_probable, end=end, max_length=max_length)
