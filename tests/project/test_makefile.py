"""`make` says what it can do, and says in one sentence what it lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = ["help", "book", "serve", "test", "notebooks", "claims", "shots", "lock", "wheelhouse"]
TARGETS += ["bench", "clean"]
OUTER = ("MAKE", "MFLAGS", "CPU", "NEWEST", "VENV", "WHEELHOUSE", "PYTHON")
PIP_INSTALL = re.compile("pip install(.*)")
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make reads of a fresh clone, in a folder whose name has a space."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "_config.yml"):
        shutil.copy2(ROOT / name, folder)
    shutil.copytree(ROOT / ".binder", folder / ".binder")
    return folder


def make(folder: Path, *arguments: str, path: str = os.environ["PATH"]) -> tuple[int, str, str]:
    """Exit status, output and errors; nothing of a make that runs these tests is handed on."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(OUTER)}
    done = subprocess.run(
        [shutil.which("make") or "make", *arguments],
        check=False,
        cwd=folder,
        env=kept | {"PATH": path},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def python(folder: Path, version: str) -> Path:
    """A stand-in for another Python, which has a version and can make no virtual environment."""
    folder.mkdir(exist_ok=True)
    program = folder / "python3"
    said = f"import sys; sys.version_info = {version}; exec(sys.argv[1])"
    no_venv = 'case "$*" in *venv*) exit 1;; esac'
    program.write_text(f'#!/bin/sh\n{no_venv}\nexec "{sys.executable}" -c "{said}" "$2"\n', "utf8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_help_lists_every_target(clone: Path, arguments: list[str]) -> None:
    code, out, _ = make(clone, *arguments)
    assert code == 0
    assert re.findall(r"^make (\w+) ", out, re.M) == TARGETS
    makefile = (ROOT / "Makefile").read_text("utf8")
    assert set(TARGETS) == set(re.findall(r"^([a-z]+):", makefile, re.M)), "an undocumented target"


def test_no_python_is_one_sentence(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "sed", "rm"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    code, _, err = make(clone, "book", path=str(tmp_path / "bin"))
    assert code == 2
    assert err.splitlines()[0] == (
        "This needs Python 3.11 or newer, and python3 python3.13 python3.12 python3.11 is none: "
        "install one, or name it: make PYTHON=/path/to/python"
    )


def test_an_old_python_is_one_sentence(clone: Path, tmp_path: Path) -> None:
    old = python(tmp_path / "bin", "(3, 10, 13)")
    code, _, err = make(clone, "book", f"PYTHON={old}")
    assert code == 2
    assert err.splitlines()[0].startswith(f"This needs Python 3.11 or newer, and {old} is none")


def test_a_python_that_makes_no_environment_is_one_sentence(clone: Path, tmp_path: Path) -> None:
    """Debian's, without python3-venv."""
    bare = python(tmp_path / "bin", "(3, 12, 0)")
    code, _, err = make(clone, "book", f"PYTHON={bare}")
    assert code == 2
    assert "cannot make a virtual environment" in err.splitlines()[0]
    assert not (clone / ".venv").exists()


def test_a_missing_wheelhouse_is_one_sentence(clone: Path) -> None:
    code, _, err = make(clone, "book", "WHEELHOUSE=/no such/house")
    assert code == 2
    assert err.splitlines()[0] == "WHEELHOUSE=/no such/house is not a directory"


def test_an_install_that_fails_is_tried_again(clone: Path, tmp_path: Path) -> None:
    """An empty wheelhouse installs nothing, and leaves no stamp that says otherwise."""
    (tmp_path / "house").mkdir()
    for _ in range(2):
        code, out, err = make(
            clone, "book", f"WHEELHOUSE={tmp_path / 'house'}", f"PYTHON={sys.executable}"
        )
        assert code == 2
        assert "--no-index" in out
        assert "No matching distribution" in err
        assert not list((clone / ".venv").glob(".*"))


def test_what_is_installed_stays_until_the_lock_changes(clone: Path) -> None:
    (clone / ".venv").mkdir()
    for stamp in (".locked", ".ready"):
        (clone / ".venv" / stamp).touch()
    assert not PIP_INSTALL.findall(make(clone, "-n", "book")[1])
    later = (clone / ".venv" / ".ready").stat().st_mtime + 9
    os.utime(clone / "_config.yml", (later, later))
    (package,) = PIP_INSTALL.findall(make(clone, "-n", "book")[1])
    assert package.endswith("-e .")
    os.utime(clone / "requirements.txt", (later, later))
    lock, package = PIP_INSTALL.findall(make(clone, "-n", "book")[1])
    assert lock.endswith("-r requirements.txt")
    assert package.endswith("-e .")


def test_torch_without_cuda_comes_from_the_index_that_binder_uses(clone: Path) -> None:
    (clone / "show.mk").write_text("include Makefile\nshow:\n\t@echo $$PIP_EXTRA_INDEX_URL\n")
    index = "https://download.pytorch.org/whl/cpu"
    assert make(clone, "-f", "show.mk", "show", "CPU=1")[1].split()[-1] == index
    assert index not in make(clone, "-f", "show.mk", "show")[1]
