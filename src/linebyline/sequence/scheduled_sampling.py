"""Scheduled sampling: a decoder that learns to go on from its own words, little by little."""

import math
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from linebyline.sequence.decoder import Decoder, DecoderState, Written


def scheduled_sampling(
    decoder: Decoder,
    tokens: Int[Tensor, "batch time"],
    state: DecoderState,
    truth: float,
    *,
    generator: torch.Generator | None = None,
) -> Written:
    """Read the true token with probability ε = truth, else one of the decoder's own softmax.

    Source: Bengio, Vinyals, Jaitly & Shazeer 2015, *Scheduled sampling for sequence prediction with
    recurrent neural networks*, section 2.4. A coin is thrown for every token of every sequence, not
    for a sequence as a whole. As there, no gradient goes through the draw. What it is to say stays
    the true token, even where it has read another.

    Every step needs the logits of the one before, so the steps are made one after the other.

    Args:
        decoder: whatever its kind.
        tokens: the true ones, from `BEGIN` on, which is always read.
        state: what `decoder.begin` gave.
        truth: ε, from 0 to 1.
        generator: throws the coins and draws the tokens, on the tokens' device; without one
            torch's global generator does.

    Raises:
        ValueError: `truth` is out of its range; and as the decoder.
    """
    if not 0 <= truth <= 1:
        raise ValueError(f"truth must be from 0 to 1, not {truth}")
    token = tokens[:, :1]
    logits: list[Tensor] = []
    looked: list[Any] = []
    for t in range(tokens.shape[1]):
        if t > 0:
            p = torch.softmax(logits[-1][:, :, 0].detach(), dim=1)
            own = torch.multinomial(p, 1, generator=generator)  # (B, 1)
            coin = torch.rand(own.shape, generator=generator, device=own.device)
            token = torch.where(coin < truth, tokens[:, t : t + 1], own)
        said, weights, state = decoder(token, state)
        logits.append(said)  # (B, V, 1)
        looked.append(weights)
    seen = None if looked[0] is None else torch.cat(looked, dim=1)
    return Written(torch.cat(logits, dim=2), seen, state)


def linear_decay(step: int, *, slope: float, least: float = 0.0, first: float = 1.0) -> float:
    """ε_i = max(least, first - slope · i) at the i-th mini-batch.

    Source of the three decays: Bengio et al. 2015, section 2.4.

    Raises:
        ValueError: `slope` is negative, or not 0 ≤ least ≤ first ≤ 1.
    """
    if slope < 0:
        raise ValueError(f"slope must be at least 0, not {slope}")
    if not 0 <= least <= first <= 1:
        raise ValueError(f"least and first must be from 0 to 1 in this order, not {least}, {first}")
    return max(least, first - slope * step)


def exponential_decay(step: int, *, base: float) -> float:
    """ε_i = baseⁱ.

    Raises:
        ValueError: `base` is not above 0 and below 1.
    """
    if not 0 < base < 1:
        raise ValueError(f"base must be above 0 and below 1, not {base}")
    return base**step


def inverse_sigmoid_decay(step: int, *, k: float) -> float:
    """ε_i = k / (k + exp(i / k)): long near 1, then down around i = k log k, then near 0.

    Raises:
        ValueError: `k` is below 1.
    """
    if not 1 <= k < math.inf:
        raise ValueError(f"k must be at least 1 and finite, not {k}")
    return 1 / (1 + math.exp(min(step / k - math.log(k), 700.0)))  # beyond 700 exp overflows
