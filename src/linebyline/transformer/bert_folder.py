"""A BERT of ours as a folder in the published layout, which others can read."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from linebyline.layers.self_gated import GELU
from linebyline.transformer.bert_files import AROUND, BLOCK, HEADS, SETTINGS
from linebyline.transformer.bert_pretraining import BERTPretraining


def save_bert(model: BERTPretraining, folder: str | Path) -> Path:
    """Write `config.json` and `model.safetensors` under the names of Hugging Face's `transformers`.

    The other way than `linebyline.transformer.bert_files.renamed`. The matrix of the words' logits
    is E and stands there once.

    Args:
        model: BERT and both heads.
        folder: where to; it is made if it is not there, and files of these names are replaced.

    Returns:
        The folder.

    Raises:
        ValueError: the blocks are not BERT's: another activation than GELU, or `norm_first`.
    """
    config = model.bert.config
    block = config.block
    if block.norm_first or not isinstance(block.activation, GELU):
        raise ValueError(
            "model must have BERT's blocks, with GELU and norm_first False, not "
            f"{block.activation} and {block.norm_first}"
        )
    settings = {
        "model_type": "bert",
        "architectures": ["BertForPreTraining"],
        "vocab_size": config.vocab_size,
        "hidden_size": block.model_size,
        "num_hidden_layers": config.num_blocks,
        "num_attention_heads": block.num_heads,
        "intermediate_size": block.hidden_size,
        "max_position_embeddings": config.context,
        "type_vocab_size": config.num_segments,
        "hidden_dropout_prob": block.dropout,
        "attention_probs_dropout_prob": block.attention_dropout,
        "layer_norm_eps": block.eps,
        **SETTINGS,
    }
    names = {ours: theirs for theirs, ours in HEADS.items()}
    names |= {f"bert.{ours}": f"bert.{theirs}" for theirs, ours in AROUND.items()}
    for number in range(config.num_blocks):
        names |= {
            f"bert.encoder.blocks.{number}.{ours}": f"bert.encoder.layer.{number}.{theirs}"
            for theirs, ours in BLOCK.items()
        }
    weights = {}
    for full, value in model.state_dict().items():
        part, _, kind = full.rpartition(".")
        weights[f"{names[part]}.{kind}"] = value.detach().contiguous().to("cpu", torch.float32)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings, indent=1) + "\n", "utf8")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
