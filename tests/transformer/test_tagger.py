"""The tagger is its parts, one after the other; without positions it cannot tell orders apart."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.previous_symbol import previous_symbol
from linebyline.layers.attention_mask import causal_mask
from linebyline.layers.positional_encoding import LearnedEncoding, SinusoidalEncoding, sinusoidal
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.tagger import Tagger


def tagger(
    *, rotary: bool = False, causal: bool = False, position: nn.Module | None = None
) -> Tagger:
    config = BlockConfig(16, 2, 32, norm_first=True, dropout=0.0, rotary=rotary)
    g = torch.Generator().manual_seed(0)
    return Tagger(config, 2, 9, 5, position=position, causal=causal, generator=g).double()


@pytest.fixture
def ids() -> Tensor:
    return previous_symbol(3, 7).inputs


def test_equals_its_parts(ids: Tensor) -> None:
    model = tagger(position=SinusoidalEncoding(16))
    x = model.token.weight[ids] + sinusoidal(8, 16)
    for block in model.encoder.blocks:
        x = block(x)
    h = functional.layer_norm(x, (16,), model.encoder.norm.weight, model.encoder.norm.bias)
    expected = functional.linear(h, model.readout.weight, model.readout.bias)
    found = model(ids)
    assert found.shape == (3, 5, 8)
    torch.testing.assert_close(found.transpose(1, 2), expected)


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("added", [False, True])
def test_order_is_seen_only_through_positions(ids: Tensor, rotary: bool, added: bool) -> None:
    model = tagger(rotary=rotary, position=SinusoidalEncoding(16) if added else None)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(1))
    same = torch.allclose(model(ids)[:, :, order], model(ids[:, order]))
    assert same == (not rotary and not added)


def test_causal_hides_what_comes_later(ids: Tensor) -> None:
    model = tagger(causal=True)
    torch.testing.assert_close(model(ids)[:, :, :4], model(ids[:, :4]))
    before = causal_mask(8, 8)
    torch.testing.assert_close(model(ids), tagger()(ids, before))
    near = torch.ones(8, 8, dtype=torch.bool).triu(-2)
    torch.testing.assert_close(model(ids, near), tagger()(ids, near & before))


def test_what_is_hidden_is_not_seen(ids: Tensor) -> None:
    """With relative positions a row that stands behind hidden places is answered as before."""
    model = tagger(rotary=True)
    longer = torch.cat([torch.full((3, 20), 4), ids], dim=1)
    behind = (torch.arange(28) >= 20)[None, None]
    torch.testing.assert_close(model(longer, behind)[:, :, 20:], model(ids))


def test_gradient_and_learning() -> None:
    x, y = previous_symbol(4, 5, symbols=4)
    g = torch.Generator().manual_seed(0)
    model = tagger(position=LearnedEncoding(6, 16, generator=g))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimizer.zero_grad()
        loss = CrossEntropy()(model(x), y)
        loss.backward()
        optimizer.step()
    assert all(weight.grad is not None for weight in model.parameters())
    assert loss.item() < 0.01


def test_a_vocabulary_and_an_answer_of_one_are_enough() -> None:
    model = Tagger(BlockConfig(16, 2, 32), 1, 1, 1)
    assert model(torch.zeros(2, 3, dtype=torch.int64)).shape == (2, 1, 3)


def test_tokens_start_as_large_as_the_waves_and_all_places_are_seen(ids: Tensor) -> None:
    g = torch.Generator().manual_seed(0)
    model = Tagger(BlockConfig(64, 2, 32, dropout=0.0), 1, 500, 5, generator=g)
    assert model.token.weight.std().item() == pytest.approx(1, rel=0.02)
    changed = ids.clone()
    changed[:, -1] = 8 - changed[:, -1]
    assert not torch.allclose(model(ids)[:, :, 0], model(changed)[:, :, 0])


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses(ids: Tensor) -> None:
    config = BlockConfig(16, 2, 32)
    with pytest.raises(ValueError, match="vocab_size must be at least 1, not 0"):
        Tagger(config, 2, 0, 5)
    with pytest.raises(ValueError, match="outputs must be at least 1, not 0"):
        Tagger(config, 2, 9, 0)
    with pytest.raises(ValueError, match="ids has 9; an id is from 0 to 8"):
        tagger()(ids + 1)
    with pytest.raises(ValueError, match=r"ids must be \(batch, time\)"):
        tagger()(ids[0])
