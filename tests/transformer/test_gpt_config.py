"""The published sizes have the published numbers of parameters."""

import pytest
import torch

from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPTConfig, gpt_config


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("gpt", 116_534_784),
        ("gpt2", 124_439_808),
        ("gpt2-medium", 354_823_168),
        ("gpt2-large", 774_030_080),
        ("gpt2-xl", 1_557_611_200),
    ],
)
def test_the_number_of_parameters(name: str, parameters: int) -> None:
    with torch.device("meta"):
        model = GPT(gpt_config(name))
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_as_it_stands_it_is_the_smallest_gpt_2() -> None:
    ours, named = GPTConfig(), gpt_config("gpt2")
    assert (ours.num_blocks, ours.context) == (named.num_blocks, named.context) == (12, 1024)
    assert (ours.block.num_heads, named.block.num_heads) == (12, 12)


def test_refuses_a_name_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=r"name must be one of gpt, gpt2, .*, not 'gpt3'"):
        gpt_config("gpt3")
