"""The chapters of the book, and whether their stored outputs can still be used."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

import nbformat
import yaml
from fingerprint import fingerprints
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
RAISES = "raises-exception"


@cache
def settings() -> dict:
    """The book's ``_config.yml``, the one place that holds the repository's address."""
    return yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))


def chapters(book: Path = BOOK) -> list[Path]:
    """Every executable chapter."""
    return [
        path
        for path in sorted(book.rglob("*.md"))
        if is_myst_markdown_notebook(path.read_text("utf8"))
    ]


def read(chapter: Path) -> NotebookNode:
    """The chapter as a notebook without outputs, by the site's own reader, with an id for each cell
    that its content decides.
    """
    notebook = read_myst_markdown_notebook(chapter.read_text("utf8"), path=chapter)
    # The kernel is part of the key under which the site looks for outputs: leave it as written.
    notebook.metadata = nbformat.from_dict({"kernelspec": notebook.metadata["kernelspec"]})
    seen: set[str] = set()
    for cell in notebook.cells:
        digest = sha256(f"{cell.cell_type}{cell.source}".encode()).hexdigest()
        cell.id = next(digest[i : i + 8] for i in range(56) if digest[i : i + 8] not in seen)
        seen.add(cell.id)
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells with code, without the set-up cell that is added for Colab."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.id != "setup"]


def tags(cell: NotebookNode) -> list[str]:
    """A cell's tags."""
    return list(cell.metadata.get("tags", []))


def staleness(chapter: Path) -> str | None:
    """Why the stored outputs of a chapter cannot be used, in a few words; None if they can."""
    path = chapter.with_suffix(".ipynb")
    if not path.exists():
        return "has no notebook"
    try:
        old = nbformat.read(path, 4)
    except (ValueError, TypeError, AttributeError, nbformat.ValidationError) as error:
        return f"has a notebook that cannot be read ({str(error).splitlines()[0]})"
    new_code, old_code = code_cells(read(chapter)), code_cells(old)
    if [(cell.source, RAISES in tags(cell)) for cell in new_code] != [
        (cell.source, RAISES in tags(cell)) for cell in old_code
    ]:
        return "has changed code cells"
    if any(cell.execution_count is None for cell in old_code):
        return "has a cell that was never run"
    recorded = old.metadata.get("linebyline", {}).get("modules", {})
    current = fingerprints(cell.source for cell in new_code)
    changed = sorted(
        name for name in recorded.keys() | current.keys() if recorded.get(name) != current.get(name)
    )
    return f"uses {', '.join(changed)}, which changed" if changed else None


def stored(chapter: Path) -> NotebookNode | None:
    """The chapter with its stored outputs; None if they are stale."""
    if staleness(chapter):
        return None
    notebook, old = read(chapter), nbformat.read(chapter.with_suffix(".ipynb"), 4)
    for cell, reference in zip(code_cells(notebook), code_cells(old), strict=True):
        cell.outputs, cell.execution_count = reference.outputs, reference.execution_count
    notebook.metadata["language_info"] = old.metadata.get("language_info", {})
    return notebook
