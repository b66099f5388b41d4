"""Ours beside a peer's, timed in one run: what the benchmarks of this folder share.

The two sides take turns, so that what slows the machine slows both. A ratio is the peer's time
divided by ours: 1 is as fast, 0.9 means that we take 11 % longer. The median over the repetitions
counts; the quartiles tell how far to trust it.

On a CPU it is one thread's CPU time that is measured, which does not grow while other programs have
their turn; on a GPU it is the time on the clock.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor

ROOT = Path(__file__).parents[1]
Run = Callable[[], None]


def seconds(run: Run, device: str) -> float:
    """How long one run takes: CPU time, or on a GPU time on the clock until its queue is empty."""
    if device == "cpu":
        start = time.process_time()
        run()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def passes(
    layer: Callable[[Tensor], Tensor], shape: tuple[int, ...], device: str, count: int
) -> Run:
    """So many passes forward and backward of a layer that keeps the shape."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator).to(device).requires_grad_()
    upstream = torch.randn(shape, generator=generator).to(device)

    def run() -> None:
        for _ in range(count):
            layer(x).backward(upstream)
            x.grad = None

    return run


def compare(ours: Run, theirs: Run, device: str, repetitions: int) -> dict[str, float]:
    """Time both sides in turn, each first as often as second."""
    for run in (ours, theirs):  # kernels are chosen and memory is taken the first time
        run()
    times: dict[str, list[float]] = {"ours": [], "torch": []}
    for repetition in range(repetitions):
        sides = [("ours", ours), ("torch", theirs)]
        for name, run in sides if repetition % 2 else reversed(sides):
            times[name].append(seconds(run, device))
    ratios = [torch_s / our_s for our_s, torch_s in zip(*times.values(), strict=True)]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    return {
        "ours_ms": round(1000 * statistics.median(times["ours"]), 3),
        "torch_ms": round(1000 * statistics.median(times["torch"]), 3),
        "ratio": round(ratio, 3),
        "ratio_quartile_1": round(low, 3),
        "ratio_quartile_3": round(high, 3),
    }


def circumstances(device: str, measured: list[str]) -> dict[str, object]:
    """What the figures depend on; `measured` names the files that they are of, beside this one."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.split(": ", 1)[1] for line in info.read_text().splitlines() if "model name" in line
        ]
        cpu = names[0] if names else cpu
    files = [*measured, __file__]
    commit = git("log", "-1", "--format=%h", "--abbrev=12", "--", *files)
    changed = git("status", "--porcelain", "--", *files)
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else cpu,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "commit": commit + (" and changes" if changed else ""),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def options(description: str | None, repetitions: int) -> argparse.Namespace:
    """The command line, `--device` and `--repetitions`; from here on torch has one thread."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repetitions", type=int, default=repetitions)
    torch.set_num_threads(1)
    return parser.parse_args()


def overhead(
    name: str, ours: Run, theirs: Run, steps: int, asked: argparse.Namespace
) -> dict[str, float]:
    """How much longer a loop of so many steps takes than the bare one, in per cent."""
    found = compare(ours, theirs, asked.device, asked.repetitions)
    percent = 100 * (1 / found["ratio"] - 1)
    step = found["torch_ms"] / steps
    print(f"{percent:6.2f} % more than a bare loop, on steps of {step:.1f} ms: {name}")
    return {"step_ms": round(step, 2), "overhead_percent": round(percent, 2), **found}


def compare_all(
    pairs: Iterable[tuple[str, Run, Run]], asked: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Compare pair after pair, name, ours and torch's, and print each ratio as it comes."""
    results = {}
    for name, ours, theirs in pairs:
        results[name] = compare(ours, theirs, asked.device, asked.repetitions)
        print(f"{results[name]['ratio']:6.3f}  {name}")
    return results


def record(
    script: str, asked: argparse.Namespace, measured: list[str], figures: dict[str, object]
) -> None:
    """Write `results/<script>.json`; `script` is the benchmark's `__file__`."""
    report = {
        **circumstances(asked.device, [*measured, script]),
        "repetitions": asked.repetitions,
        **figures,
    }
    path = ROOT / "benchmarks" / "results" / f"{Path(script).stem}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", "utf8")
