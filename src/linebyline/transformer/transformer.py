"""The Transformer: an encoder that reads, a decoder that writes, and attention in both."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.token_pairs import PADDING
from linebyline.layers.dropout import Dropout
from linebyline.layers.positional_encoding import SinusoidalEncoding
from linebyline.layers.token_ids import check_ids
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.decoder import Decoder, DecoderState
from linebyline.transformer.encoder import Encoder
from linebyline.transformer.token_embedding import embedding

Ids = Int[Tensor, "batch time"]
Logits = Float[Tensor, "batch vocabulary time"]


class Transformer(nn.Module):
    """P(y given x), the source x read by blocks of attention and y written by others.

    Source: Vaswani et al. 2017, *Attention is all you need*. A token enters as √d E[x_t] + PE[t],
    section 3.4 and 3.5, with dropout; the logits are E h_t, from the same E (Press & Wolf 2017,
    *Using the output embedding to improve language models*). E starts at N(0, 1/d), so that what
    enters has features of the size of the positions'.

    `forward` takes what `linebyline.data.token_pairs.token_pairs` makes: source and what the
    decoder reads, one above the other in one tensor. The loss is `CrossEntropy(ignore_index=
    PADDING)`. Padding of a source is seen by nobody; padding behind a target sees what was before.

    `begin` and `step` are for `linebyline.decoding`: after `state = model.begin(source)`, call
    `greedy(model.step, first, state, ...)` or `beam_search`, first being `BEGIN` for each source.

    Args:
        config: of the blocks of both halves.
        num_blocks: N, of each half.
        source_size: how many tokens a source may have, E's rows.
        target_size: how many a target has, if it has an E of its own; None for one vocabulary.
        generator: draws the first weights.

    Raises:
        ValueError: a size is below 1, d_model is odd; the inputs are not (batch, 2, time); an id is
            out of range, or a source is nothing but padding.
    """

    def __init__(
        self,
        config: BlockConfig,
        num_blocks: int,
        source_size: int,
        target_size: int | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"source_size": source_size, "target_size": target_size}
        for name, size in sizes.items():
            if size is not None and size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        self.model_size = config.model_size
        std = config.model_size**-0.5
        self.source = embedding(source_size, config.model_size, std, generator)
        self.target = self.source
        if target_size is not None:
            self.target = embedding(target_size, config.model_size, std, generator)
        self.position = SinusoidalEncoding(config.model_size)
        self.dropout = Dropout(config.dropout)
        self.encoder = Encoder(config, num_blocks, generator=generator)
        self.decoder = Decoder(config, num_blocks, generator=generator)

    def forward(self, inputs: Int[Tensor, "batch 2 time"]) -> Logits:
        """The logits of each next token."""
        if inputs.ndim != 3 or inputs.shape[1] != 2:
            raise ValueError(
                "inputs must be (batch, 2, time), the sources and what the decoder reads, but "
                f"their shape is {tuple(inputs.shape)}"
            )
        source, target = inputs.unbind(1)
        return self.continue_from(self.begin(source), target)[0]

    def begin(self, source: Ids) -> DecoderState:
        """Read the sources; the state before the first token of what is written."""
        inside = (source != PADDING)[:, None]  # (B, 1, S), for all queries the same
        memory = self.encoder(self._embedded("source", source, self.source), inside)
        return self.decoder.begin(memory, inside)

    def continue_from(
        self,
        state: DecoderState,
        target: Ids,
    ) -> tuple[Logits, DecoderState]:
        """The logits behind each token of a piece of the targets; and the new state."""
        x = self._embedded("target", target, self.target, start=state.length)
        h, state = self.decoder.continue_from(state, x)
        logits = functional.linear(h, self.target.weight)  # E h_t: (B, T, V)
        return logits.transpose(1, 2), state

    def step(
        self, token: Int[Tensor, " batch"], state: DecoderState
    ) -> tuple[Float[Tensor, "batch vocabulary"], DecoderState]:
        """From the last token and the state before it to the next one's logits."""
        logits, state = self.continue_from(state, token[:, None])
        return logits[:, :, 0], state

    def _embedded(
        self, name: str, ids: Ids, rows: nn.Embedding, start: int = 0
    ) -> Float[Tensor, "batch time size"]:
        check_ids(name, ids, rows.num_embeddings)
        x = math.sqrt(self.model_size) * rows(ids)
        return self.dropout(self.position(x, start))
