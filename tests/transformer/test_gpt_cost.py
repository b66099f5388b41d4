"""Counts on paper are those of PyTorch: of its parameters, its operations, and what it keeps."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from linebyline.losses.cross_entropy import cross_entropy
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPTConfig, gpt_config
from linebyline.transformer.gpt_cost import gpt_cost


def sizes(width: int, blocks: int, *, rotary: bool) -> GPTConfig:
    block = replace(gpt_config("gpt2").block, model_size=width, num_heads=2, hidden_size=3 * width)
    block = replace(block, dropout=0.0, attention_dropout=0.0, rotary=rotary)
    return GPTConfig(vocab_size=40, context=24, num_blocks=blocks, block=block)


EACH = [sizes(8, 1, rotary=True), sizes(8, 3, rotary=False), sizes(20, 2, rotary=True)]


@pytest.mark.parametrize("config", [*EACH, gpt_config("gpt2"), gpt_config("gpt2-medium")])
def test_parameters_are_the_models(config):
    with torch.device("meta"):
        model = GPT(config)
    cost = gpt_cost(config)
    assert cost.parameters == sum(weight.numel() for weight in model.parameters())
    assert cost.embedding == model.token.weight.numel()
    assert cost.rule_of_thumb == 6 * cost.parameters


@pytest.mark.parametrize("config", EACH)
def test_operations_are_those_that_pytorch_counts(config):
    ids = torch.randint(40, (3, 25), generator=torch.Generator().manual_seed(0))
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        cross_entropy(GPT(config)(ids[:, :-1]), ids[:, 1:]).backward()
    assert counter.get_total_flops() == 3 * 24 * gpt_cost(config).operations


@pytest.mark.parametrize("config", EACH)
def test_activations_are_what_pytorch_keeps(config):
    ids = torch.randint(40, (3, 25), generator=torch.Generator().manual_seed(0))
    model = GPT(config)
    owned = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    kept = {}

    def note(saved: torch.Tensor) -> torch.Tensor:
        storage = saved.untyped_storage()
        if saved.is_floating_point() and storage.data_ptr() not in owned:
            kept[storage.data_ptr()] = storage.nbytes() / 4
        return saved

    with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
        loss = cross_entropy(model(ids[:, :-1]), ids[:, 1:])
    loss.backward()
    expected = 3 * 24 * gpt_cost(config).activations
    few = 3 * 24 * config.num_blocks * (4 + 2) + 3 * 24 * 2 + 24 * 20 * 4 * config.num_blocks
    assert expected < sum(kept.values()) <= expected + few


def test_bytes_are_four_numbers_a_parameter_and_the_activations():
    cost = gpt_cost(EACH[0])
    assert cost.training_bytes(0) == 16 * cost.parameters
    assert cost.training_bytes(10) - cost.training_bytes(0) == 40 * cost.activations
    assert cost.training_bytes(10, bytes_per_number=2) * 2 == cost.training_bytes(10)


def test_normalizations_must_come_first():
    with pytest.raises(ValueError, match=r"norm_first must be True"):
        gpt_cost(gpt_config("gpt"))
