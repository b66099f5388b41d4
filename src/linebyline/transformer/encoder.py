"""The encoder of a Transformer: blocks in which every position sees every other."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.attention_mask import Mask, check_mask
from linebyline.layers.layer_norm import LayerNorm
from linebyline.transformer.block import Block, BlockConfig

Features = Float[Tensor, "batch time size"]


class Encoder(nn.Module):
    """N blocks, one on the other.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.1. Pre-norm blocks leave
    sums that nothing has normalized, so that a last normalization follows them: Xiong et al. 2020,
    table 1. (`torch.nn.Transformer` puts one behind post-norm blocks, too.)

    Args:
        config: of each block.
        num_blocks: N.
        final_norm: whether a normalization follows; None for pre-norm only.
        generator: draws the first weights.

    Raises:
        ValueError: `num_blocks` is below 1; as `Block`; or, on every device, the mask hides all
            from a position.
    """

    def __init__(
        self,
        config: BlockConfig,
        num_blocks: int,
        *,
        final_norm: bool | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if num_blocks < 1:
            raise ValueError(f"num_blocks must be at least 1, not {num_blocks}")
        self.blocks: Sequence[Block] = nn.ModuleList(  # type: ignore[assignment]
            Block(config, generator=generator) for _ in range(num_blocks)
        )
        last = config.norm_first if final_norm is None else final_norm
        self.norm = LayerNorm(config.model_size, eps=config.eps) if last else None

    def forward(self, x: Features, mask: Mask | None = None) -> Features:
        """What each position has seen of all that the mask lets it see."""
        if mask is not None:
            # Here, once, so that no block need look.
            check_mask(mask, len(x), x.shape[1], x.shape[1])
        for block in self.blocks:
            x = block(x, mask)
        return x if self.norm is None else self.norm(x)
