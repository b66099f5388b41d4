"""Chapters (.md) to notebooks (.ipynb): each is executed once, here; the site, nbval, Binder and
Colab all use the result.

    python book/_ext/notebooks.py [CHAPTER.md ...]   execute what changed, refresh the prose of the
    rest python book/_ext/notebooks.py --all              execute every chapter (after a change of
    the dependencies) python book/_ext/notebooks.py --check            exit 1 if a notebook is out
    of step with its chapter; execute nothing

A chapter's outputs are stale when its code cells changed, or a module of ``linebyline`` that they
import, directly or not: the notebook's metadata holds a hash of each one's syntax tree, so comments
and docstrings may change freely.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat
import plain
from chapters import BOOK, ROOT, chapters, code_cells, read, settings, staleness, stored, tags
from execution import ChapterError, execute
from fingerprint import fingerprints
from nbformat import NotebookNode
from tqdm import tqdm

HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def setup_cell() -> NotebookNode:
    """For Colab, where the package is missing; elsewhere it does nothing."""
    repository = settings()["repository"]
    address = f"linebyline[encyclopedia,imagenet] @ git+{repository['url']}@{repository['branch']}"
    source = (
        "try:\n    import linebyline\n"
        f'except ModuleNotFoundError:  # on Colab\n    %pip install -q "{address}"'
    )
    return nbformat.v4.new_code_cell(
        source, id="setup", metadata={"tags": ["nbval-skip", "remove-cell"]}
    )


def dump(chapter: Path, notebook: NotebookNode) -> str:
    """The text of the .ipynb: plain Markdown that every viewer shows, a set-up cell for Colab,
    captions below figures.
    """
    context = plain.Context.of(chapter, BOOK, settings(), values=plain.glued(code_cells(notebook)))
    markdown = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    rendered = dict(
        zip(
            (cell.id for cell in markdown),
            plain.render([cell.source for cell in markdown], context),
            strict=True,
        )
    )
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if rendered[cell.id].strip():  # the end of a solution leaves nothing
                cells.append(nbformat.v4.new_markdown_cell(rendered[cell.id], id=cell.id))
            continue
        new = nbformat.v4.new_code_cell(
            cell.source, id=cell.id, outputs=cell.outputs, execution_count=cell.execution_count
        )
        if tags(cell):
            new.metadata["tags"] = tags(cell)
        if HIDDEN & set(tags(cell)):
            new.metadata["jupyter"] = {"source_hidden": True}
        cells.append(new)
        if caption := cell.metadata.get("mystnb", {}).get("figure", {}).get("caption"):
            name = cell.metadata["mystnb"]["figure"].get("name")
            text = plain.caption(caption.strip(), name, context)
            cells.append(nbformat.v4.new_markdown_cell(text, id=f"{cell.id}-caption"))
    cells.insert(1, setup_cell())
    metadata = {
        **notebook.metadata,
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "linebyline": {"modules": fingerprints(cell.source for cell in code_cells(notebook))},
    }
    result = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    return nbformat.writes(result, 4) + "\n"


def write(path: Path, text: str) -> bool:
    """Replace a file in one step, so that an interrupted run leaves the old one; a file that would
    not change is not touched.
    """
    if path.exists() and path.read_text("utf8") == text:
        return False
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_text(text, "utf8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def problems() -> Iterator[str]:
    """Every notebook that is out of step, one line each."""
    for chapter in chapters(BOOK):
        name, path = chapter.relative_to(ROOT), chapter.with_suffix(".ipynb")
        try:
            notebook = stored(chapter)
            if notebook is None:
                yield f"{name} {staleness(chapter)}"
            elif dump(chapter, notebook) != path.read_text("utf8"):
                yield f"{name} says in its prose what its notebook does not"
        except plain.PlainError as error:
            yield str(error)
    known = {chapter.with_suffix(".ipynb") for chapter in chapters(BOOK)}
    for path in sorted(BOOK.rglob("*.ipynb")):
        if path not in known and ".ipynb_checkpoints" not in path.parts:
            yield f"{path.relative_to(ROOT)} is the notebook of no chapter: delete it"


def refresh(todo: list[Path], *, everything: bool = False) -> int:
    """Bring notebooks up to date, as many at once as there are cores; return how many failed."""
    fresh = {chapter: None if everything else stored(chapter) for chapter in todo}
    stale = [chapter for chapter in todo if fresh[chapter] is None]
    failures: list[str] = []
    total = sum(len(code_cells(read(chapter))) for chapter in stale)
    lock = threading.Lock()
    # Not "with": leaving it would wait for kernels that an interrupt should stop.
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    with tqdm(total=total, unit="cell", disable=not stale) as bar:

        def tick() -> None:
            with lock:
                bar.update()

        running = {pool.submit(execute, chapter, on_cell=tick): chapter for chapter in stale}
        for future in as_completed(running):
            try:
                fresh[running[future]] = future.result()
            except ChapterError as error:
                failures.append(str(error))
    for chapter, notebook in fresh.items():
        if notebook is None:
            continue
        try:
            changed = write(chapter.with_suffix(".ipynb"), dump(chapter, notebook))
        except plain.PlainError as error:
            failures.append(str(error))
            continue
        if changed:
            verb = "executed" if chapter in stale else "refreshed"
            print(verb, chapter.with_suffix(".ipynb").relative_to(ROOT))
    for failure in failures:
        print(failure, file=sys.stderr)
    return len(failures)


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 when something failed or is out of step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chapters", nargs="*", type=Path, metavar="CHAPTER.md")
    parser.add_argument("--all", action="store_true", help="execute even what did not change")
    parser.add_argument(
        "--check", action="store_true", help="execute nothing; report what is out of step"
    )
    options = parser.parse_args(arguments)
    if options.check:
        found = list(problems())
        for line in found:
            print(
                f"{line}: run make notebooks" if "delete it" not in line else line, file=sys.stderr
            )
        return bool(found)
    todo = [path.resolve() for path in options.chapters] or chapters(BOOK)
    if unknown := [path for path in todo if path not in chapters(BOOK)]:
        parser.error(f"{unknown[0]} is not an executable chapter of {BOOK}")
    return bool(refresh(todo, everything=options.all))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted: no notebook was half-written; run it again to go on", file=sys.stderr)
        sys.stderr.flush()
        os._exit(130)  # kernels notice that their parent is gone and stop
