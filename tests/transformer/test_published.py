"""A folder in the published layout fills a model, or the message says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from linebyline.transformer.published import fill, read_config, read_weights

CONFIG = {"model_type": "bert", "size": 3, "deep": False}


def write(folder: Path, config: object = CONFIG) -> Path:
    (folder / "config.json").write_text(json.dumps(config), "utf8")
    return folder


def weights() -> dict[str, Tensor]:
    return {"weight": torch.arange(6.0).view(2, 3), "bias": torch.tensor([7.0, 8.0])}


def model() -> nn.Linear:
    with torch.device("meta"):
        return nn.Linear(3, 2)


def test_settings_are_read(tmp_path: Path) -> None:
    needed = {"deep": False, "elsewhere": 5}  # the second is not given
    assert read_config(str(write(tmp_path)), ("gpt2", "bert"), needed, ("size",)) == CONFIG


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**CONFIG, "model_type": "t5"}, "of type gpt2 or bert, but model_type is 't5' in"),
        ({"size": 3}, "but model_type is None in"),
        ([1, 2], r"but model_type is \[1, 2\] in"),
        ({**CONFIG, "deep": True}, "with deep False, but in .* it is True"),
    ],
)
def test_other_settings_are_refused(config: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_config(write(tmp_path, config), ("gpt2", "bert"), {"deep": False})


def test_a_size_of_one_is_a_size(tmp_path: Path) -> None:
    folder = write(tmp_path, {**CONFIG, "size": 1})
    assert read_config(folder, ("bert",), None, ("size",))["size"] == 1


@pytest.mark.parametrize("size", [None, 0, "3", 1.5])
def test_a_size_that_is_none_is_refused(size: object, tmp_path: Path) -> None:
    folder = write(tmp_path, {**CONFIG, "size": size})
    assert read_config(folder, ("bert",))["size"] == size
    message = rf"with size a number from 1 on, but in .* it is {size!r}"
    with pytest.raises(ValueError, match=message):
        read_config(folder, ("bert",), None, ("size",))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", "utf8")
    with pytest.raises(ValueError, match="is no JSON: Expecting"):
        read_config(tmp_path, ("bert",))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"must have the file config.json, but there is no"):
        read_config(tmp_path, ("bert",))
    with pytest.raises(FileNotFoundError, match=r"must have the file model.safetensors, but"):
        read_weights(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_refused(share: float, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(weights(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"must have a whole model.safetensors, but .* truncated"):
        read_weights(tmp_path)


def test_a_model_is_filled(tmp_path: Path) -> None:
    save_file({**weights(), "bias": weights()["bias"].half()}, tmp_path / "model.safetensors")
    layer = model()
    fill(layer, read_weights(tmp_path), tmp_path)
    assert torch.equal(layer.weight, weights()["weight"])
    assert layer.bias.dtype == torch.float32
    assert layer.bias.requires_grad
    assert torch.equal(layer(torch.ones(3)), torch.tensor([10.0, 20.0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": None}, "there lacks 'bias'$"),
        ({"bias": None, "b": torch.ones(2)}, "lacks 'bias', and has 'b', which the model lacks"),
        ({"b": torch.ones(2)}, "there has 'b', which the model lacks"),
        ({"bias": torch.ones(1)}, r"'bias' is \(1,\) in there and \(2,\) in the model"),
        ({"weight": torch.ones(3, 2)}, r"'weight' is \(3, 2\) in there and \(2, 3\) in"),
    ],
)
def test_other_weights_are_refused(change: dict[str, Tensor | None], message: str) -> None:
    found = {k: v for k, v in {**weights(), **change}.items() if v is not None}
    layer = model()
    with pytest.raises(ValueError, match=message):
        fill(layer, found, "there")
    assert layer.weight.is_meta
