"""A Transformer that answers at each place of a text, with the positional encoding it is given."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from linebyline.layers.attention_mask import Mask, causal_mask
from linebyline.layers.linear import Linear
from linebyline.layers.token_ids import check_ids
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.encoder import Encoder
from linebyline.transformer.token_embedding import embedding


class Tagger(nn.Module):
    """Logits W h_t + b, with h from an encoder over E[x_t], to which `position` adds where t is.

    The encoder is that of Vaswani et al. 2017, *Attention is all you need*. E starts at N(0, 1),
    which is the size at which the authors' √d E[x_t] enters: that of the sinusoids.

    `forward` takes texts (batch, time) and answers with (batch, outputs, time), as `cross_entropy`
    takes it.

    Args:
        config: of the blocks. With `config.rotary` it is they who know of positions.
        num_blocks: N.
        vocab_size: how many tokens there are.
        outputs: how many answers there are.
        position: takes and returns (batch, time, size), as those of
            `linebyline.layers.positional_encoding` do; None adds nothing.
        causal: True hides from each place those behind it.
        generator: draws the first weights.

    Raises:
        ValueError: a size is below 1; as the parts; the ids are not (batch, time), or, on a CPU,
            one is out of range.
    """

    def __init__(
        self,
        config: BlockConfig,
        num_blocks: int,
        vocab_size: int,
        outputs: int,
        *,
        position: nn.Module | None = None,
        causal: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, number in (("vocab_size", vocab_size), ("outputs", outputs)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        self.token = embedding(vocab_size, config.model_size, 1.0, generator)  # E
        self.position = position
        self.causal = causal
        self.encoder = Encoder(config, num_blocks, generator=generator)
        self.readout = Linear(config.model_size, outputs, generator=generator)

    def forward(
        self,
        ids: Int[Tensor, "batch time"],
        mask: Mask | None = None,
    ) -> Float[Tensor, "batch outputs time"]:
        """The logits at each place.

        Args:
            ids: the texts.
            mask: True where a place may see another, (batch, time, time) or what broadcasts.
        """
        check_ids("ids", ids, self.token.num_embeddings)
        x = self.token(ids)  # (B, T, C)
        if self.position is not None:
            x = self.position(x)
        if self.causal:
            before = causal_mask(ids.shape[1], ids.shape[1], device=ids.device)
            mask = before if mask is None else mask & before
        return self.readout(self.encoder(x, mask)).transpose(1, 2)
