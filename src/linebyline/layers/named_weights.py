"""Weights by their names: read from a file of numbers, and compared with what a model has."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor


def read_safetensors(path: Path, must: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file, which holds numbers and no code, so that to read it can do
    no harm.

    Args:
        path: of a file that is there.
        must: what the message begins with: which argument must be or have what.

    Raises:
        ValueError: it is damaged.
    """
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{must}, but {path} is truncated or none: {error}") from None


def check_weights(
    argument: str,
    found: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    source: str | Path,
    *,
    remedy: Callable[[str], str] = lambda _: "",
) -> None:
    """Refuse weights at the first name or shape that differs from a model's.

    Args:
        argument: the name of the argument that led to them, for the message.
        found: the weights.
        wanted: what the model has.
        source: where they come from.
        remedy: what the message says behind a shape that differs, from the weight's name.

    Raises:
        ValueError: a name is missing or too much, or a shape differs.
    """
    must = f"{argument} must have the model's weights, but"
    unexpected = [name for name in found if name not in wanted]
    for name, value in wanted.items():
        if name not in found:
            instead = f", and has {unexpected[0]!r}, which the model lacks" if unexpected else ""
            raise ValueError(f"{must} {source} lacks {name!r}{instead}")
        if (here := _described(value)) != (there := _described(found[name])):
            raise ValueError(
                f"{must} {name!r} is {there} in {source} and {here} in the model{remedy(name)}"
            )
    if unexpected:
        raise ValueError(f"{must} {source} has {unexpected[0]!r}, which the model lacks")


def _described(value: Tensor) -> str:
    """The shape, and what kind of numbers; any floating-point numbers will do for any others."""
    kind = "" if value.is_floating_point() else f" of {value.dtype}"
    layout = "" if value.layout == torch.strided else f", {value.layout}"
    return f"{tuple(value.shape)}{kind}{layout}"
