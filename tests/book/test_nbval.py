"""The comparison in CI, as pytest runs it: doctored notebooks, cell by cell."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

BOOK = Path(__file__).parents[2] / "book"
EXPECTED_ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])

# (source, stored output, tags) and whether the comparison must pass
CELLS = [
    ("print('loss', 0.5)", "loss 0.5002\n", [], True),
    ("print('loss', 0.5)", "loss 0.51\n", [], False),  # a digit beyond the tolerance
    ("print('loss', 0.5)", "loss 0.51\n", ["rtol-0.05"], True),
    ("print('steps', 1000)", "steps 1001\n", [], False),  # an integer
    ("print('steps', 1000)", "steps 1000\n", [], True),
    ("print('yes')", "no\n", [], False),  # a word
    ("print('yes')", None, [], False),  # an output that was not there
    ("pass", "gone\n", [], False),  # an output that is gone
    ("1 / 0", None, [], False),  # a cell that raises
    ("raise ValueError('no')", EXPECTED_ERROR, ["raises-exception"], True),
    ("raise ValueError('yes')", EXPECTED_ERROR, ["raises-exception"], False),
    ("pass", EXPECTED_ERROR, ["raises-exception"], False),  # should raise and does not
    ("from linebyline.notebook import seconds; print(seconds(3.0))", "⏱ 99.0 s\n", [], True),
]


def compare(folder: Path, cells, *options: str, names=("a",)) -> subprocess.CompletedProcess:
    """Run pytest --nbval on notebooks of these cells, with the real book's conftest."""
    book = folder / "book"
    book.mkdir()
    (book / "conftest.py").write_text((BOOK / "conftest.py").read_text())
    (book / "_ext").symlink_to(BOOK / "_ext")
    made = []
    for number, (source, stored, tags) in enumerate(cells, 1):
        output = (
            new_output("stream", name="stdout", text=stored) if isinstance(stored, str) else stored
        )
        outputs = [output] if output else []
        made.append(
            new_code_cell(source, outputs=outputs, execution_count=number, metadata={"tags": tags})
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=made, metadata={"kernelspec": kernel})
    if not cells[0][0]:  # no code: it stands for the set-up cell
        made[0].update(id="setup", execution_count=None)
    for name in names:
        nbformat.write(notebook, book / f"{name}.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
        "-rA",
    ]
    return subprocess.run(
        [*command, *options, "-c", "/dev/null", "--rootdir", str(folder), str(book)],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip


def test_each_kind_of_difference(tmp_path):
    result = compare(tmp_path, [cell[:3] for cell in CELLS])
    found = re.findall(r"^(PASSED|FAILED) \S*::Cell (\d+)", result.stdout, re.M)
    verdicts = {int(number): verdict == "PASSED" for verdict, number in found}
    assert verdicts == {number: passes for number, (*_, passes) in enumerate(CELLS)}


@pytest.mark.parametrize(
    ("source", "tags", "message"),
    [
        ("x = 1", ["nbval-skip"], "nbval-skip"),
        ("x = 1", ["nbval-ignore-output"], "switches the comparison off"),
        ("# NBVAL_IGNORE_OUTPUT\nx = 1", [], "switches the comparison off"),
        ("# NBVAL_SKIP\nx = 1", [], "switches the comparison off"),
        ("", ["nbval-skip", "nbval-raises-exception"], "nbval-raises-exception"),  # set-up cell
        ("x = 1", ["rtol-0.5"], "rtol-0.5"),
    ],
)
def test_nothing_is_passed_over(tmp_path, source, tags, message):
    result = compare(tmp_path, [(source, None, tags)])
    assert result.returncode != 0
    assert message in result.stdout + result.stderr


def test_a_cell_that_was_never_run_is_refused(tmp_path):
    folder = tmp_path / "inner"
    folder.mkdir()
    compare(folder, [("x = 1", None, [])])
    path = folder / "book/a.ipynb"
    content = nbformat.read(path, 4)
    content.cells[0].execution_count = None
    nbformat.write(content, path)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-c", "/dev/null", str(folder)],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert result.returncode != 0
    assert "was never run" in result.stdout + result.stderr


def test_a_dead_kernel_fails(tmp_path):
    result = compare(tmp_path, [("import os; os._exit(1)", None, [])], "--nbval-cell-timeout=3")
    assert result.returncode != 0
    assert "1 failed" in result.stdout or "error" in result.stdout.lower()
    assert not (tmp_path / "_build").exists()  # nothing passed, nothing to count


def test_counts_are_left_for_the_summary(tmp_path):
    claim = {"application/vnd.linebyline.claim+json": {"id": "x"}, "text/plain": "x"}
    source = f"from IPython.display import display\ndisplay({claim}, raw=True)"
    cells = [("", None, ["nbval-skip"]), ("print(1)", "1\n", [])]
    cells.append((source, new_output("display_data", data=claim), []))
    result = compare(tmp_path, cells, names=("a", "b"))
    assert result.returncode == 0
    assert (tmp_path / "_build/report/cells.json").read_text() == '{"cells": 4, "claims": 2}\n'
