"""Weights are read whole or not at all, and compared by name, shape and kind of number."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from linebyline.layers.named_weights import check_weights, read_safetensors

WANTED = {"a": torch.zeros(2, 3), "b": torch.zeros(4, dtype=torch.int64)}


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    numbers = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([7])}
    save_file(numbers, tmp_path / "x.safetensors")
    found = read_safetensors(tmp_path / "x.safetensors", "path must be whole")
    assert found.keys() == numbers.keys()
    assert all(torch.equal(found[name], value) for name, value in numbers.items())


@pytest.mark.parametrize("kept", [0.0, 0.4, 0.9])
def test_a_damaged_file_is_refused(kept: float, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"a": torch.zeros(100)}, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=r"path must be whole, but .*x.safetensors is truncated"):
        read_safetensors(path, "path must be whole")


def test_any_floating_point_numbers_of_the_same_names_and_shapes_do() -> None:
    found = {"b": torch.ones(4, dtype=torch.int64), "a": torch.ones(2, 3, dtype=torch.float16)}
    check_weights("path", found, WANTED, "here")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("a"), "path must have the model's weights, but here lacks 'a'$"),
        (lambda w: w.update(c=w.pop("a")), "here lacks 'a', and has 'c', which the model lacks"),
        (lambda w: w.update(c=w["a"]), "here has 'c', which the model lacks"),
        (lambda w: w.update(a=w["a"].T), r"'a' is \(3, 2\) in here and \(2, 3\) in the model of a"),
        (lambda w: w.update(b=torch.zeros(4)), r"'b' is \(4,\) in here and \(4,\) of torch.int64"),
        (lambda w: w.update(a=torch.eye(3)[:2].to_sparse()), r"'a' is \(2, 3\), torch.sparse_coo"),
    ],
)
def test_the_first_difference_is_named(
    change: Callable[[dict[str, Tensor]], object], message: str
) -> None:
    weights = dict(WANTED)
    change(weights)
    with pytest.raises(ValueError, match=message):
        check_weights("path", weights, WANTED, "here", remedy=lambda name: f" of {name}")
