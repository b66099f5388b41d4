"""The decoder: a language model that begins where an encoder ended."""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from linebyline.layers.linear import Linear
from linebyline.layers.token_ids import check_ids
from linebyline.sequence.encoder import Encoded
from linebyline.sequence.recurrent import Recurrent, State

Tokens = Int[Tensor, "batch time"]
Vectors = Float[Tensor, "batch time embedding"]


class DecoderState(NamedTuple):
    """All that a decoder knows before its next step, with the sequences on axis 0 of every tensor:
    so a beam search picks and repeats them without knowing what they are.
    """

    hidden: tuple[Float[Tensor, "batch layers hidden"], ...]
    """The recurrent network's state, its first two axes exchanged."""

    memory: Float[Tensor, "batch places width"]
    """What the encoder gave: a vector for each place, or one alone."""

    inside: Bool[Tensor, "batch places"] | None = None
    """Which places there are; None for all."""

    projected: Float[Tensor, "batch places attention"] | None = None
    """What an additive attention computes of the memory once."""

    fed: Float[Tensor, "batch hidden"] | None = None
    """What the last step feeds to the next beside the state, where it does."""

    weights: Float[Tensor, "batch places"] | None = None
    """Where the last step looked, if there is an attention and a step was made."""


class Written(NamedTuple):
    """What a decoder has said to the tokens that it was given."""

    logits: Float[Tensor, "batch vocabulary time"]
    """Of each next token, as `cross_entropy` takes them."""

    weights: Float[Tensor, "batch time places"] | None
    """Where it looked at each step; None without an attention."""

    state: DecoderState
    """Behind the last step."""


class Decoder(nn.Module, ABC):
    """P(y_1, ..., y_T given x) = Π_t P(y_t given y_1, ..., y_{t-1} and x).

    What all decoders share. `forward` is told the tokens, the true ones when it is taught; `step`
    takes one token for each sequence, as `linebyline.decoding.generate.Step` asks.

    Args:
        recurrent: an `RNN`, `LSTM` or `GRU`, in one direction.
        vocab_size: how many tokens there are.
        beside: how many of the recurrent network's inputs are no part of a token's vector; the
            others are its length.
        generator: draws E from the normal distribution.

    Raises:
        ValueError: a size is below 1, `recurrent` reads in both directions, or has no input left
            for the token; tokens have another shape or, on a CPU, an id that is out of range.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        vocab_size: int,
        *,
        beside: int = 0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if vocab_size < 1:
            raise ValueError(f"vocab_size must be at least 1, not {vocab_size}")
        if recurrent.bidirectional:
            raise ValueError(
                "recurrent must read in one direction, for the other one has seen the next token"
            )
        embedding_size = recurrent.input_size - beside
        if embedding_size < 1:
            raise ValueError(
                f"recurrent must have an input_size of at least {beside + 1}, for {beside} of its "
                f"inputs are no part of the token, not {recurrent.input_size}"
            )
        self.vocab_size = vocab_size
        self.embedding_size = embedding_size
        rows = torch.randn(vocab_size, embedding_size, generator=generator)
        self.embedding = nn.Embedding.from_pretrained(rows, freeze=False)  # E
        self.recurrent = recurrent

    @abstractmethod
    def begin(self, encoded: Encoded, state: State) -> DecoderState:
        """The state before the first token, from what the encoder gave and a first state of the
        recurrent network, (layers, batch, hidden), or two of them.
        """

    @abstractmethod
    def write(self, e: Vectors, state: DecoderState) -> Written:
        """`forward`, with a vector for each token."""

    def forward(self, tokens: Tokens, state: DecoderState) -> Written:
        """All steps: at step t it reads tokens[:, t] and says what it expects next."""
        check_ids("tokens", tokens, self.vocab_size)
        return self.write(self.embedding(tokens), state)

    def step(
        self, token: Int[Tensor, " batch"], state: DecoderState
    ) -> tuple[Float[Tensor, "batch vocabulary"], DecoderState]:
        """From the last token and the state before it to the logits of the next one."""
        logits, _, state = self(token[:, None], state)
        return logits[:, :, 0], state

    def _advance(
        self, x: Float[Tensor, "batch time inputs"], hidden: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, "batch time hidden"], tuple[Tensor, ...]]:
        """The recurrent network's steps, in one call."""
        parts = [part.transpose(0, 1).contiguous() for part in hidden]  # (layers, B, H)
        h, state = self.recurrent(x, parts[0] if len(parts) == 1 else tuple(parts))
        return h, sequences_first(state)


def sequences_first(state: Any) -> tuple[Tensor, ...]:
    """A recurrent network's state, (layers, batch, hidden), as parts (batch, layers, hidden)."""
    parts = (state,) if isinstance(state, Tensor) else state
    return tuple(part.transpose(0, 1) for part in parts)


class ContextDecoder(Decoder):
    """A decoder that knows one vector of the source, c: at its beginning, or at every step.

    With `context_size` 0 the source comes in by the first state alone, as in Sutskever, Vinyals &
    Le 2014, *Sequence to sequence learning with neural networks*, section 2: h_t = step(E[y_{t-1}],
    h_{t-1}), and the logits are V h_t + b.

    Otherwise c, of that length, is read again at every step, beside the token, and stands before
    the softmax, too: h_t = step([E[y_{t-1}], c], h_{t-1}), and the logits are V [h_t, c,
    E[y_{t-1}]] + b, as in Cho et al. 2014, *Learning phrase representations using RNN
    encoder-decoder for statistical machine translation*, section 2.2. Deviations: they send c
    through a tanh layer, and have one of maxout units before the softmax.

    All steps are one call of the fused kernel.

    Args:
        recurrent: its `input_size` is the length of a token's vector, and `context_size` more.
        vocab_size: how many tokens there are.
        context_size: 0, or the encoder's `width`.
        generator: draws E, then V and b as in `Linear`.

    Raises:
        ValueError: as `Decoder`; or the context has another length.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        vocab_size: int,
        *,
        context_size: int = 0,
        generator: torch.Generator | None = None,
    ) -> None:
        if context_size < 0:
            raise ValueError(f"context_size must be at least 0, not {context_size}")
        super().__init__(recurrent, vocab_size, beside=context_size, generator=generator)
        self.context_size = context_size
        width = recurrent.hidden_size + (recurrent.input_size if context_size else 0)
        self.output = Linear(width, vocab_size, generator=generator)

    def begin(self, encoded: Encoded, state: State) -> DecoderState:
        """The context is the only place of the memory."""
        c = encoded.context
        if self.context_size and c.shape[1] != self.context_size:
            raise ValueError(
                f"context_size must be {c.shape[1]}, the encoder's width, or 0, "
                f"not {self.context_size}"
            )
        return DecoderState(sequences_first(state), c[:, None, : self.context_size])

    def write(self, e: Vectors, state: DecoderState) -> Written:
        """One call for all steps."""
        c = state.memory.expand(-1, e.shape[1], -1)  # (B, T, context)
        h, hidden = self._advance(torch.cat([e, c], dim=2), state.hidden)
        seen = torch.cat([h, c, e], dim=2) if self.context_size else h
        logits = self.output(seen).transpose(1, 2)  # (B, V, T)
        return Written(logits, None, state._replace(hidden=hidden))
