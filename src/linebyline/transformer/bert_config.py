"""The sizes of BERTs."""

from dataclasses import dataclass, replace

from linebyline.layers.self_gated import GELU
from linebyline.transformer.block import BlockConfig

BERT_BASE_BLOCK = BlockConfig(
    model_size=768,
    num_heads=12,
    hidden_size=3072,
    norm_first=False,
    activation=GELU(),
    dropout=0.1,
    attention_dropout=0.1,
    eps=1e-12,
)


@dataclass(frozen=True)
class BERTConfig:
    """The sizes of a BERT; as it stands, of BERT-base (110 million parameters)."""

    vocab_size: int = 30_522
    """How many tokens there are."""

    context: int = 512
    """How many tokens it can read at most."""

    num_segments: int = 2
    """How many texts may stand in one row."""

    num_blocks: int = 12
    """N."""

    block: BlockConfig = BERT_BASE_BLOCK
    """Of each block. There must be learned positions, and no `rotary`."""


def bert_config(name: str) -> BERTConfig:
    """The published sizes: "bert-base" and "bert-large".

    Source: Devlin, Chang, Lee & Toutanova 2019, *BERT: pre-training of deep bidirectional
    transformers for language understanding*, section 3. Each head has 64 features, and d_ff is four
    times d_model. The vocabulary is that of the uncased English models.

    Raises:
        ValueError: there is no such name.
    """
    sizes = {"bert-base": (12, 768), "bert-large": (24, 1024)}
    if name not in sizes:
        raise ValueError(f"name must be one of {', '.join(sizes)}, not {name!r}")
    num_blocks, size = sizes[name]
    block = replace(
        BERT_BASE_BLOCK,
        model_size=size,
        num_heads=size // 64,
        hidden_size=4 * size,
    )
    return BERTConfig(num_blocks=num_blocks, block=block)
