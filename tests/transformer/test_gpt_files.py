"""Published files of GPTs: what differs between them is read, what we have not is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_files import read_gpt, renamed

Published = Callable[..., tuple[nn.Module, Path]]


def rewrite(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def settings(folder: Path, **options: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf8")) | options), "utf8")


def test_sizes_and_rates(published: Published) -> None:
    _, folder = published(n_inner=10, resid_pdrop=0.2, embd_pdrop=0.2, attn_pdrop=0.3)
    config = read_gpt(folder)[0]
    assert (config.vocab_size, config.context, config.num_blocks) == (31, 12, 3)
    block = config.block
    assert (block.model_size, block.num_heads, block.hidden_size) == (24, 4, 10)
    assert (block.dropout, block.attention_dropout, block.norm_first) == (0.2, 0.3, True)
    assert read_gpt(published("openai-gpt")[1])[0].block.norm_first is False


def test_the_names_of_the_first_files(published: Published) -> None:
    """OpenAI's numbers came without a prefix, and with the triangles among the weights."""
    _, folder = published()
    expected = GPT.from_pretrained(folder).state_dict()

    def older(weights: dict[str, Tensor]) -> None:
        for name in list(weights):
            weights[name.removeprefix("transformer.")] = weights.pop(name)
        for number in range(3):
            weights[f"h.{number}.attn.bias"] = torch.ones(1, 1, 12, 12).tril()
            weights[f"h.{number}.attn.masked_bias"] = torch.tensor(-1e4)
        weights["lm_head.weight"] = weights["wte.weight"].clone()

    rewrite(folder, older)
    found = GPT.from_pretrained(folder).state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_half_precision_becomes_single(published: Published) -> None:
    _, folder = published()
    rewrite(folder, lambda w: w.update({name: value.half() for name, value in w.items()}))
    model = GPT.from_pretrained(folder)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert all(p.requires_grad for p in model.parameters())


def test_queries_keys_and_values_lie_side_by_side() -> None:
    packed = torch.arange(2 * 6.0).view(2, 6)  # x W: two features in, three times two out
    found = renamed({"h.0.attn.c_attn.weight": packed, "h.0.attn.c_attn.bias": torch.arange(6.0)})
    assert found["blocks.0.attention.query.weight"].tolist() == [[0, 6], [1, 7]]
    assert found["blocks.0.attention.value.weight"].tolist() == [[4, 10], [5, 11]]
    assert found["blocks.0.attention.key.bias"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model_type": "bert"}, "of type gpt2 or openai-gpt, but model_type is 'bert' in"),
        ({"tie_word_embeddings": False}, "with tie_word_embeddings True, .* it is False"),
        ({"scale_attn_by_inverse_layer_idx": True}, "inverse_layer_idx False, .* it is True"),
        ({"activation_function": "silu"}, "activation_function is .* but it is 'silu'"),
        ({"embd_pdrop": 0.5}, r"but resid_pdrop is 0.1 and embd_pdrop 0.5"),
        ({"n_head": 5}, "num_heads must divide model_size=24, not 5"),
        ({"n_positions": None}, "with n_positions a number from 1 on, .* it is None"),
        ({"n_layer": 2}, "has 'blocks.2.*', which the model lacks"),
        ({"n_layer": 4}, "lacks 'blocks.3.attention.query.weight'"),
        ({"n_inner": 8}, r"'blocks.0.feed_forward.hidden.weight' is \(96, 24\) .* and \(8, 24\)"),
        ({"vocab_size": 30}, r"'token.weight' is \(31, 24\) in .* and \(30, 24\) in the model"),
    ],
)
def test_refuses_other_settings(
    options: dict[str, object], message: str, published: Published
) -> None:
    _, folder = published()
    settings(folder, **options)
    with pytest.raises(ValueError, match=message):
        GPT.from_pretrained(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("transformer.ln_f.bias"), "lacks 'norm.bias'$"),
        (
            lambda w: w.update({"transformer.h.0.attn.rope": torch.ones(2)}),
            "has 'h.0.attn.rope', which the model lacks",
        ),
        (
            lambda w: w.update({"transformer.h.0.mlp.gate.weight": torch.ones(2, 2)}),
            "has 'h.0.mlp.gate.weight', which the model lacks",
        ),
        (
            lambda w: w.update({"lm_head.weight": torch.ones(31, 24)}),
            "but lm_head.weight differs from them",
        ),
    ],
)
def test_refuses_other_weights(
    change: Callable[[dict[str, Tensor]], object], message: str, published: Published
) -> None:
    _, folder = published()
    rewrite(folder, change)
    with pytest.raises(ValueError, match=message):
        GPT.from_pretrained(folder)
