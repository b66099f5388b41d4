"""GPT equals transformers' with its files, starts as the papers say, and learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.decoding.greedy import greedy
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPTConfig

Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]
Published = Callable[..., tuple[nn.Module, Path]]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("gpt2", {}),
        ("gpt2", {"n_inner": 10, "layer_norm_epsilon": 0.1}),
        ("gpt2", {"activation_function": "relu"}),
        ("gpt2", {"activation_function": "gelu"}),
        ("openai-gpt", {}),
    ],
    ids=str,
)
def test_equals_transformers(kind: str, options: dict[str, object], published: Published) -> None:
    theirs, folder = published(kind, **options)
    ours = GPT.from_pretrained(folder)
    assert not ours.training
    assert sum(p.numel() for p in ours.parameters()) == theirs.num_parameters()
    ours, theirs = ours.double(), theirs.double()
    ids = torch.randint(31, (2, 12), generator=generator())
    found, expected = ours(ids), theirs(ids).logits.transpose(1, 2)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    for logits in (found, expected):
        functional.cross_entropy(logits[:, :, :-1], ids[:, 1:]).backward()
    inside = theirs.transformer
    rows = inside.wte if kind == "gpt2" else inside.tokens_embed
    torch.testing.assert_close(ours.token.weight.grad, rows.weight.grad, rtol=1e-8, atol=1e-9)
    packed = torch.cat(
        [getattr(ours.blocks[1].attention, part).weight.grad for part in ("query", "key", "value")]
    )
    wanted = inside.h[1].attn.c_attn.weight.grad.T
    torch.testing.assert_close(packed, wanted, rtol=1e-8, atol=1e-9)


def test_writes_what_transformers_writes(published: Published) -> None:
    theirs, folder = published()
    ours = GPT.from_pretrained(folder)
    prompt = torch.tensor([[4, 9, 1], [2, 2, 30]])
    first, state = ours.begin(prompt)
    found = greedy(ours.step, first, state, end=None, max_length=9).tokens
    expected = theirs.generate(
        prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=9, do_sample=False,
        pad_token_id=0, eos_token_id=None,
    )  # fmt: skip
    assert torch.equal(found, expected[:, 3:])
    assert len(found.unique()) > 3


def test_starts_as_the_papers_say(small: Small) -> None:
    block = small(model_size=64, num_heads=4, hidden_size=128, norm_first=True)
    model = GPT(GPTConfig(200, 50, 8, block), generator=generator())
    for layer in model.blocks:
        for part, smaller in (
            (layer.attention.query, 1.0),
            (layer.attention.value, 1.0),
            (layer.attention.output, 1 / 4),  # 1/√(2·8)
            (layer.feed_forward.hidden, 1.0),
            (layer.feed_forward.output, 1 / 4),
        ):
            assert part.weight.std().item() == pytest.approx(0.02 * smaller, rel=0.06)
            assert (part.bias == 0).all()
    assert model.token.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert model.position.weight.std().item() == pytest.approx(0.02, rel=0.05)
    first = GPT(GPTConfig(200, 50, 8, small(norm_first=False)), generator=generator())
    assert first.blocks[0].attention.output.weight.std().item() == pytest.approx(0.02, rel=0.15)
    again = GPT(GPTConfig(200, 50, 8, block), generator=generator())
    assert all(map(torch.equal, model.parameters(), again.parameters()))
    # So that the first guess is nearly the uniform one.
    ids = torch.randint(200, (4, 20), generator=generator())
    loss = functional.cross_entropy(model.eval()(ids)[:, :, :-1], ids[:, 1:])
    assert loss.item() == pytest.approx(math.log(200), rel=0.02)


def test_a_token_has_one_row_for_reading_and_for_writing(small: Small) -> None:
    model = GPT(GPTConfig(9, 5, 1, small(norm_first=True)), generator=generator()).double()
    ids = torch.tensor([[1, 2, 3]])
    h, _ = model.features(None, ids)
    torch.testing.assert_close(model(ids), (h @ model.token.weight.T).transpose(1, 2))
    assert sum(p.shape == (9, 12) for p in model.parameters()) == 1


def test_rotary_needs_no_rows_of_positions(small: Small, shaken: Model) -> None:
    model = shaken(GPT(GPTConfig(9, 5, 1, small(rotary=True)))).eval()
    assert model.position is None
    told = model(torch.tensor([[1, 2, 3], [2, 1, 3]]))
    assert (told[0, :, 2] - told[1, :, 2]).abs().max() > 1e-3  # the order tells


def test_what_enters_is_dropped_in_training(small: Small) -> None:
    model = GPT(GPTConfig(9, 5, 1, small(dropout=0.5)), generator=generator())
    model.blocks.eval()
    ids = torch.tensor([[1, 2, 3]])
    assert not torch.equal(model(ids), model(ids))
    model.eval()
    assert torch.equal(model(ids), model(ids))


@pytest.mark.parametrize("norm_first", [True, False])
def test_learns_a_text_by_heart(norm_first: bool, small: Small) -> None:
    text = torch.randint(12, (1, 25), generator=generator())
    block = small(model_size=32, num_heads=4, hidden_size=64, norm_first=norm_first)
    model = GPT(GPTConfig(12, 24, 2, block), generator=generator())
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.005), CrossEntropy()
    for _ in range(100):
        optimizer.zero_grad()
        loss = criterion(model(text[:, :-1]), text[:, 1:])
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    first, state = model.eval().begin(text[:, :5])
    assert torch.equal(
        greedy(model.step, first, state, end=None, max_length=20).tokens, text[:, 5:]
    )


def test_gradient(small: Small) -> None:
    block = small(model_size=4, num_heads=2, hidden_size=6, norm_first=True)
    model = GPT(GPTConfig(5, 4, 1, block), generator=generator()).double()
    names = [name for name, _ in model.named_parameters()]
    ids = torch.tensor([[1, 4, 0]])

    def run(*values: Tensor) -> Tensor:
        return torch.func.functional_call(model, dict(zip(names, values, strict=True)), (ids,))

    assert torch.autograd.gradcheck(run, tuple(model.parameters()))


@pytest.mark.parametrize("name", ["vocab_size", "context", "num_blocks"])
def test_refuses_sizes(name: str, small: Small) -> None:
    sizes = {"vocab_size": 5, "context": 4, "num_blocks": 1, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        GPT(GPTConfig(**sizes, block=small()))
    with pytest.raises(ValueError, match="num_heads must divide model_size=12, not 5"):
        GPT(GPTConfig(5, 4, 1, block=small(num_heads=5)))


@pytest.mark.parametrize("rotary", [False, True])
def test_refuses_more_than_the_context(rotary: bool, small: Small) -> None:
    model = GPT(GPTConfig(5, 4, 1, small(rotary=rotary)))
    ids = torch.ones(1, 5, dtype=torch.int64)
    message = "ids must end within the context of 4 tokens, but"
    with pytest.raises(ValueError, match=f"{message} 5 of them behind 0 others make 5"):
        model(ids)
    _, state = model.continue_from(None, ids[:, :3])
    with pytest.raises(ValueError, match=f"{message} 2 of them behind 3 others make 5"):
        model.continue_from(state, ids[:, :2])
    with pytest.raises(ValueError, match="prompt has 7; an id is from 0 to 4"):
        model.begin(torch.tensor([[7]]))
    with pytest.raises(ValueError, match="ids has 7; an id is from 0 to 4"):
        model(torch.tensor([[7]]))
