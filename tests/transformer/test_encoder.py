"""The encoder equals torch's, in both orders."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.attention_mask import padding_mask
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.encoder import Encoder

Random = Callable[..., Tensor]
Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("final_norm", [None, False, True])
def test_is_torchs(
    norm_first: bool, final_norm: bool | None, random: Random, small: Small, shaken: Model,
    copy_block: Callable[..., None],
) -> None:  # fmt: skip
    ours = shaken(Encoder(small(norm_first=norm_first, eps=0.1), 2, final_norm=final_norm))
    layer = nn.TransformerEncoderLayer(
        12, 3, 20, dropout=0.0, norm_first=norm_first, batch_first=True, dtype=torch.float64,
        layer_norm_eps=0.1,
    )  # fmt: skip
    last = norm_first if final_norm is None else final_norm
    norm = nn.LayerNorm(12, eps=0.1, dtype=torch.float64) if last else None
    theirs = nn.TransformerEncoder(layer, 2, norm, enable_nested_tensor=False)
    for their, our in zip(theirs.layers, ours.blocks, strict=True):
        copy_block(their, our)
    assert (ours.norm is not None) == last
    if last:
        theirs.norm.load_state_dict(ours.norm.state_dict())
    mask = padding_mask(torch.tensor([5, 3]), 5)
    x = [random(2, 5, 12).requires_grad_() for _ in range(2)]
    y = ours(x[0], mask), theirs(x[1], src_key_padding_mask=~mask[:, 0])
    torch.testing.assert_close(*y, rtol=1e-11, atol=1e-11)
    for each in y:
        (random(2, 5, 12, seed=1) * each).sum().backward()
    torch.testing.assert_close(x[0].grad, x[1].grad, rtol=1e-10, atol=1e-10)


def test_gradient(random: Random, small: Small, shaken: Model) -> None:
    encoder = shaken(Encoder(small(model_size=4, num_heads=2, hidden_size=6), 2))
    assert torch.autograd.gradcheck(encoder, random(1, 3, 4).requires_grad_())


def test_learns_which_of_two_vectors_comes_first(small: Small) -> None:
    """Only positions tell, so the answer must come from features of several positions."""
    generator = torch.Generator().manual_seed(0)
    encoder = Encoder(small(model_size=16, num_heads=2, rotary=True), 1, generator=generator)
    a, b = torch.randn(2, 16, generator=generator)
    order = torch.randint(2, (32,), generator=generator)
    x = torch.randn(32, 2, 16, generator=generator) * 0.1
    x[:, 0] += torch.where(order[:, None] == 1, a, b)
    x[:, 1] += torch.where(order[:, None] == 1, b, a)
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        logit = encoder(x).sum(1)[:, 0]  # the sum over positions, which has no order of its own
        loss = nn.functional.binary_cross_entropy_with_logits(logit, order.float())
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_refuses(random: Random, small: Small) -> None:
    with pytest.raises(ValueError, match="num_blocks must be at least 1, not 0"):
        Encoder(small(), 0)
    encoder, x = Encoder(small(), 1).double(), random(2, 5, 12)
    mask = torch.ones(2, 1, 5, dtype=torch.bool)
    mask[1] = False
    with pytest.raises(ValueError, match="hides all 5 from 5 of 10"):
        encoder(x, mask)
    with pytest.raises(ValueError, match=r"mask must broadcast to .* \(2, 5, 5\), .* \(2, 5\)"):
        encoder(x, mask[:, 0])


def test_looks_into_the_mask_itself(random: Random, small: Small) -> None:
    """On a GPU the blocks do not; here there are none."""
    encoder = Encoder(small(), 1).double()
    encoder.blocks = nn.ModuleList()
    with pytest.raises(ValueError, match="hides all 5 from 10 of 10"):
        encoder(random(2, 5, 12), torch.zeros(5, dtype=torch.bool))
