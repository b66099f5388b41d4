"""What a study leaves behind: its figures as JSON beside its script, and how they came about."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch


def load(script: str) -> dict[str, Any]:
    """The stored results of a study; `script` is the study's `__file__`.

    Raises:
        FileNotFoundError: it has not been run yet.
    """
    return json.loads(_results(script).read_text("utf8"))


def run_and_store(script: str, study: Callable[[], dict[str, Any]]) -> None:
    """Run a study on one thread, and store what it returns beside its script.

    Beside the figures stand the commit of the code, the date, the hardware, torch's version and how
    many seconds it took. A row of numbers takes one line of the file, so that a change can be read.

    Args:
        script: the study's `__file__`; the file has its name, and ends in `.json`.
        study: makes the figures: plain values, as JSON has them.

    Raises:
        ValueError: a figure is NaN or infinite, which JSON does not know. Nothing is written.
        CalledProcessError: the code is in no git checkout, so nobody could say later what ran.
    """
    commit = _commit(Path(script).parent)  # before the hours that follow
    torch.set_num_threads(1)
    began = time.perf_counter()
    figures = study()
    circumstances = {
        "commit": commit,
        "date": datetime.now(UTC).date().isoformat(),
        "hardware": f"{_processor()}, one thread",
        "torch": torch.__version__,
        "seconds": round(time.perf_counter() - began),
    }
    text = json.dumps({**circumstances, **figures}, indent=1, allow_nan=False)
    text = re.sub(r"\[[^][{}]*\]", lambda row: " ".join(row[0].split()), text)
    _results(script).write_text(text + "\n", "utf8")


def _results(script: str) -> Path:
    return Path(script).with_suffix(".json")


def _commit(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")  # Linux says there what others say themselves
    lines = info.read_text("utf8").splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
