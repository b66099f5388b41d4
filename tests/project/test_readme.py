"""What the README promises is so: its code runs, its commands and its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def test_it_fits_on_a_screen_or_so() -> None:
    assert len(README.splitlines()) <= 70


def test_its_ten_lines_train_something(tmp_path: Path) -> None:
    """Run as a reader would, in a Python of its own."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len([line for line in code.splitlines() if line and "import " not in line]) <= 10
    (tmp_path / "example.py").write_text(code, "utf8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "example.py"],
        check=False,
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    right = re.search(r"test accuracy (0\.\d+)", done.stdout)
    promised = re.search(r"(\d+) of 100 held-out", code)
    assert right
    assert promised
    assert float(right[1]) == pytest.approx(int(promised[1]) / 100, abs=0.015)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_links_exist(page: Path) -> None:
    text = page.read_text("utf8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf8"), re.M))
    code = "\n".join(re.findall(r"`+(?:sh\n)?(.*?)`+", text, re.S))
    assert set(re.findall(r"^ *make ([a-z]+)", code, re.M)) <= targets
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{page.name} links to {link}"


def test_its_picture_is_small() -> None:
    assert (ROOT / ".github" / "chapter.png").stat().st_size < 150_000
