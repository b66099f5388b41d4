"""BERT: a Transformer that reads, each token in the light of all others, on both sides of it."""

from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from linebyline.layers.dropout import Dropout
from linebyline.layers.layer_norm import LayerNorm
from linebyline.layers.linear import Linear
from linebyline.layers.positional_encoding import LearnedEncoding
from linebyline.layers.token_ids import check_ids
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.bert_files import read_bert
from linebyline.transformer.encoder import Encoder
from linebyline.transformer.published import fill
from linebyline.transformer.token_embedding import embedding

Ids = Int[Tensor, "batch time"]
Inside = Bool[Tensor, "batch time"]
STD = 0.02
"""σ of the first weights; in Google's code ``initializer_range``."""


class Encoded(NamedTuple):
    """What BERT knows of texts that it has read."""

    features: Float[Tensor, "batch time size"]
    """h_t, a vector for each token."""

    pooled: Float[Tensor, "batch size"]
    """tanh(W h_0 + b), of the first token, [CLS]: a vector for the whole, in (-1, 1)."""


class BERT(nn.Module):
    """H = Encoder(LayerNorm(E[x_t] + P[t] + S[s_t])), and of its first row C = tanh(W h_0 + b).

    Source: Devlin, Chang, Lee & Toutanova 2019, *BERT: pre-training of deep bidirectional
    transformers for language understanding*, section 3 and figure 2: three embeddings are added, of
    the token x_t, of its position t, and of the text s_t that it belongs to, the first or the
    second. The blocks are those of Vaswani et al. 2017, with GELU. The normalization of the sum
    and the layer that makes C of h_0 are in the authors' code only.

    All matrices start at N(0, 0.02²), all biases at 0. (Google's code draws again what is farther
    than two σ.)

    Args:
        config: the sizes.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, the heads do not divide d_model, or `block.rotary` is set.
    """

    def __init__(
        self,
        config: BERTConfig,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name in ("vocab_size", "context", "num_segments"):
            if (number := getattr(config, name)) < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        block, size = config.block, config.block.model_size
        if block.rotary:
            raise ValueError("block.rotary must be False, for BERT has learned positions")
        self.config = config
        self.token = embedding(config.vocab_size, size, STD, generator)  # E
        self.position = LearnedEncoding(config.context, size, generator=generator)  # P
        self.segment = embedding(config.num_segments, size, STD, generator)  # S
        self.norm = LayerNorm(size, eps=block.eps)
        self.dropout = Dropout(block.dropout)
        self.encoder = Encoder(block, config.num_blocks, generator=generator)
        self.pooler = Linear(size, size, generator=generator)
        start_small(self.encoder, generator)
        start_small(self.pooler, generator)

    def forward(
        self,
        ids: Ids,
        segments: Ids | None = None,
        mask: Inside | None = None,
    ) -> Encoded:
        """All tokens of all texts at once.

        Args:
            ids: of texts, framed as `linebyline.data.sentence_pairs.pair_batch` does.
            segments: for each token the number of its text; without them all are of text 0.
            mask: True where there is a token, False in the padding, which nobody sees.

        Raises:
            ValueError: the ids are not (batch, time), or more than the context has room for;
                segments or mask are of another shape; the mask leaves a text no token; or, on a
                CPU, an id is out of range.
        """
        x = self.embed(ids, segments)
        if mask is not None and mask.shape != ids.shape:
            raise ValueError(
                f"mask must be as ids, {tuple(ids.shape)}, but its shape is {tuple(mask.shape)}"
            )
        h = self.encoder(x, None if mask is None else mask[:, None])  # (B, T, C)
        return Encoded(h, torch.tanh(self.pooler(h[:, 0])))

    def embed(
        self,
        ids: Ids,
        segments: Ids | None = None,
    ) -> Float[Tensor, "batch time size"]:
        """What goes into the first block: LayerNorm(E[x_t] + P[t] + S[s_t])."""
        check_ids("ids", ids, self.config.vocab_size)
        if ids.shape[1] > self.config.context:
            raise ValueError(
                f"ids must fit into the context of {self.config.context} tokens, "
                f"but have {ids.shape[1]}"
            )
        segments = torch.zeros_like(ids) if segments is None else segments
        if segments.shape != ids.shape:
            raise ValueError(
                f"segments must be as ids, {tuple(ids.shape)}, but their shape is "
                f"{tuple(segments.shape)}"
            )
        check_ids("segments", segments, self.config.num_segments)
        x = self.position(self.token(ids)) + self.segment(segments)
        return self.dropout(self.norm(x))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "BERT":
        """A BERT from a folder in the published layout, in evaluation mode; its heads are left out.

        Raises:
            FileNotFoundError: `config.json` or `model.safetensors` is missing.
            ValueError: the folder is of another architecture; the message says what differs.
        """
        config, weights = read_bert(folder)
        with torch.device("meta"):  # shapes without numbers, which the file has
            model = cls(config)
        own = {
            name.removeprefix("bert."): value
            for name, value in weights.items()
            if name.startswith("bert.")
        }
        fill(model, own, folder)
        return model.eval()


@torch.no_grad()
def start_small(model: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw all matrices of a model's linear layers from N(0, 0.02²), and set all biases to 0."""
    for layer in model.modules():
        if isinstance(layer, Linear):
            layer.weight.normal_(0, STD, generator=generator)
            if layer.bias is not None:
                layer.bias.zero_()
