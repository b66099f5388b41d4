"""Decoders that look back: at every step another mean of all that the encoder gave."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.attention import AdditiveAttention
from linebyline.layers.linear import Linear
from linebyline.sequence.decoder import (
    Decoder,
    DecoderState,
    Vectors,
    Written,
    sequences_first,
)
from linebyline.sequence.encoder import Encoded
from linebyline.sequence.recurrent import Recurrent, State


class BahdanauDecoder(Decoder):
    """First look, then step: c_t by the state before, s_{t-1}, and s_t from it.

    e_tj = v · tanh(W s_{t-1} + U h_j), α_t = softmax(e_t), c_t = Σ_j α_tj h_j;
    s_t = step([E[y_{t-1}], c_t], s_{t-1}), and the logits are V [s_t, c_t, E[y_{t-1}]] + b.

    Source: Bahdanau, Cho & Bengio 2015, *Neural machine translation by jointly learning to align
    and translate*, section 3.1 and appendix A. Deviation: their maxout layer before the softmax is
    left out. Of several layers the top one asks.

    The gate is that of Xu et al. 2015, *Show, attend and tell*, section 4.2.1: c_t is multiplied
    by β_t = σ(w · s_{t-1} + b), so that a word may ask nothing of the source.

    What is seen at a step is read by the same step, so the steps must be made one after the other.

    Args:
        recurrent: its `input_size` is the length of a token's vector, and `memory_size` more.
        vocab_size: how many tokens there are.
        memory_size: the length of an h_j: the encoder's `width`.
        attention_size: the length of v; None makes it that of s.
        gated: True multiplies c_t by β_t.
        generator: draws E, the attention, V and b and the gate, in this order.

    Raises:
        ValueError: as `Decoder` and `AdditiveAttention`; or the memory has another size.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        vocab_size: int,
        memory_size: int,
        *,
        attention_size: int | None = None,
        gated: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(recurrent, vocab_size, beside=memory_size, generator=generator)
        H = recurrent.hidden_size
        size = H if attention_size is None else attention_size
        self.attention = AdditiveAttention(H, memory_size, size, generator=generator)
        self.output = Linear(H + recurrent.input_size, vocab_size, generator=generator)
        self.gate = Linear(H, 1, generator=generator) if gated else None
        self.memory_size = memory_size

    def begin(self, encoded: Encoded, state: State) -> DecoderState:
        """U h_j is computed here, once."""
        memory = encoded.outputs
        check_memory(memory, self.memory_size)
        projected = self.attention.project(memory)
        return DecoderState(sequences_first(state), memory, encoded.inside, projected)

    def write(self, e: Vectors, state: DecoderState) -> Written:
        """Step by step; only what stands before the softmax is one call for all."""
        hidden, memory, inside, projected, *_ = state
        mask = None if inside is None else inside[:, None]  # (B, 1, S)
        seen, looked = [], []
        for t in range(e.shape[1]):
            s = hidden[0][:, -1:]  # s_{t-1} of the top layer, (B, 1, H)
            c, alpha = self.attention(s, memory, memory, mask, projected=projected)
            if self.gate is not None:
                c = torch.sigmoid(self.gate(s)) * c
            x = torch.cat([e[:, t : t + 1], c], dim=2)  # (B, 1, inputs)
            s, hidden = self._advance(x, hidden)
            seen.append(torch.cat([s, c, e[:, t : t + 1]], dim=2))
            looked.append(alpha)
        weights = torch.cat(looked, dim=1)  # (B, T, S)
        logits = self.output(torch.cat(seen, dim=1)).transpose(1, 2)  # (B, V, T)
        return Written(logits, weights, state._replace(hidden=hidden, weights=weights[:, -1]))


class LuongDecoder(Decoder):
    """First step, then look: c_t by the new state h_t, and both together say the word.

    h_t = step(E[y_{t-1}], h_{t-1}), α_t and c_t by the given attention with the query h_t,
    h̃_t = tanh(W [c_t, h_t]), and the logits are V h̃_t + b.

    Source: Luong, Pham & Manning 2015, *Effective approaches to attention-based neural machine
    translation*, section 3 (global attention), equations 5 and 6; with `input_feeding` section
    3.3: h̃_{t-1} is read beside the token, so that a step knows where the one before it looked.
    Deviation: there is a bias b.

    Without input feeding no step needs to know where another looked: all are one call of the
    recurrent kernel and one of the attention. With it they must be made one after the other.

    Args:
        recurrent: its `input_size` is the length of a token's vector, and with `input_feeding`
            `hidden_size` more.
        vocab_size: how many tokens there are.
        attention: `DotAttention`, `GeneralAttention`, or whatever takes queries (batch, time,
            hidden), keys and values (batch, places, memory_size) and a mask, and returns contexts
            and weights.
        memory_size: the length of a vector of the encoder: its `width`.
        input_feeding: True feeds h̃_{t-1}.
        generator: draws E, then W, V and b as in `Linear`.

    Raises:
        ValueError: as `Decoder` and the attention; or the memory has another size.
    """

    def __init__(
        self,
        recurrent: Recurrent,
        vocab_size: int,
        attention: nn.Module,
        memory_size: int,
        *,
        input_feeding: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        H = recurrent.hidden_size
        fed = H if input_feeding else 0
        super().__init__(recurrent, vocab_size, beside=fed, generator=generator)
        self.attention = attention
        self.combine = Linear(memory_size + H, H, bias=False, generator=generator)  # W
        self.output = Linear(H, vocab_size, generator=generator)
        self.memory_size = memory_size
        self.input_feeding = input_feeding

    def begin(self, encoded: Encoded, state: State) -> DecoderState:
        """With input feeding, h̃_0 = 0."""
        memory = encoded.outputs
        check_memory(memory, self.memory_size)
        fed = memory.new_zeros(len(memory), self.recurrent.hidden_size)
        first = DecoderState(sequences_first(state), memory, encoded.inside)
        return first._replace(fed=fed) if self.input_feeding else first

    def write(self, e: Vectors, state: DecoderState) -> Written:
        """All steps at once, or with input feeding step by step."""
        if not self.input_feeding:
            h, hidden = self._advance(e, state.hidden)
            told, weights = self._look(h, state)
            fed = None
        else:
            hidden, fed, said, looked = state.hidden, state.fed, [], []
            for t in range(e.shape[1]):
                assert fed is not None
                x = torch.cat([e[:, t], fed], dim=1)[:, None]  # (B, 1, inputs)
                h, hidden = self._advance(x, hidden)
                one, alpha = self._look(h, state)
                fed = one[:, 0]
                said.append(one)
                looked.append(alpha)
            told, weights = torch.cat(said, dim=1), torch.cat(looked, dim=1)
        state = state._replace(hidden=hidden, fed=fed, weights=weights[:, -1])
        return Written(self.output(told).transpose(1, 2), weights, state)

    def _look(
        self, h: Float[Tensor, "batch time hidden"], state: DecoderState
    ) -> tuple[Float[Tensor, "batch time hidden"], Float[Tensor, "batch time places"]]:
        """h̃_t and α_t."""
        mask = None if state.inside is None else state.inside[:, None]  # (B, 1, S)
        c, alpha = self.attention(h, state.memory, state.memory, mask)
        return torch.tanh(self.combine(torch.cat([c, h], dim=2))), alpha


def check_memory(memory: Tensor, size: int) -> None:
    """Refuse what a decoder was not made to look at.

    Raises:
        ValueError: the vectors have another length.
    """
    if memory.shape[2] != size:
        raise ValueError(
            f"memory_size must be {memory.shape[2]}, as the encoder's vectors are long, not {size}"
        )
