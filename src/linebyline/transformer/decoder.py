"""The decoder of a Transformer: blocks that see what came before, and what the encoder read."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.attention_mask import Mask, check_mask
from linebyline.transformer.block import Block, BlockConfig, BlockState, stack

Features = Float[Tensor, "batch time size"]
Memory = Float[Tensor, "batch source size"]


class DecoderState(NamedTuple):
    """What is remembered between two steps; the first axis of each tensor is the batch."""

    blocks: tuple[BlockState, ...]
    """One for each block."""

    memory_mask: Mask | None
    """True where the memory may be looked at, (batch, 1, source)."""

    @property
    def length(self) -> int:
        """How many positions were read."""
        return self.blocks[0].length


class Decoder(nn.Module):
    """N causal blocks, one on the other, each with attention to the encoder's last answers.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.1. Between two steps of a
    generation nothing of a position is needed but its keys and values, which the state keeps, and
    those of the memory, which are computed once.

    Arguments and errors are those of `linebyline.transformer.encoder.Encoder`.
    """

    blocks: Sequence[Block]

    def __init__(
        self,
        config: BlockConfig,
        num_blocks: int,
        *,
        final_norm: bool | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.blocks, self.norm = stack(
            config, num_blocks, cross_attention=True, final_norm=final_norm, generator=generator
        )

    def forward(
        self,
        x: Features,
        memory: Memory,
        memory_mask: Mask | None = None,
    ) -> Features:
        """All positions at once; each sees those up to itself, and the memory.

        Args:
            x: of what is written.
            memory: the encoder's answers.
            memory_mask: True where the memory may be looked at, (batch, 1, source).
        """
        return self.continue_from(self.begin(memory, memory_mask), x)[0]

    def begin(self, memory: Memory, memory_mask: Mask | None = None) -> DecoderState:
        """The state before the first position."""
        if memory_mask is not None:
            batch, source = memory.shape[:2]
            # Here, once, so that no block need look.
            check_mask(memory_mask, batch, 1, source)
            memory_mask = memory_mask.expand(batch, 1, source)
        blocks = tuple(block.begin(memory) for block in self.blocks)
        return DecoderState(blocks, memory_mask)

    def continue_from(
        self,
        state: DecoderState,
        x: Features,
    ) -> tuple[Features, DecoderState]:
        """As `forward` for the positions behind those in the state; and the new state."""
        mask, after = state.memory_mask, []
        for block, before in zip(self.blocks, state.blocks, strict=True):
            x, new = block.continue_from(before, x, causal=True, memory_mask=mask)
            after.append(new)
        x = x if self.norm is None else self.norm(x)
        return x, DecoderState(tuple(after), mask)
