"""The block that all Transformers repeat: positions look at each other, then each by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.attention_mask import Mask
from linebyline.layers.dropout import Dropout
from linebyline.layers.feed_forward import FeedForward
from linebyline.layers.layer_norm import LayerNorm
from linebyline.layers.multi_head_attention import KeyValue, MultiHeadAttention
from linebyline.layers.positional_encoding import Rotary

Features = Float[Tensor, "batch time size"]
Norm = LayerNorm | None
Memory = Float[Tensor, "batch source size"]


@dataclass(frozen=True)
class BlockConfig:
    """What a block is made of; as it stands, that of Vaswani et al. 2017, table 3, base model."""

    model_size: int = 512
    """d_model, the features of each position."""

    num_heads: int = 8
    """h, the heads of each attention."""

    hidden_size: int = 2048
    """d_ff, the hidden units of the feed-forward network."""

    norm_first: bool = False
    """True normalizes what a part reads, False what it leaves."""

    activation: Callable[[Tensor], Tensor] = torch.relu
    """φ, of the feed-forward network."""

    dropout: float = 0.1
    """Of what a part answers, before it is added to what the part read."""

    attention_dropout: float = 0.0
    """Of the attention's weights."""

    eps: float = 1e-5
    """ε, of the normalizations."""

    rotary: bool = False
    """True turns queries and keys of the self-attention by their positions."""


class BlockState(NamedTuple):
    """What a block remembers of what it has read: its key-value cache."""

    own: KeyValue | None
    """Of the positions before; None before the first."""

    memory: KeyValue | None
    """Of the encoder's answers; None if there is no encoder."""

    @property
    def length(self) -> int:
        """How many positions were read."""
        return 0 if self.own is None else self.own.key.shape[2]


class Block(nn.Module):
    """Self-attention, then attention to a memory if there is one, then the feed-forward network.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.1: every part is
    LayerNorm(x + Part(x)), "post-norm". With `norm_first` it is x + Part(LayerNorm(x)), "pre-norm",
    where a path from the input to the answer has nothing but sums on it: Xiong et al. 2020, *On
    layer normalization in the Transformer architecture*, table 1; so do GPT-2 and 3. BERT and GPT-1
    have the first form.

    Args:
        config: sizes, order and rates.
        cross_attention: True makes a block of a decoder, which looks at the encoder's answers.
        generator: draws the first weights, as each part does.

    Raises:
        ValueError: as the parts; or there is a memory and no cross-attention, or the other way.
    """

    def __init__(
        self,
        config: BlockConfig,
        *,
        cross_attention: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        size, heads, eps = config.model_size, config.num_heads, config.eps
        rotary = Rotary(size // heads) if config.rotary else None
        attention = partial(
            MultiHeadAttention,
            size,
            heads,
            dropout=config.attention_dropout,
            generator=generator,
        )
        self.norm_first = config.norm_first
        self.attention = attention(rotary=rotary)
        self.attention_norm = LayerNorm(size, eps=eps)
        self.cross_attention: MultiHeadAttention | None = None
        self.cross_norm: LayerNorm | None = None
        if cross_attention:
            self.cross_attention = attention()
            self.cross_norm = LayerNorm(size, eps=eps)
        hidden = config.hidden_size
        self.feed_forward = FeedForward(
            size, hidden, activation=config.activation, generator=generator
        )
        self.feed_forward_norm = LayerNorm(size, eps=eps)
        self.dropout = Dropout(config.dropout)

    def forward(
        self,
        x: Features,
        mask: Mask | None = None,
        *,
        causal: bool = False,
        memory: Memory | None = None,
        memory_mask: Mask | None = None,
    ) -> Features:
        """All positions of all sequences at once.

        Args:
            x: what comes from the block below.
            mask: True where a position may see another, (batch, time, time) or what broadcasts.
            causal: True hides from each position those behind it.
            memory: the encoder's answers.
            memory_mask: True where a position may see one of the memory.
        """
        state = self.begin(memory)
        x, _ = self.continue_from(
            state,
            x,
            mask,
            causal=causal,
            memory_mask=memory_mask,
        )
        return x

    def begin(self, memory: Memory | None = None) -> BlockState:
        """The state before the first position."""
        if self.cross_attention is None:
            if memory is not None:
                raise ValueError("memory must be None: the block has no cross-attention")
            return BlockState(None, None)
        if memory is None:
            raise ValueError("memory must be given: the block has cross-attention")
        return BlockState(None, self.cross_attention.keys_values(memory))

    def continue_from(
        self,
        state: BlockState,
        x: Features,
        mask: Mask | None = None,
        *,
        causal: bool = False,
        memory_mask: Mask | None = None,
    ) -> tuple[Features, BlockState]:
        """As `forward` for the positions behind those in the state; and the new state.

        The keys of a mask are then all positions, those in the state first.
        """
        h = self._before(x, self.attention_norm)
        own = self.attention.keys_values(h, start=state.length)
        own = own if state.own is None else state.own.extended(own)
        answer = self.attention.read(h, own, mask, causal)
        x = self._after(x, answer, self.attention_norm)
        if self.cross_attention is not None and state.memory is not None:
            h = self._before(x, self.cross_norm)
            answer = self.cross_attention.read(h, state.memory, memory_mask)
            x = self._after(x, answer, self.cross_norm)
        h = self._before(x, self.feed_forward_norm)
        x = self._after(x, self.feed_forward(h), self.feed_forward_norm)
        return x, BlockState(own, state.memory)

    def _before(self, x: Features, norm: Norm) -> Features:
        return norm(x) if self.norm_first and norm is not None else x

    def _after(self, x: Features, answer: Features, norm: Norm) -> Features:
        x = x + self.dropout(answer)
        return x if self.norm_first or norm is None else norm(x)


def stack(
    config: BlockConfig,
    num_blocks: int,
    *,
    cross_attention: bool = False,
    final_norm: bool | None = None,
    generator: torch.Generator | None = None,
) -> tuple[Any, Norm]:
    """N blocks, one on the other, and the normalization that follows them, if one does.

    Pre-norm blocks leave sums that nothing has normalized, so that a last normalization follows
    them: Xiong et al. 2020, table 1.

    Args:
        config: of each block.
        num_blocks: N.
        cross_attention: as `Block` has it.
        final_norm: whether a normalization follows; None for pre-norm only.
        generator: draws the first weights.

    Returns:
        The blocks, in an `nn.ModuleList`, and the normalization or None.

    Raises:
        ValueError: `num_blocks` is below 1; or as `Block`.
    """
    if num_blocks < 1:
        raise ValueError(f"num_blocks must be at least 1, not {num_blocks}")
    blocks = nn.ModuleList(
        Block(config, cross_attention=cross_attention, generator=generator)
        for _ in range(num_blocks)
    )
    last = config.norm_first if final_norm is None else final_norm
    return blocks, LayerNorm(config.model_size, eps=config.eps) if last else None
