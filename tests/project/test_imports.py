"""Imports run one way: the contract holds, and would notice an import that runs the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint_imports(folder: Path) -> tuple[bool, str]:
    """Whether import-linter is content with the package below ``folder``, and what it says."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, done.stdout + done.stderr


def test_the_contract_holds() -> None:
    kept, report = lint_imports(ROOT)
    assert kept, report


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("layers", "training"),
        ("losses", "layers"),
        ("data", "plotting"),
        ("autograd", "layers"),
        ("tokenizers", "data"),
        ("data", "tokenizers"),
        ("language", "vision"),
        ("plotting", "language"),
        ("linear_models", "plotting"),
        ("plotting", "linear_models"),
        ("training", "layers"),
        ("sequence", "vision"),
        ("training", "sequence"),
        ("decoding", "layers"),
        ("decoding", "sequence"),
        ("self_supervised", "vision"),
        ("training", "self_supervised"),
        ("generative", "transformer"),
        ("training", "generative"),
        ("transformer", "sequence"),
        ("plotting", "transformer"),
    ],
)
def test_an_import_the_wrong_way_is_noticed(tmp_path: Path, module: str, imported: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "src" / "linebyline" / module / "planted.py"
    planted.write_text(f"import linebyline.{imported}\n", "utf8")
    kept, report = lint_imports(tmp_path)
    assert not kept
    assert f"linebyline.{module}.planted -> linebyline.{imported}" in report
