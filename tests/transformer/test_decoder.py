"""The decoder equals torch's, whole and step by step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.decoding.beam_search import select_rows
from linebyline.layers.attention_mask import padding_mask
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.decoder import Decoder

Random = Callable[..., Tensor]
Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]
orders = pytest.mark.parametrize("norm_first", [False, True])


@orders
def test_is_torchs(
    norm_first: bool, random: Random, small: Small, shaken: Model, copy_block: Callable[..., None]
) -> None:
    ours = shaken(Decoder(small(norm_first=norm_first, eps=0.1), 2))
    layer = nn.TransformerDecoderLayer(
        12, 3, 20, dropout=0.0, norm_first=norm_first, batch_first=True, dtype=torch.float64,
        layer_norm_eps=0.1,
    )  # fmt: skip
    norm = nn.LayerNorm(12, eps=0.1, dtype=torch.float64) if norm_first else None
    theirs = nn.TransformerDecoder(layer, 2, norm)
    for their, our in zip(theirs.layers, ours.blocks, strict=True):
        copy_block(their, our)
    if norm_first:
        norm.load_state_dict(ours.norm.state_dict())
    mask = padding_mask(torch.tensor([4, 2]), 4)
    hidden = ~torch.ones(5, 5, dtype=torch.bool).tril()
    x = [random(2, 5, 12).requires_grad_() for _ in range(2)]
    memory = [random(2, 4, 12, seed=1).requires_grad_() for _ in range(2)]
    expected = theirs(x[1], memory[1], tgt_mask=hidden, memory_key_padding_mask=~mask[:, 0])
    found = ours(x[0], memory[0], mask)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)
    for each in (found, expected):
        (random(2, 5, 12, seed=2) * each).sum().backward()
    for pair in (x, memory):
        torch.testing.assert_close(pair[0].grad, pair[1].grad, rtol=1e-10, atol=1e-10)
    assert (memory[0].grad[1, 2:] == 0).all()


@orders
def test_step_by_step_it_is_the_same(
    norm_first: bool, random: Random, small: Small, shaken: Model
) -> None:
    decoder = shaken(Decoder(small(norm_first=norm_first), 2))
    x, memory = random(2, 5, 12), random(2, 4, 12, seed=1)
    mask = padding_mask(torch.tensor([4, 2]), 4)
    whole = decoder(x, memory, mask)
    state = decoder.begin(memory, mask)
    assert state.length == 0
    for t in range(5):
        answer, state = decoder.continue_from(state, x[:, t : t + 1])
        torch.testing.assert_close(answer, whole[:, t : t + 1], rtol=1e-11, atol=1e-11)
        assert state.length == t + 1


def test_a_state_s_rows_are_the_sequences(random: Random, small: Small, shaken: Model) -> None:
    """As beam search takes them: some twice, some not at all."""
    decoder = shaken(Decoder(small(), 1))
    x, memory = random(3, 3, 12), random(3, 4, 12, seed=1)
    state = decoder.begin(memory, torch.ones(1, 1, 4, dtype=torch.bool))  # one mask for all
    _, state = decoder.continue_from(state, x[:, :2])
    whole = decoder(x, memory)
    rows = torch.tensor([2, 0, 2])
    answer, _ = decoder.continue_from(select_rows(state, rows), x[rows, 2:])
    torch.testing.assert_close(answer, whole[rows, 2:], rtol=1e-11, atol=1e-11)


def test_gradient(random: Random, small: Small, shaken: Model) -> None:
    decoder = shaken(Decoder(small(model_size=4, num_heads=2, hidden_size=6), 1))
    x = random(1, 3, 4).requires_grad_(), random(1, 2, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(decoder, x)


def test_learns_to_repeat_the_memory(small: Small) -> None:
    generator = torch.Generator().manual_seed(0)
    config = small(model_size=16, num_heads=2, norm_first=True)
    decoder = Decoder(config, 1, generator=generator)
    memory = torch.randn(32, 1, 16, generator=generator)
    x = torch.randn(1, 3, 16, generator=generator).expand(32, -1, -1)
    optimizer = torch.optim.Adam(decoder.parameters(), lr=0.01)
    y = torch.nn.functional.layer_norm(memory, (16,)).expand(-1, 3, -1)
    for _ in range(150):
        optimizer.zero_grad()
        loss = (decoder(x, memory) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_refuses(random: Random, small: Small) -> None:
    with pytest.raises(ValueError, match="num_blocks must be at least 1, not 0"):
        Decoder(small(), 0)
    decoder, x = Decoder(small(), 1).double(), random(2, 4, 12)
    with pytest.raises(ValueError, match=r"mask must broadcast to .* \(2, 1, 4\), .* \(2, 1, 5\)"):
        decoder(x, x, torch.ones(2, 1, 5, dtype=torch.bool))
    with pytest.raises(ValueError, match="hides all 4 from 2 of 2"):
        decoder(x, x, torch.zeros(2, 1, 4, dtype=torch.bool))


def test_looks_into_the_mask_itself(random: Random, small: Small) -> None:
    """On a GPU the blocks do not; here there are none."""
    decoder = Decoder(small(), 1).double()
    decoder.blocks = nn.ModuleList()
    with pytest.raises(ValueError, match="hides all 5 from 2 of 2"):
        decoder.begin(random(2, 5, 12), torch.zeros(5, dtype=torch.bool))
