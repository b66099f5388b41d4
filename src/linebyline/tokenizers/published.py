"""Tokenizers in the published layout: a folder with the vocabulary, and settings beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SETTINGS = "tokenizer_config.json"


def published_files(folder: str | Path, names: Sequence[str]) -> list[Path]:
    """The paths of files that must be there.

    Source: the layout is that of the hub of Hugging Face. From version 5 on `transformers` itself
    saves one `tokenizer.json` in their place.

    Raises:
        FileNotFoundError: one is not there.
    """
    paths = [Path(folder) / name for name in names]
    for path in paths:
        if not path.is_file():
            instead = path.with_name("tokenizer.json")
            hint = f"; {instead.name} is there, which is not read" if instead.is_file() else ""
            raise FileNotFoundError(f"folder must have {' and '.join(names)}, but not {path}{hint}")
    return paths


def published_settings(
    folder: str | Path, kind: str, needed: Mapping[str, object]
) -> dict[str, Any]:
    """The settings of a tokenizer, if it is of the kind that is wanted.

    Old folders have no such file, or leave most settings out: then nothing contradicts.

    Args:
        folder: that may have `tokenizer_config.json`.
        kind: what `tokenizer_class` names, with or without "Fast" behind it.
        needed: settings that must have this value where they are given, for nothing else is
            implemented.

    Raises:
        ValueError: it is no JSON object, of another kind, or has another setting.
    """
    path = Path(folder) / SETTINGS
    if not path.is_file():
        return {}
    try:
        settings = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON file: {error}") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must be one object of settings")
    found = settings.get("tokenizer_class", kind)
    if found not in (kind, f"{kind}Fast"):
        raise ValueError(f"folder must have a {kind}, but tokenizer_class is {found!r} in {path}")
    for name, value in needed.items():
        if settings.get(name, value) != value:
            raise ValueError(
                f"folder must have a tokenizer with {name} {value!r}, but in {path} it is "
                f"{settings[name]!r}"
            )
    return settings
