"""Shared by the tests of Transformers: random numbers, and torch's layers with our weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel, OpenAIGPTConfig, OpenAIGPTLMHeadModel

from linebyline.layers.multi_head_attention import MultiHeadAttention
from linebyline.transformer.block import Block, BlockConfig

SMALL = {"model_size": 12, "num_heads": 3, "hidden_size": 20, "dropout": 0.0}


@pytest.fixture
def random() -> Callable[..., Tensor]:
    def random(*shape: int, seed: int = 0) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(shape, dtype=torch.float64, generator=generator)

    return random


@pytest.fixture
def small() -> Callable[..., BlockConfig]:
    """A small block's configuration, with what a test changes."""
    return lambda **options: BlockConfig(**SMALL | options)


@pytest.fixture
def shaken() -> Callable[[nn.Module], nn.Module]:
    """A model in double precision, all of whose parameters are random, scales and biases too."""

    def shaken(model: nn.Module) -> nn.Module:
        generator = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for parameter in model.double().parameters():
                noise = torch.randn(parameter.shape, dtype=torch.float64, generator=generator)
                parameter.add_(0.2 * noise)
        return model

    return shaken


def _attention(theirs: nn.MultiheadAttention, ours: MultiHeadAttention) -> None:
    three = (ours.query, ours.key, ours.value)
    theirs.in_proj_weight.copy_(torch.cat([part.weight for part in three]))
    theirs.in_proj_bias.copy_(torch.cat([part.bias for part in three]))
    theirs.out_proj.load_state_dict(ours.output.state_dict())


@pytest.fixture
def copy_block() -> Callable[[nn.Module, Block], None]:
    """Gives a layer of torch's encoder or decoder the weights of our block."""

    @torch.no_grad()
    def copy(theirs: nn.Module, ours: Block) -> None:
        _attention(theirs.self_attn, ours.attention)
        norms = [ours.attention_norm]
        if ours.cross_attention is not None:
            _attention(theirs.multihead_attn, ours.cross_attention)
            norms.append(ours.cross_norm)
        norms.append(ours.feed_forward_norm)
        for number, norm in enumerate(norms, start=1):
            getattr(theirs, f"norm{number}").load_state_dict(norm.state_dict())
        theirs.linear1.load_state_dict(ours.feed_forward.hidden.state_dict())
        theirs.linear2.load_state_dict(ours.feed_forward.output.state_dict())

    return copy


def _saved(
    build: Callable[[], transformers.PreTrainedModel], seed: int, folder: Path
) -> tuple[nn.Module, Path]:
    """A model of transformers', all of its parameters random, and the folder it is saved to."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    model.save_pretrained(folder)
    return model.eval(), folder


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., tuple[nn.Module, Path]]:
    """A small GPT of transformers', and the folder it is saved to."""

    def save(kind: str = "gpt2", **options: object) -> tuple[nn.Module, Path]:
        configs = {"gpt2": GPT2Config, "openai-gpt": OpenAIGPTConfig}
        models = {"gpt2": GPT2LMHeadModel, "openai-gpt": OpenAIGPTLMHeadModel}
        sizes = {"vocab_size": 31, "n_positions": 12, "n_embd": 24, "n_layer": 3, "n_head": 4}
        ends = {"bos_token_id": 0, "eos_token_id": 0}
        config = configs[kind](**sizes | ends | options)
        return _saved(lambda: models[kind](config), 5, tmp_path / kind)

    return save


@pytest.fixture
def published_bert(tmp_path: Path) -> Callable[..., tuple[nn.Module, Path]]:
    """A small BERT of transformers', and the folder it is saved to."""

    def save(kind: str = "BertModel", **options: object) -> tuple[nn.Module, Path]:
        sizes = {"vocab_size": 31, "hidden_size": 12, "intermediate_size": 20}
        sizes |= {"num_hidden_layers": 2, "num_attention_heads": 3, "max_position_embeddings": 12}
        config = transformers.BertConfig(**sizes | options)
        return _saved(lambda: getattr(transformers, kind)(config), 6, tmp_path / kind)

    return save
