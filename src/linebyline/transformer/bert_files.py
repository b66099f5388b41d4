"""The published files of BERT: their settings and names, and what we call them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from linebyline.layers.self_gated import GELU
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.published import read_config, read_weights

SETTINGS = {
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
"""What must be so, for nothing else is implemented."""

BLOCK = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward.hidden",
    "output.dense": "feed_forward.output",
    "output.LayerNorm": "feed_forward_norm",
}
"""The parts of a block, ``encoder.layer.N``."""

AROUND = {
    "embeddings.word_embeddings": "token",
    "embeddings.position_embeddings": "position",
    "embeddings.token_type_embeddings": "segment",
    "embeddings.LayerNorm": "norm",
    "pooler.dense": "pooler",
}
"""What is before and behind the blocks."""

HEADS = {
    "cls.predictions.transform.dense": "words.hidden",
    "cls.predictions.transform.LayerNorm": "words.norm",
    "cls.predictions": "words",
    "cls.seq_relationship": "follows",
    "classifier": "classifier",
}

KINDS = {"gamma": "weight", "beta": "bias"}
"""What a normalization's γ and β are called in Google's own files."""

AGAIN = {
    "cls.predictions.decoder.weight": "bert.token.weight",
    "cls.predictions.decoder.bias": "words.bias",
}
"""What some files have twice: the matrix of the words' logits is E."""


def read_bert(folder: str | Path) -> tuple[BERTConfig, dict[str, Tensor]]:
    """The sizes, and the weights by our names: ``bert.`` before those of `BERT`, then the heads'.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: it is of another architecture.
    """
    config = read_config(folder, ("bert",), SETTINGS)
    return _sizes(config), renamed(read_weights(folder))


def _sizes(config: Mapping[str, Any]) -> BERTConfig:
    """The settings as we have them."""
    block = BlockConfig(
        model_size=config["hidden_size"],
        num_heads=config["num_attention_heads"],
        hidden_size=config["intermediate_size"],
        norm_first=False,
        activation=GELU(),
        dropout=config.get("hidden_dropout_prob", 0.1),
        attention_dropout=config.get("attention_probs_dropout_prob", 0.1),
        eps=config.get("layer_norm_eps", 1e-12),
    )
    return BERTConfig(
        vocab_size=config["vocab_size"],
        context=config["max_position_embeddings"],
        num_segments=config.get("type_vocab_size", 2),
        num_blocks=config["num_hidden_layers"],
        block=block,
    )


def renamed(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by our names; a name that we do not know stays as it is.

    The names of a file without heads have no ``bert.`` before them. The numbers of the positions,
    0, 1, 2 and so on, which old files have, are no weights.

    Raises:
        ValueError: what stands twice differs.
    """
    weights = {}
    for full, value in found.items():
        name = full.removeprefix("bert.")
        if name == "embeddings.position_ids" or full in AGAIN:
            continue
        part, _, kind = name.rpartition(".")
        kind = KINDS.get(kind, kind)
        within = re.fullmatch(r"encoder\.layer\.(\d+)\.(.+)", part)
        if within is not None and within[2] in BLOCK:
            ours = f"bert.encoder.blocks.{within[1]}.{BLOCK[within[2]]}.{kind}"
        elif part in AROUND:
            ours = f"bert.{AROUND[part]}.{kind}"
        elif part in HEADS:
            ours = f"{HEADS[part]}.{kind}"
        else:
            ours = full
        weights[ours] = value
    for again, ours in AGAIN.items():
        if again in found and ours not in weights:
            weights[ours] = found[again]
        elif again in found and not torch.equal(found[again], weights[ours]):
            raise ValueError(
                f"folder must have a model whose {again} is {ours} once more, but they differ"
            )
    return weights
