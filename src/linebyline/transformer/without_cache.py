"""Generation without a key-value cache: all that was written is read again at each step."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from linebyline.decoding.generate import Step


def without_cache(model: Callable[[Tensor], Tensor]) -> Step:
    """A step whose state is the tokens themselves; what a cache saves is what it does again.

    With a cache a step costs one position, T steps O(T) positions in all; without, step t costs t
    positions, and all of them O(T²). The logits are the same but for rounding.

    Args:
        model: from texts (batch, time) to logits (batch, vocabulary, time), such as a `GPT`.

    Returns:
        What `greedy`, `sample` and `beam_search` take. The state before the first token is None, or
        for a prompt all its tokens but the last, (batch, time).
    """

    def step(
        token: Int[Tensor, " batch"], state: Any
    ) -> tuple[Float[Tensor, "batch vocabulary"], Int[Tensor, "batch time"]]:
        ids = token[:, None]
        if state is not None:
            ids = torch.cat([state, ids], dim=1)
        return model(ids)[:, :, -1], ids

    return step
