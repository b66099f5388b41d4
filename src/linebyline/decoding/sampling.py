"""Sampling: tokens as probable as the model says, or a little less adventurous."""

import math
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.decoding.generate import Decoded, Step, generate

Logits = Float[Tensor, "*batch vocabulary"]


def keep_top_k(logits: Logits, top_k: int) -> Logits:
    """The k = top_k largest logits; the others are -∞, so that softmax gives them 0.

    Source: Fan, Lewis & Dauphin 2018, *Hierarchical neural story generation*. Of equal ones on the
    border any are kept. A k beyond the vocabulary keeps all.

    Raises:
        ValueError: `top_k` is below 1.
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    largest, tokens = logits.topk(min(top_k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, -math.inf).scatter(-1, tokens, largest)


def keep_top_p(logits: Logits, top_p: float) -> Logits:
    """The fewest tokens that together have at least the probability p = top_p; others get -∞.

    Source: Holtzman, Buys, Du, Forbes & Choi 2020, *The curious case of neural text degeneration*,
    section 3.1, equations 2 and 3, "nucleus sampling".

    Raises:
        ValueError: `top_p` is not above 0 and at most 1.
    """
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and at most 1, not {top_p}")
    if top_p == 1:  # where rounding would decide about the last ones
        return logits
    probabilities, tokens = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True)
    # A token is superfluous if those before it are enough: the first one never is.
    before = probabilities.cumsum(dim=-1) - probabilities
    superfluous = torch.zeros_like(before, dtype=torch.bool).scatter(-1, tokens, before >= top_p)
    return logits.masked_fill(superfluous, -math.inf)


def sharpened(
    logits: Logits,
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Logits:
    """Logits divided by the temperature, then `keep_top_k`, then `keep_top_p` of what is left.

    Source of the temperature: Ackley, Hinton & Sejnowski 1985, *A learning algorithm for Boltzmann
    machines*: P_i ∝ exp(z_i / T). Above 1 all become more alike, near 0 the largest takes all.

    Args:
        logits: z.
        temperature: T, above 0.
        top_k: how many tokens are kept; None keeps all.
        top_p: how much probability is kept, after the first two; None keeps all.

    Raises:
        ValueError: an argument is out of its range.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"temperature must be positive and finite, not {temperature}; "
            "greedy decoding is what it tends to at 0"
        )
    logits = logits / temperature
    if top_k is not None:
        logits = keep_top_k(logits, top_k)
    if top_p is not None:
        logits = keep_top_p(logits, top_p)
    return logits


def draw(
    probabilities: Float[Tensor, "batch vocabulary"], generator: torch.Generator | None = None
) -> Int[Tensor, " batch"]:
    """A token for each row, as often as its probability says: a dart thrown at [0, 1).

    Inversion (Devroye 1986, *Non-uniform random variate generation*): the tokens' probabilities lie
    side by side, and the token is drawn on whose piece the dart falls. It decodes random bits as
    arithmetic coding does a text. One number is drawn for each row, so that a seed gives the same
    tokens on every CPU.
    """
    edges = probabilities.float() if probabilities.element_size() < 4 else probabilities
    edges = edges.cumsum(dim=-1)  # (B, V): where the pieces end
    dart = torch.rand(len(edges), 1, generator=generator, dtype=edges.dtype, device=edges.device)
    beyond = edges > dart * edges[:, -1:]  # rounding may end the last piece short of 1
    return (beyond & (probabilities > 0)).int().argmax(dim=-1)  # the first of them


def sample(
    step: Step,
    first: Int[Tensor, " batch"],
    state: Any,
    *,
    end: int | None,
    max_length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Decoded:
    """y_t drawn from the softmax of the `sharpened` logits.

    Arguments, results and errors are those of `generate` and of `sharpened`. `generator` draws, on
    the device of the logits; without one torch's global generator does.
    """
    sharper = partial(sharpened, temperature=temperature, top_k=top_k, top_p=top_p)
    sharper(torch.zeros(1))  # refuses before the model is asked

    def choose(logits: Tensor) -> Tensor:
        return draw(torch.softmax(sharper(logits), dim=-1), generator)

    return generate(step, first, state, choose, end=end, max_length=max_length)
