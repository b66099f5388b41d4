"""A block equals torch's encoder and decoder layers, whole and continued."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.transformer.block import Block, BlockConfig

Random = Callable[..., Tensor]
Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]
orders = pytest.mark.parametrize("norm_first", [False, True])


def torchs(kind: type[nn.Module], norm_first: bool, activation: object = "relu") -> nn.Module:
    return kind(
        12, 3, 20, dropout=0.0, activation=activation, norm_first=norm_first, batch_first=True,
        layer_norm_eps=0.1, dtype=torch.float64,
    )  # fmt: skip


def test_as_it_stands_a_block_is_torchs_as_it_stands() -> None:
    """Both have the base model of Vaswani et al. 2017."""
    torchs = {name: x.default for name, x in signature(nn.Transformer).parameters.items()}
    ours = BlockConfig()
    assert ours.model_size == torchs["d_model"]
    assert ours.num_heads == torchs["nhead"]
    assert ours.hidden_size == torchs["dim_feedforward"]
    assert ours.dropout == torchs["dropout"]
    assert ours.eps == torchs["layer_norm_eps"]
    assert ours.norm_first == torchs["norm_first"]


def test_continued_it_hides_nothing_unless_told(random: Random, small: Small) -> None:
    block, x = Block(small()).double(), random(1, 4, 12)
    found, _ = block.continue_from(block.begin(), x)
    assert torch.equal(found, block(x))
    assert not torch.equal(found, block(x, causal=True))


@orders
@pytest.mark.parametrize("activation", [torch.relu, functional.gelu])
def test_is_torchs_encoder_layer(
    norm_first: bool, activation: Callable[[Tensor], Tensor], random: Random, small: Small,
    shaken: Model, copy_block: Callable[..., None],
) -> None:  # fmt: skip
    ours = shaken(Block(small(norm_first=norm_first, activation=activation, eps=0.1)))
    theirs = torchs(nn.TransformerEncoderLayer, norm_first, activation)
    copy_block(theirs, ours)
    x = [random(2, 5, 12).requires_grad_() for _ in range(2)]
    padding = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    answers = [ours(x[0], padding[:, None]), theirs(x[1], src_key_padding_mask=~padding)]
    torch.testing.assert_close(*answers, rtol=1e-11, atol=1e-11)
    for answer in answers:
        (random(2, 5, 12, seed=1) * answer).sum().backward()
    torch.testing.assert_close(x[0].grad, x[1].grad, rtol=1e-10, atol=1e-10)
    found, wanted = ours.feed_forward.hidden.weight.grad, theirs.linear1.weight.grad
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)
    wanted = theirs.self_attn.out_proj.weight.grad
    torch.testing.assert_close(ours.attention.output.weight.grad, wanted, rtol=1e-10, atol=1e-10)


@orders
def test_is_torchs_decoder_layer(
    norm_first: bool, random: Random, small: Small, shaken: Model, copy_block: Callable[..., None]
) -> None:
    ours = shaken(Block(small(norm_first=norm_first, eps=0.1), cross_attention=True))
    theirs = torchs(nn.TransformerDecoderLayer, norm_first)
    copy_block(theirs, ours)
    x, memory = random(2, 5, 12), random(2, 4, 12, seed=1)
    padding = torch.tensor([[True] * 4, [True] * 2 + [False] * 2])
    hidden = ~torch.ones(5, 5, dtype=torch.bool).tril()
    expected = theirs(x, memory, tgt_mask=hidden, memory_key_padding_mask=~padding)
    found = ours(x, causal=True, memory=memory, memory_mask=padding[:, None])
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


@orders
@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("cross", [False, True])
def test_continued_it_is_the_same(
    norm_first: bool, rotary: bool, cross: bool, random: Random, small: Small, shaken: Model
) -> None:
    config = small(norm_first=norm_first, rotary=rotary)
    block = shaken(Block(config, cross_attention=cross))
    x, memory = random(2, 6, 12), random(2, 4, 12, seed=1) if cross else None
    whole = block(x, causal=True, memory=memory)
    state, answers = block.begin(memory), []
    for piece in x.split([3, 1, 2], dim=1):
        answer, state = block.continue_from(state, piece, causal=True)
        answers.append(answer)
    torch.testing.assert_close(torch.cat(answers, dim=1), whole, rtol=1e-11, atol=1e-11)
    assert state.own.key.shape == (2, 3, 6, 4)


@orders
def test_a_mask_counts_all_keys_of_what_is_continued(
    norm_first: bool, random: Random, small: Small, shaken: Model
) -> None:
    block, x = shaken(Block(small(norm_first=norm_first))), random(2, 5, 12)
    mask = torch.ones(2, 1, 5, dtype=torch.bool)
    mask[1, :, 1] = False
    whole = block(x, mask, causal=True)
    first, state = block.continue_from(block.begin(), x[:, :3], mask[:, :, :3], causal=True)
    last, _ = block.continue_from(state, x[:, 3:], mask, causal=True)
    torch.testing.assert_close(torch.cat([first, last], dim=1), whole, rtol=1e-11, atol=1e-11)


def test_dropout_is_of_what_the_parts_answer(random: Random, small: Small, shaken: Model) -> None:
    """With pre-norm and nearly all dropped, what is left is the sum's first part, x."""
    block = shaken(Block(small(norm_first=True, dropout=0.999999)))
    x = random(2, 5, 12)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert torch.equal(block(x), x)
    assert not torch.equal(block.eval()(x), x)


def test_attention_dropout_is_of_the_weights(random: Random, small: Small, shaken: Model) -> None:
    block = shaken(Block(small(attention_dropout=0.5), cross_attention=True))
    assert (block.attention.dropout, block.cross_attention.dropout) == (0.5, 0.5)
    x = random(2, 5, 12)
    assert not torch.equal(block(x, memory=x), block(x, memory=x))
    block.eval()
    assert torch.equal(block(x, memory=x), block(x, memory=x))


def test_learns_to_copy_what_came_before(small: Small) -> None:
    generator = torch.Generator().manual_seed(0)
    config = small(model_size=16, num_heads=2, norm_first=True, rotary=True)
    model = Block(config, generator=generator)
    x = torch.randn(32, 6, 16, generator=generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        loss = (model(x, causal=True)[:, 1:] - x[:, :-1]).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5  # without attention it is 1 at best, for x has the variance 1


def test_refuses_a_memory_that_it_does_not_read(random: Random, small: Small) -> None:
    x = random(2, 5, 12)
    with pytest.raises(ValueError, match="memory must be None: the block has no cross-atten"):
        Block(small()).double()(x, memory=x)
    with pytest.raises(ValueError, match="memory must be given: the block has cross-attention"):
        Block(small(), cross_attention=True).double()(x)


def test_refuses_a_rotary_head_of_odd_size(small: Small) -> None:
    with pytest.raises(ValueError, match=r"size must be even, two features a frequency, not 3"):
        Block(small(num_heads=4, rotary=True))
