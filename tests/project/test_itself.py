"""The project speaks only of itself, and says its address and its version once."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import metadata, version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
MACHINE = re.compile(r"(?<![\w.:}/*-])/(?:home|root|Users|mnt|opt|srv|work)/[\w.]")


def texts() -> dict[str, str]:
    """Every text file that git knows, and those that it does not ignore: name and content."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    found = {}
    for name in done.stdout.splitlines():
        try:
            found[name] = (ROOT / name).read_text("utf8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return found


def test_no_file_names_a_folder_of_one_machine() -> None:
    for name, text in texts().items():
        found = MACHINE.search(text)
        assert not found, f"{name}: {text[found.start() : found.start() + 60]!r}"
        assert not (len(ROOT.parts) > 2 and f"{ROOT}/" in text), f"{name} names {ROOT}"


def test_a_folder_of_one_machine_would_be_seen() -> None:
    folder = "/".join(("", "home", "ada"))  # not written out, for this file is looked at as well
    for text in (f"in {folder}/book", f'"{folder}"', f"({folder}/.cache)"):
        assert MACHINE.search(text), text
    for text in (f"https://example.org{folder}", f"book{folder}", f"..{folder}"):
        assert not MACHINE.search(text), text


def test_no_package_index_but_the_one_without_cuda() -> None:
    """Where packages come from is the reader's setting; torch's CPU build is all we point at."""
    for name, text in texts().items():
        for line in text.splitlines():
            if re.match(r"\s*--(extra-)?index-url|\s*--find-links", line):
                assert name.startswith((".binder/", ".github/")), f"{name}: {line}"
                assert line.split() == ["--extra-index-url", CPU_INDEX], f"{name}: {line}"


def test_the_address_stands_in_one_place() -> None:
    address = CONFIG["repository"]["url"].removeprefix("https://")
    owner = address.split("/")[1]
    for name, text in texts().items():
        if name != "_config.yml" and not name.endswith(".ipynb"):
            assert address not in text, f"{name} names the address: derive it from _config.yml"
            assert f"{owner}.github.io" not in text, f"{name} names the site: derive it"


def test_the_version_is_that_of_the_package() -> None:
    assert CONFIG["sphinx"]["config"]["release"] == version("linebyline"), "run make book"


def test_the_citation_file_is_valid() -> None:
    """The fields that version 1.2.0 of the Citation File Format requires, and those we give."""
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["title"] == CONFIG["title"]
    assert CITATION["message"]
    assert CITATION["type"] in {"software", "dataset"}
    assert [author["name"] for author in CITATION["authors"]] == [CONFIG["author"]]
    assert set(CITATION["license"]) == {"MIT", "CC-BY-4.0"}
    assert all(isinstance(keyword, str) for keyword in CITATION["keywords"])
    assert CITATION["abstract"]
    assert len(CITATION) == 8, "a field that this test does not know"


def test_the_licenses_are_whole() -> None:
    code, text = ((ROOT / name).read_text("utf8") for name in ("LICENSE", "LICENSE-TEXT"))
    assert code.startswith("MIT License")
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in code
    assert metadata("linebyline")["License-Expression"] == "MIT"
    for number in range(1, 9):
        assert f"\nSection {number} -- " in text
