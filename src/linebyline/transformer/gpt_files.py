"""The published files of GPT-1 and GPT-2: their settings and names, and what we call them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from linebyline.layers.self_gated import GELU
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.gpt_config import GPTConfig
from linebyline.transformer.published import read_config, read_weights

SETTINGS = {
    "tie_word_embeddings": True,
    "add_cross_attention": False,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "afn": "gelu",
}
"""What must be so, for nothing else is implemented; `afn` is GPT-1's activation function.

:meta hide-value:
"""

SIZES = ("vocab_size", "n_positions", "n_layer", "n_embd", "n_head")
"""What must be there."""

NAMES = {
    "attn.c_proj": "attention.output",
    "ln_1": "attention_norm",
    "mlp.c_fc": "feed_forward.hidden",
    "mlp.c_proj": "feed_forward.output",
    "ln_2": "feed_forward_norm",
}
"""The parts of a block.

:meta hide-value:
"""

ENDS = {
    "wte.weight": "token.weight",
    "tokens_embed.weight": "token.weight",  # GPT-1's name
    "wpe.weight": "position.weight",
    "positions_embed.weight": "position.weight",
    "ln_f.weight": "norm.weight",
    "ln_f.bias": "norm.bias",
}
"""What is before and behind the blocks.

:meta hide-value:
"""


def read_gpt(folder: str | Path) -> tuple[GPTConfig, dict[str, Tensor]]:
    """The sizes, and the weights by the names that they have in `linebyline.transformer.gpt.GPT`.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: it is of another architecture.
    """
    config = read_config(folder, ("gpt2", "openai-gpt"), SETTINGS, SIZES)
    return _sizes(config), renamed(read_weights(folder))


def _sizes(config: Mapping[str, Any]) -> GPTConfig:
    """The settings as we have them."""
    rates = {config.get(name, 0.1) for name in ("resid_pdrop", "embd_pdrop")}
    if len(rates) > 1:
        raise ValueError(
            "folder must have a model with one rate of dropout, but resid_pdrop is "
            f"{config['resid_pdrop']} and embd_pdrop {config['embd_pdrop']}"
        )
    activations: dict[str, Callable[[Tensor], Tensor]] = {
        "gelu_new": GELU("tanh"),  # which GPT-1 says by `afn`, and calls "gelu"
        "gelu": GELU(),
        "relu": torch.relu,
    }
    name = config.get("activation_function", "gelu_new")
    if name not in activations:
        raise ValueError(
            f"folder must have a model whose activation_function is {', '.join(activations)}, "
            f"but it is {name!r}"
        )
    size = config["n_embd"]
    block = BlockConfig(
        model_size=size,
        num_heads=config["n_head"],
        hidden_size=config.get("n_inner") or 4 * size,
        norm_first=config["model_type"] == "gpt2",
        activation=activations[name],
        dropout=rates.pop(),
        attention_dropout=config.get("attn_pdrop", 0.1),
        eps=config.get("layer_norm_epsilon", 1e-5),
    )
    return GPTConfig(config["vocab_size"], config["n_positions"], config["n_layer"], block)


def renamed(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by our names; a name that we do not know stays as it is.

    The files write x W for our W x, so that their matrices are transposed; and they have the
    queries', keys' and values' matrices side by side in one. Two files of one model may differ in
    what they have besides: triangles that hide what comes later, which are no weights, and a
    `lm_head.weight`, which is E once more.

    Raises:
        ValueError: `lm_head.weight` is not E.
    """
    weights: dict[str, Tensor] = {}
    for full, value in found.items():
        name = full.removeprefix("transformer.")
        within = re.fullmatch(r"h\.(\d+)\.(.+)\.(weight|bias)", name)
        if re.fullmatch(r"h\.\d+\.attn\.(bias|masked_bias)", name) or name == "lm_head.weight":
            continue
        if within is None:
            weights[ENDS.get(name, name)] = value
            continue
        number, part, kind = within.groups()
        block = f"blocks.{number}"
        ours = value.T.contiguous() if value.ndim == 2 else value
        if part == "attn.c_attn":
            for each, piece in zip(("query", "key", "value"), ours.chunk(3), strict=True):
                weights[f"{block}.attention.{each}.{kind}"] = piece
        else:
            weights[f"{block}.{NAMES[part]}.{kind}" if part in NAMES else name] = ours
    head = found.get("lm_head.weight")
    if head is not None and not torch.equal(head, weights.get("token.weight", head)):
        raise ValueError(
            "folder must have a model whose logits are by the rows of its tokens, "
            "but lm_head.weight differs from them"
        )
    return weights
