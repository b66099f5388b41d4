"""*Open in Colab*, proved without Colab: a chapter's notebook, unchanged and alone in an empty
folder, runs from its first cell to its last in an environment that has only what Colab brings.

Its set-up cell installs the package from the repository's address. git's ``insteadOf`` leads that
address to a repository that holds the tree as it is now.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
REPOSITORY = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["repository"]
NOTEBOOKS = sorted(path for path in (ROOT / "book").rglob("*.ipynb") if path.parent.name[0] != ".")
BROUGHT = ("torch", "numpy", "matplotlib", "ipykernel", "pip")  # by Colab, and never replaced


def run(*command: str | Path, folder: Path | None = None) -> str:
    """A command's output; its own words when it fails."""
    done = subprocess.run(
        [*map(str, command)], check=False, cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose branch is the tree as it is now, committed or not."""
    folder = tmp_path_factory.mktemp("repository") / "bare"
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run("git", "init", "-q", f"--initial-branch={REPOSITORY['branch']}", folder=folder)
    run("git", "add", "--all", folder=folder)
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    run("git", *who, "commit", "-q", "--no-gpg-sign", "--message=now", folder=folder)
    return folder


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of a fresh environment with what Colab brings, in the versions used here."""
    folder = tmp_path_factory.mktemp("colab") / "venv"
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    # A local label (+cpu) names a build; which one comes is for the machine's pip to say.
    pins = [f"{name}=={version(name).split('+')[0]}" for name in BROUGHT]
    run(python, "-m", "pip", "install", "-q", *pins)
    yield python
    shutil.rmtree(folder)  # a gigabyte, which pytest would keep for three runs


def installed(python: Path) -> dict[str, str]:
    """Packages of an environment with their versions."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format=json"))
    return {each["name"]: each["version"] for each in listed}


def kernel(python: Path, folder: Path) -> None:
    """Say in ``folder``, as Jupyter reads it, that kernel "colab" is this Python."""
    spec = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    (folder / "kernels" / "colab").mkdir(parents=True)
    text = json.dumps(spec | {"display_name": "Colab", "language": "python"})
    (folder / "kernels" / "colab" / "kernel.json").write_text(text, "utf8")


def test_a_notebook_runs_alone_where_only_colabs_packages_are(
    repository: Path, colab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "content").mkdir()
    path = Path(shutil.copy2(NOTEBOOKS[0], tmp_path / "content"))
    before = installed(colab)
    assert "linebyline" not in before
    torch = colab.parents[1].glob("lib/python3*/site-packages/torch/__init__.py")
    (torch_stamp,) = [(file, file.stat().st_ctime_ns) for file in torch]

    kernel(colab, tmp_path / "jupyter")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    ours = {"PYTHONPATH", "VIRTUAL_ENV", "TQDM_DISABLE"}
    env = {
        name: text
        for name, text in os.environ.items()
        if name not in ours and not name.startswith("LINEBYLINE_")
    }
    env |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY["url"],
    }
    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="colab",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(env=env)

    for cell in notebook.cells:
        if "raises-exception" in cell.metadata.get("tags", []):
            assert any(output.output_type == "error" for output in cell.outputs), cell.source
    after = installed(colab)
    assert {name: after[name] for name in BROUGHT} == {name: before[name] for name in BROUGHT}
    assert (torch_stamp[0], torch_stamp[0].stat().st_ctime_ns) == torch_stamp
    assert after["linebyline"] == version("linebyline")
    origin = run(colab, "-c", "import linebyline; print(linebyline.__file__)", folder=tmp_path)
    assert Path(origin.strip()).is_relative_to(colab.parents[1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_begins_with_the_set_up_that_was_proved(path: Path) -> None:
    setup, proved = (
        next(cell for cell in nbformat.read(each, 4).cells if cell.cell_type == "code")
        for each in (path, NOTEBOOKS[0])
    )
    assert f"git+{REPOSITORY['url']}@{REPOSITORY['branch']}" in setup.source
    assert setup.source == proved.source
