"""Claims that were seen to turn, and need not be seen again while nothing of them has changed.

``tests/<part>/test_<chapter>_claims.py`` runs a whole chapter with defects planted, and to do so
for every chapter takes as long as all other unit tests together. ``proven.json`` beside this file
holds, for each chapter whose test has passed, a hash of all that decides the outcome: the chapter's
code, what it and the test import, the test, what runs it, and the pins of the packages that all
these import. With ``--unproven`` (which
``make test`` passes on) only tests without such an entry are run, and those that pass are entered.
``make test PROVE=1`` runs all, as the weekly workflow does; ``pytest`` by itself leaves none out.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_suffix(".json")
TEST = re.compile(r"tests/(\w+)/test_(\w+)_claims\.py$")
RUNS_IT = ("tests/conftest.py", "book/_ext/claims.py", "book/_ext/execution.py")


def name_of(test: Path) -> str | None:
    """``perceptrons/perceptron`` for ``tests/perceptrons/test_perceptron_claims.py``; None for a
    file that is about no chapter's claims.
    """
    found = TEST.search(test.as_posix())
    return "/".join(found.groups()) if found else None


@cache
def state(test: Path, root: Path = ROOT) -> str:
    """A hash of what decides whether this test of a chapter's claims passes."""
    from chapters import code_cells, read
    from fingerprint import canonical, fingerprints

    sources = [cell.source for cell in code_cells(read(root / "book" / f"{name_of(test)}.md"))]
    own = test.read_text("utf8")
    # Defects are code in the test's strings: their imports count, and so does every letter.
    strings = [
        node.value
        for node in ast.walk(ast.parse(own))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    code = [*sources, own, *strings]
    modules = fingerprints(code)
    outside = packages(code).union(*(packages_of(name) for name in modules))
    parts = [
        canonical(ast.parse(own)),
        *sources,
        *(f"{name} {hashed}" for name, hashed in modules.items()),
        *((root / file).read_text("utf8") for file in RUNS_IT),
        *pins((root / "requirements.txt").read_text("utf8"), outside),
    ]
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def packages(code: Iterable[str]) -> set[str]:
    """First names of what these pieces of code import; a piece that is no Python has none."""
    from fingerprint import parse_cell

    found: set[str] = set()
    for node in (node for piece in code for node in ast.walk(parse_cell(piece))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


@cache
def packages_of(module: str) -> set[str]:
    """First names of what a module of the package imports."""
    from fingerprint import SOURCE, locate

    path = locate(module, SOURCE)
    return packages([path.read_text("utf8")]) if path else set()


def pins(lock: str, imported: Iterable[str]) -> list[str]:
    """The lines of the lock that pin the packages of these first names."""
    from importlib.metadata import packages_distributions

    brought_by = packages_distributions()
    names = {name.lower() for first in imported for name in brought_by.get(first, ())}
    return sorted(line for line in lock.splitlines() if line.split("==")[0].lower() in names)


def recorded(record: Path) -> dict[str, str]:
    """Chapter to hash, of the tests that have passed."""
    return json.loads(record.read_text("utf8")) if record.exists() else {}


class Unproven:
    """A plugin of pytest: runs the unproven among the tests of claims, and enters what passed."""

    def __init__(self, record: Path = RECORD) -> None:
        self.record = record
        self.before = recorded(record)
        self.passed: set[Path] = set()
        self.failed: set[Path] = set()

    def pytest_sessionstart(self) -> None:
        """Take each state before the run: what changes meanwhile was not what passed."""
        for test in sorted(ROOT.glob("tests/*/test_*_claims.py")):
            state(test)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what is proven."""
        if os.environ.get("PROVE"):
            return
        claims = {item.path for item in items if name_of(item.path)}
        proven = {path for path in claims if self.before.get(name_of(path)) == state(path)}
        config.hook.pytest_deselected(items=[item for item in items if item.path in proven])
        items[:] = [item for item in items if item.path not in proven]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Which files have passed, and which have not."""
        path = ROOT / report.nodeid.split("::")[0]
        if name_of(path):
            (self.failed if report.outcome != "passed" else self.passed).add(path)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Enter what has passed as a whole. Workers of xdist report to the first process."""
        if hasattr(session.config, "workerinput") or session.config.option.keyword:
            return
        now = self.before | {name_of(path): state(path) for path in self.passed}
        for path in self.failed:
            now.pop(name_of(path), None)
        if now != self.before:
            fresh = self.record.with_suffix(".new")
            fresh.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", "utf8")
            fresh.replace(self.record)
