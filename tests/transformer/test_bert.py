"""BERT equals transformers' with its files, starts as published, and refuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from linebyline.transformer.bert import BERT, start_small
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.block import BlockConfig

Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]
PublishedBERT = Callable[..., tuple[nn.Module, Path]]

IDS = torch.tensor([[2, 7, 9, 3, 11, 3, 0, 0], [2, 30, 8, 8, 3, 5, 6, 3]])
SEGMENTS = torch.tensor([[0, 0, 0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1, 1, 1]])
INSIDE = IDS != 0


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def tiny(small: Small, **sizes: int) -> BERT:
    sizes = {"vocab_size": 31, "context": 8, "num_blocks": 2} | sizes
    return BERT(BERTConfig(**sizes, block=small()), generator=generator())


@pytest.mark.parametrize("kind", ["BertModel", "BertForPreTraining"])
@pytest.mark.parametrize("options", [{}, {"layer_norm_eps": 0.1, "type_vocab_size": 3}], ids=str)
def test_equals_transformers(
    kind: str, options: dict[str, object], published_bert: PublishedBERT
) -> None:
    theirs, folder = published_bert(kind, **options)
    ours = BERT.from_pretrained(folder)
    assert not ours.training
    inside = theirs if kind == "BertModel" else theirs.bert
    assert sum(p.numel() for p in ours.parameters()) == inside.num_parameters()
    ours, inside = ours.double(), inside.double()
    found = ours(IDS, SEGMENTS, INSIDE)
    expected = inside(IDS, attention_mask=INSIDE.long(), token_type_ids=SEGMENTS)
    torch.testing.assert_close(found.features, expected.last_hidden_state, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(found.pooled, expected.pooler_output, rtol=1e-10, atol=1e-10)
    for h, c in (found, (expected.last_hidden_state, expected.pooler_output)):
        (h[:, 1:4].square().sum() + c.sum()).backward()
    for mine, other in (
        (ours.token.weight, inside.embeddings.word_embeddings.weight),
        (ours.position.weight, inside.embeddings.position_embeddings.weight),
        (ours.segment.weight, inside.embeddings.token_type_embeddings.weight),
        (
            ours.encoder.blocks[0].feed_forward.hidden.weight,
            inside.encoder.layer[0].intermediate.dense.weight,
        ),
    ):
        gradient = mine.grad
        if mine is ours.token.weight:  # theirs keep the row of [PAD] as it is
            gradient = gradient.index_fill(0, torch.tensor([0]), 0.0)
        torch.testing.assert_close(gradient, other.grad, rtol=1e-8, atol=1e-10)


def test_without_segments_and_mask_it_is_transformers(published_bert: PublishedBERT) -> None:
    theirs, folder = published_bert("BertModel")
    ours = BERT.from_pretrained(folder).double()
    expected = theirs.double()(IDS).last_hidden_state
    torch.testing.assert_close(ours(IDS).features, expected, rtol=1e-10, atol=1e-10)


def test_padding_changes_nothing(small: Small, shaken: Model) -> None:
    model = shaken(tiny(small)).eval()
    alone = model(IDS[:1, :6], SEGMENTS[:1, :6])
    among = model(IDS, SEGMENTS, INSIDE)
    torch.testing.assert_close(among.features[:1, :6], alone.features)
    torch.testing.assert_close(among.pooled[:1], alone.pooled)


def test_every_token_sees_both_sides(small: Small, shaken: Model) -> None:
    model = shaken(tiny(small)).eval()
    first = model(IDS).features
    for place in (0, 7):
        changed = IDS.clone()
        changed[:, place] = 12
        assert ((model(changed).features - first).abs().amax(-1) > 1e-6).all()


def test_starts_as_published(small: Small) -> None:
    block = small(model_size=48, num_heads=4, hidden_size=96)
    model = BERT(BERTConfig(300, 50, 2, 2, block), generator=generator())
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            expected = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            assert (parameter == expected).all(), name
        else:
            assert parameter.std().item() == pytest.approx(0.02, rel=0.2), name
            assert abs(parameter.mean().item()) < 0.005, name
    again = BERT(BERTConfig(300, 50, 2, 2, block), generator=generator())
    assert all(map(torch.equal, model.parameters(), again.parameters()))


def test_start_small_draws_from_its_generator() -> None:
    layer = nn.Sequential(nn.ReLU())
    start_small(layer)  # has nothing to draw
    before = torch.get_rng_state()
    start_small(layer, generator())
    assert torch.equal(before, torch.get_rng_state())


def test_gradient(small: Small) -> None:
    block = small(model_size=4, num_heads=2, hidden_size=6)
    model = BERT(BERTConfig(5, 4, 2, 1, block), generator=generator()).double()
    names = [name for name, _ in model.named_parameters()]
    ids, mask = (
        torch.tensor([[1, 4, 0], [2, 3, 1]]),
        torch.tensor([[True, True, False], [True] * 3]),
    )

    def run(*values: Tensor) -> Tensor:
        found = torch.func.functional_call(
            model, dict(zip(names, values, strict=True)), (ids, None, mask)
        )
        return torch.cat([found.features.flatten(), found.pooled.flatten()])

    assert torch.autograd.gradcheck(run, tuple(model.parameters()), atol=1e-4)


@pytest.mark.parametrize("name", ["vocab_size", "context", "num_segments", "num_blocks"])
def test_refuses_sizes(name: str, small: Small) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        tiny(small, **{name: 0})
    with pytest.raises(ValueError, match=r"block\.rotary must be False"):
        BERT(BERTConfig(5, 4, 2, 1, small(rotary=True)))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_texts(small: Small) -> None:
    model = tiny(small)
    long = torch.zeros(1, 9, dtype=torch.long)
    for arguments, message in (
        ((long,), "ids must fit into the context of 8 tokens, but have 9"),
        ((IDS + 1,), "ids has 31; an id is from 0 to 30"),
        ((IDS[0],), "ids must be (batch, time) with at least one text and one step"),
        ((IDS, SEGMENTS + 1), "segments has 2; an id is from 0 to 1"),
        ((IDS, SEGMENTS[:, 1:]), "segments must be as ids, (2, 8), but their shape is (2, 7)"),
        ((IDS, None, INSIDE[:, 1:]), "mask must be as ids, (2, 8), but its shape is (2, 7)"),
        (
            (IDS, None, INSIDE & torch.tensor([[False], [True]])),
            "mask must leave each query at least one key, but hides all 8 from 8 of 16",
        ),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            model(*arguments)
