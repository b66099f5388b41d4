"""The sizes of GPTs."""

from dataclasses import dataclass, replace

from linebyline.layers.self_gated import GELU
from linebyline.transformer.block import BlockConfig

GPT2_BLOCK = BlockConfig(
    model_size=768,
    num_heads=12,
    hidden_size=3072,
    norm_first=True,
    activation=GELU("tanh"),
    dropout=0.1,
    attention_dropout=0.1,
)


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT; as it stands, of the smallest GPT-2 (124 million parameters)."""

    vocab_size: int = 50_257
    """How many tokens there are: 256 bytes, 50,000 merges and the end of a text."""

    context: int = 1024
    """How many tokens it can read at most."""

    num_blocks: int = 12
    """N."""

    block: BlockConfig = GPT2_BLOCK
    """Of each block. With `norm_first` the order is GPT-2's, else GPT-1's; with `rotary` there are
    no learned positions.
    """


def gpt_config(name: str) -> GPTConfig:
    """The published sizes: "gpt" of 2018, "gpt2", "gpt2-medium", "gpt2-large" and "gpt2-xl".

    Sources: Radford et al. 2018, section 4.1; Radford et al. 2019, table 2. Each head has 64
    features, and d_ff is four times d_model.

    Raises:
        ValueError: there is no such name.
    """
    sizes = {
        "gpt": (12, 768),
        "gpt2": (12, 768),
        "gpt2-medium": (24, 1024),
        "gpt2-large": (36, 1280),
        "gpt2-xl": (48, 1600),
    }
    if name not in sizes:
        raise ValueError(f"name must be one of {', '.join(sizes)}, not {name!r}")
    num_blocks, size = sizes[name]
    block = replace(
        GPT2_BLOCK,
        model_size=size,
        num_heads=size // 64,
        hidden_size=4 * size,
        norm_first=name != "gpt",
    )
    if name == "gpt":  # 40,000 merges of 478 characters; no tokens of its own for a text's ends
        return GPTConfig(vocab_size=40_478, context=512, num_blocks=num_blocks, block=block)
    return GPTConfig(num_blocks=num_blocks, block=block)
