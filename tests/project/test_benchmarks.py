"""The benchmarks still run; how long they take is what `make bench` says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_benchmark_runs_once() -> None:
    options = re.search(r"pytest benchmarks (.*?)\\\n", (ROOT / "Makefile").read_text("utf8"))
    assert options
    done = subprocess.run(
        f'"{sys.executable}" -m pytest benchmarks {options[1]} --benchmark-disable',
        check=False,
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    written = [re.findall(r"^def bench_", path.read_text("utf8"), re.M) for path in benchmarks()]
    assert f"{sum(map(len, written))} passed" in done.stdout


def benchmarks() -> list[Path]:
    """The files that hold them."""
    return sorted((ROOT / "benchmarks").glob("bench_*.py"))
