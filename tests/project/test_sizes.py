"""Stored outputs live in git, so they stay small."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def pictures(notebook: Path) -> Iterator[tuple[int, str, int]]:
    """Number of the cell, kind and bytes of every picture among a notebook's outputs."""
    for number, cell in enumerate(json.loads(notebook.read_text("utf8"))["cells"]):
        for output in cell.get("outputs", []):
            for kind, data in output.get("data", {}).items():
                if kind.startswith("image/"):
                    text = "".join(data)
                    yield number, kind, len(text) if "svg" in kind else len(base64.b64decode(text))


@each_notebook
def test_a_figure_has_at_most_60_kilobytes(path: Path) -> None:
    for number, kind, size in pictures(path):
        assert kind == "image/png", f"cell {number} of {path.name} shows {kind}; figures are PNG"
        assert size <= 60_000, f"the figure of cell {number} of {path.name} has {size} bytes"


@each_notebook
def test_a_notebook_has_at_most_400_kilobytes(path: Path) -> None:
    assert path.stat().st_size <= 400_000


def test_the_book_has_less_than_25_megabytes() -> None:
    assert sum(path.stat().st_size for path in BOOK.rglob("*") if path.is_file()) < 25_000_000


def test_pictures_are_found_and_measured(tmp_path: Path) -> None:
    data = {"image/png": base64.b64encode(b"x" * 70_000).decode(), "text/plain": ["<Figure>"]}
    cells = [{"source": ""}, {"outputs": [{"data": data}, {"text": "no picture"}]}]
    (tmp_path / "big.ipynb").write_text(json.dumps({"cells": cells}), "utf8")
    assert list(pictures(tmp_path / "big.ipynb")) == [(1, "image/png", 70_000)]
