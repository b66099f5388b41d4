"""requirements.txt pins everything exactly, and suits every machine that the book admits."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
BINDER = ROOT / ".binder" / "requirements.txt"
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][a-z0-9.]*)")


def lines(path: Path) -> list[str]:
    """The lines of a requirements file that are no comment."""
    return [line for line in path.read_text("utf8").splitlines() if not line.startswith("#")]


def pins(path: Path = ROOT / "requirements.txt") -> dict[str, str]:
    """Name and version of each pin; a line that is anything else is refused."""
    found = {}
    for line in lines(path):
        pin = PIN.fullmatch(line)
        assert pin, f"{path.name}: {line!r} is no exact pin of a public version"
        found[pin["name"]] = pin["version"]
    return found


def direct() -> list[Requirement]:
    """What pyproject.toml asks for, its extras included."""
    extras = PROJECT["optional-dependencies"].values()
    return [Requirement(text) for text in sum(extras, start=PROJECT["dependencies"])]


@pytest.mark.parametrize(
    "line",
    [
        "torch==2.13.0+cpu",
        "torch>=2.5",
        "torch",
        "torch==2.13.*",
        "torch==2.13.0 --hash=sha256:00",
        "torch @ file:///somewhere",
        "-e .",
        "--index-url https://example.org",
    ],
)
def test_a_line_that_is_no_plain_pin_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"numpy==2.4.6\n{line}\n", "utf8")
    with pytest.raises(AssertionError, match="no exact pin"):
        pins(tmp_path / "requirements.txt")


def test_every_direct_dependency_is_pinned_within_its_range() -> None:
    locked = pins()
    for requirement in direct():
        pinned = locked.get(canonicalize_name(requirement.name))
        assert pinned, f"{requirement.name} is missing: run make lock"
        assert requirement.specifier.contains(pinned), f"{requirement} but {pinned}: run make lock"


def test_torch_is_the_one_that_the_outputs_were_made_with() -> None:
    assert pins()["torch"] == "2.13.0"


def test_the_library_leaves_an_environment_its_own_torch() -> None:
    (torch,) = (requirement for requirement in direct() if requirement.name == "torch")
    assert torch.specifier.contains("2.5.0")
    assert torch.specifier.contains("2.99.0")


def test_the_lock_is_closed() -> None:
    """Everything that a pinned package asks for on this machine is pinned too."""
    locked = pins()
    installed = {canonicalize_name(each.metadata["Name"]): each for each in distributions()}
    for name in locked.keys() & installed.keys():
        for text in installed[name].requires or []:
            needed = Requirement(text)
            if name == "torch" or (needed.marker and not needed.marker.evaluate({"extra": ""})):
                continue  # torch's CUDA build pins its own parts
            assert canonicalize_name(needed.name) in locked, f"{name} needs {needed}: run make lock"


def test_every_pin_accepts_the_first_python_3_11() -> None:
    """Debian 12 has 3.11.2; a package that wants 3.11.5 would stop a reader there."""
    locked = pins()
    for each in distributions():
        wanted = each.metadata.get("Requires-Python")
        if wanted and canonicalize_name(each.metadata["Name"]) in locked:
            name = f"{each.metadata['Name']} {each.version}"
            assert SpecifierSet(wanted).contains("3.11.0"), f"{name} wants Python {wanted}"


def test_binder_takes_the_pins_and_torch_without_cuda() -> None:
    torch = f"torch=={pins()['torch']}+cpu"
    assert torch in lines(BINDER)
    assert "--constraint ../requirements.txt" in lines(BINDER)
    package = ".[encyclopedia,imagenet]"  # with the weights and the text that chapters read
    assert package in lines(BINDER), "the package itself is missing"
    others = [
        line for line in lines(BINDER) if not line.startswith("--") and line not in {package, torch}
    ]
    assert {canonicalize_name(name) for name in others} <= pins().keys()
    runtime = (ROOT / ".binder" / "runtime.txt").read_text("utf8").strip()
    assert SpecifierSet(PROJECT["requires-python"]).contains(runtime.removeprefix("python-"))


@pytest.mark.skipif(version("torch") != f"{pins()['torch']}+cpu", reason="not torch's CPU build")
def test_pip_finds_binders_requirements_met_by_the_pins() -> None:
    """The file is read, the constraint found, and nothing but this package would be installed."""
    command = "pip install --dry-run --no-index --no-build-isolation -r .binder/requirements.txt"
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert re.findall("Would install (.*)", done.stdout) == [f"linebyline-{version('linebyline')}"]
