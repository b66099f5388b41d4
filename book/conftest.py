"""nbval, with this book's comparison, and with nothing passed over in silence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from compare import SETUP_TAG, Tolerance, tolerant  # noqa: E402
from nbval.plugin import IPyNbCell  # noqa: E402

_sanitize = IPyNbCell.sanitize


def _compared(cell: IPyNbCell, output: object) -> object:
    tags = cell.cell.metadata.get("tags", [])
    return tolerant(_sanitize(cell, output), Tolerance.from_tags(tags))


IPyNbCell.sanitize = _compared


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse what nbval would pass without comparing: cells never run, and tags that switch the
    comparison off.
    """
    for item in items:
        if not isinstance(item, IPyNbCell):
            continue
        where = f"{item.nodeid}: {item.cell.source.strip().splitlines()[:1]}"
        tags = item.cell.metadata.get("tags", [])
        if item.cell.get("id") == "setup":
            tags = [tag for tag in tags if tag != SETUP_TAG]
        elif item.cell.execution_count is None:
            raise pytest.UsageError(f"{where} was never run; run make notebooks")
        if not item.options["check"] or "NBVAL" in item.cell.source:
            raise pytest.UsageError(f"{where} switches the comparison off")
        try:
            Tolerance.from_tags(tags)
        except ValueError as error:
            raise pytest.UsageError(f"{where}: {error}") from None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Leave the count of compared cells and checked claims for the summary of make test."""
    cells = [
        report
        for report in terminalreporter.stats.get("passed", [])
        if ".ipynb" in report.nodeid and report.when == "call"
    ]
    if not cells:
        return
    claims = 0
    for name in {report.nodeid.split("::")[0] for report in cells}:
        claims += (ROOT / name).read_text("utf8").count('"application/vnd.linebyline.claim+json"')
    target = ROOT / "_build" / "report" / "cells.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"cells": len(cells), "claims": claims}) + "\n", "utf8")
