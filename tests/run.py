"""Every check of the project, one after the other; at the end, what was checked, in how long.

    python tests/run.py               all stages ("make test" calls this)
    python tests/run.py lint unit     only these (make test STAGES="lint unit")

A stage that fails does not keep the next from running, so that one run shows everything that is
wrong. The site is built beside the first stages, which use one core. Stages leave their counts in
_build/report: pytest's own reports, and small JSON files for what pytest does not count (claims,
pages).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
REPORT = Path("_build", "report")
CI = os.environ.get("CI", "").lower() in {"1", "true"}
SCRIPTS = Path(sys.executable).parent
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
PYTEST = (sys.executable, "-m", "pytest", "-q")
NBVAL = ("--nbval", "book", "--nbval-current-env", "--nbval-cell-timeout=600")
PARALLEL = ("-n", str(min(CORES, 8)), "--dist", "loadfile")
NO_BROWSER = (
    "No browser was found, so the tests in a browser did not run. Install Chromium or Chrome, or: "
    f"{os.path.relpath(sys.executable, ROOT)} -m playwright install chromium"
)


@dataclass(frozen=True)
class Stage:
    """One kind of check: commands that must all succeed."""

    name: str
    commands: tuple[tuple[str | Path, ...], ...]
    counts: bool = False  # its (last) command is pytest: count its tests
    needs: str = ""  # the stage without which this one makes no sense
    only_ci: bool = False  # runs with CI=true, or when asked for by name
    minutes: float = 40  # a command that takes longer is stopped, and has failed
    beside: bool = False  # one process: it begins with the first stage, and is shown in its turn


STAGES = (
    Stage("lint", ((SCRIPTS / "ruff", "check", "."), (SCRIPTS / "ruff", "format", "--check", "."))),
    Stage("types", ((SCRIPTS / "mypy",),)),
    Stage("imports", ((SCRIPTS / "lint-imports",),)),
    Stage("fresh", ((sys.executable, "book/_ext/notebooks.py", "--check"),)),
    Stage("colab", ((*PYTEST, "tests/colab", "--timeout=1200"),), counts=True, only_ci=True),
    Stage(
        "unit",
        (
            (
                *PYTEST,
                "tests",
                "--ignore=tests/site",
                "--ignore=tests/colab",
                "--unproven",
                *PARALLEL,
            ),
        ),
        counts=True,
    ),
    Stage("cells", ((*PYTEST, *NBVAL, *PARALLEL),), counts=True),
    Stage("site", ((SCRIPTS / "jupyter-book", "build", "-W", "--keep-going", "."),), beside=True),
    Stage(
        "browser", ((*PYTEST, "tests/site", *PARALLEL, "--timeout=180"),), counts=True, needs="site"
    ),
)


@dataclass(frozen=True)
class Result:
    """How a stage went, and what its pytest counted."""

    ok: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def environment(stage: Stage) -> dict[str, str]:
    """One thread a worker, and nothing of LINEBYLINE_* that the caller set. Cells run as they did
    when their outputs were stored: without progress bars, and with the same order of sets.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LINEBYLINE_")}
    cells = {"PYTHONHASHSEED": "0", "TQDM_DISABLE": "1"} if stage.name == "cells" else {}
    return kept | {"OMP_NUM_THREADS": "1"} | cells


def run(stage: Stage, output: IO[str] | None = None) -> Result:
    """Run a stage to its end, whatever its commands say; its output is the terminal's, or goes to
    this file.
    """
    report = REPORT / f"{stage.name}.xml"
    extra = (f"--junitxml={report}",) if stage.counts else ()
    start = time.perf_counter()
    if stage.name == "site":  # static files and links in code are only right in a clean build
        for old in ("html", ".doctrees"):
            shutil.rmtree(Path("_build", old), ignore_errors=True)
    codes = []
    for command in stage.commands:
        whole = (*map(str, command), *extra)
        try:
            done = subprocess.run(
                whole,
                env=environment(stage),
                check=False,
                timeout=60 * stage.minutes,
                stdout=output,
                stderr=output and subprocess.STDOUT,
            )
            codes.append(done.returncode)
        except subprocess.TimeoutExpired:
            print(f"stopped after {stage.minutes:g} minutes", file=output, flush=True)
            codes.append(1)
    passed, failed, skipped = counted(report)
    ok = not any(codes)
    if stage.name == "browser" and skipped:
        print(NO_BROWSER)
        ok = ok and not CI
    return Result(ok, time.perf_counter() - start, passed, failed, skipped)


def begin(stage: Stage, pool: ThreadPoolExecutor) -> tuple[Future[Result], Path]:
    """Start a stage that runs beside others; what becomes of it, and the file it writes to."""
    path = REPORT / f"{stage.name}.txt"

    def to_its_end() -> Result:
        with path.open("w", encoding="utf8") as output:
            return run(stage, output)

    return pool.submit(to_its_end), path


def counted(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests in pytest's report; zeros where there is none."""
    if not report.exists():
        return 0, 0, 0
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in ElementTree.parse(report).iter("testsuite"):
        for name in totals:
            totals[name] += int(suite.get(name, 0))
    failed = totals["failures"] + totals["errors"]
    return totals["tests"] - failed - totals["skipped"], failed, totals["skipped"]


def summary(results: dict[str, Result]) -> list[str]:
    """The last lines: what failed, what was checked in how long, and the sum."""

    def noted(file: str, key: str) -> int:
        path = REPORT / file
        return json.loads(path.read_text("utf8")).get(key, 0) if path.exists() else 0

    none = Result(True, 0.0)
    lines = [f"failed: {name}" for name, result in results.items() if not result.ok]
    seconds = ", ".join(f"{name} {result.seconds:.0f}" for name, result in results.items())
    checked = (
        f"{results.get('cells', none).passed} cells run and compared",
        f"{noted('cells.json', 'claims')} claims checked",
        f"{noted('site.json', 'pages')} pages visited",
        f"{results.get('unit', none).passed} unit tests",
    )
    lines.append(f"{', '.join(checked)}; seconds: {seconds}")
    passed = sum(result.passed for result in results.values())
    # A stage that counts nothing, or broke before it could, is one failure.
    failed = sum(max(result.failed, int(not result.ok)) for result in results.values())
    return [*lines, f"{passed} passed, {failed} failed"]


def main(arguments: list[str] | None = None, stages: tuple[Stage, ...] = STAGES) -> int:
    """The command line; 1 when any stage failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [stage.name for stage in stages]
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(names))
    asked = parser.parse_args(arguments).stages
    if unknown := [name for name in asked if name not in names]:
        parser.error(f"no stage is called {unknown[0]}; there are {', '.join(names)}")
    os.chdir(ROOT)
    shutil.rmtree(REPORT, ignore_errors=True)
    REPORT.mkdir(parents=True)
    wanted = [
        stage for stage in stages if (stage.name in asked if asked else CI or not stage.only_ci)
    ]
    results: dict[str, Result] = {}
    with ThreadPoolExecutor() as pool:
        begun = {stage.name: begin(stage, pool) for stage in wanted if stage.beside}
        for stage in wanted:
            print(f"\n== {stage.name} ==", flush=True)
            if stage.needs in results and not results[stage.needs].ok:
                print(f"not run, because {stage.needs} failed")
                results[stage.name] = Result(False, 0.0)
            elif stage.name in begun:
                result, output = begun[stage.name]
                results[stage.name] = result.result()
                print(output.read_text("utf8", errors="replace"), end="", flush=True)
            else:
                results[stage.name] = run(stage)
    print("", *summary(results), sep="\n")
    return int(any(not result.ok for result in results.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
