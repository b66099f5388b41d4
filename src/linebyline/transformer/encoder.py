"""The encoder of a Transformer: blocks in which every position sees every other."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.attention_mask import Mask, check_mask
from linebyline.transformer.block import Block, BlockConfig, stack

Features = Float[Tensor, "batch time size"]


class Encoder(nn.Module):
    """N blocks, one on the other.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.1. A last normalization
    follows pre-norm blocks, as `linebyline.transformer.block.stack` has it. (`torch.nn.Transformer`
    puts one behind post-norm blocks, too.)

    Args:
        config: of each block.
        num_blocks: N.
        final_norm: whether a normalization follows; None for pre-norm only.
        generator: draws the first weights.

    Raises:
        ValueError: `num_blocks` is below 1; as `Block`; or, on every device, the mask hides all
            from a position.
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
            config, num_blocks, final_norm=final_norm, generator=generator
        )

    def forward(self, x: Features, mask: Mask | None = None) -> Features:
        """What each position has seen of all that the mask lets it see."""
        if mask is not None:
            # Here, once, so that no block need look.
            check_mask(mask, len(x), x.shape[1], x.shape[1])
        for block in self.blocks:
            x = block(x, mask)
        return x if self.norm is None else self.norm(x)
