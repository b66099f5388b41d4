"""Models in the published layout: a folder with `config.json` and `model.safetensors`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.layers.named_weights import check_weights, read_safetensors


def read_config(
    folder: str | Path,
    model_types: Sequence[str],
    needed: Mapping[str, object] | None = None,
    sizes: Sequence[str] = (),
) -> dict[str, Any]:
    """The settings of a model, if it is of a kind that is wanted.

    Source: the layout is that of Hugging Face's `transformers`, whose hub has most published
    models.

    Args:
        folder: that has `config.json`.
        model_types: the kinds, as its `model_type` names them.
        needed: settings that must have this value where they are given, for nothing else is
            implemented.
        sizes: settings that must be there, whole numbers from 1 on.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no JSON, of another kind, has another setting, or lacks a size.
    """
    path = _file(folder, "config.json")
    try:
        config = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise ValueError(
            f"folder must have a config.json, but {path} is no JSON: {error}"
        ) from None
    if not isinstance(config, dict) or config.get("model_type") not in model_types:
        found = config.get("model_type") if isinstance(config, dict) else config
        raise ValueError(
            f"folder must have a model of type {' or '.join(model_types)}, "
            f"but model_type is {found!r} in {path}"
        )
    for name, value in (needed or {}).items():
        if config.get(name, value) != value:
            raise ValueError(
                f"folder must have a model with {name} {value!r}, but in {path} it is "
                f"{config[name]!r}"
            )
    for name in sizes:
        size = config.get(name)
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f"folder must have a model with {name} a number from 1 on, but in {path} it is "
                f"{size!r}"
            )
    return config


def read_weights(folder: str | Path) -> dict[str, Tensor]:
    """The tensors of `model.safetensors` by their names in the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged.
    """
    path = _file(folder, "model.safetensors")
    return read_safetensors(path, "folder must have a whole model.safetensors")


def fill(model: nn.Module, weights: Mapping[str, Tensor], folder: str | Path) -> None:
    """Let a model on the meta device, which has shapes and no numbers, have these weights.

    They become numbers of torch's default type, whatever the file has.

    Args:
        model: the model.
        weights: by the names that it has in the model.
        folder: where they come from, for the message.

    Raises:
        ValueError: a name or a shape differs; the model is then as it was.
    """
    described = " that its config.json describes"
    check_weights("folder", weights, model.state_dict(), folder, remedy=lambda _: described)
    dtype = torch.get_default_dtype()
    numbers = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in weights.items()
    }
    model.load_state_dict(numbers, assign=True)


def _file(folder: str | Path, name: str) -> Path:
    path = Path(folder) / name
    if not path.is_file():
        raise FileNotFoundError(f"folder must have the file {name}, but there is none at {path}")
    return path
