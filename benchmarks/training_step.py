"""How much of torch's speed the book's own training parts keep: SGD, `fit`, and the MLP.

Each comparison is made in one run, its two sides in turn, so that what slows the machine slows
both. A ratio is torch's time divided by ours: 1 is as fast, 0.9 means that we take 11 % longer. The
median over the repetitions counts; the quartiles tell how far to trust it.

On a CPU it is one thread's CPU time that is measured, which does not grow while other programs have
their turn; on a GPU it is the time on the clock.

    python benchmarks/training_step.py [--device cuda] [--repetitions 21]
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("TQDM_DISABLE", "1")  # a bar is no part of a step

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.layers.mlp import MLP
from linebyline.optim.sgd import SGD
from linebyline.training.loop import fit

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "training_step.json"
MEASURED = [*(f"src/linebyline/{group}" for group in ("layers", "optim", "training")), __file__]
"""What the figures are of: the last commit that touched it is named beside them."""
SIZES = [784, 128, 64, 10]
BATCH_SIZE = 64
EXAMPLES = 4096


def torch_mlp() -> nn.Sequential:
    """The book's MLP from torch's parts."""
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(SIZES):
        parts += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def data(device: str) -> Examples:
    """Noise of MNIST's size: what is learned does not matter here."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(EXAMPLES, SIZES[0], generator=generator)
    targets = torch.randint(SIZES[-1], (EXAMPLES,), generator=generator)
    return Examples(inputs.to(device), targets.to(device))


def sgd_steps(
    make: Callable[..., torch.optim.Optimizer], device: str, weight_decay: float
) -> Callable[[], None]:
    """A hundred updates of the MLP's parameters."""
    model = torch_mlp().to(device)
    for theta in model.parameters():
        theta.grad = torch.full_like(theta, 1e-6)
    optimizer = make(model.parameters(), lr=1e-3, weight_decay=weight_decay)

    def run() -> None:
        for _ in range(100):
            optimizer.step()

    return run


def passes(model: nn.Module, device: str) -> Callable[[], None]:
    """Forward and backward over all examples, batch by batch."""
    model.to(device)
    inputs, targets = data(device)

    def run() -> None:
        for x, y in zip(inputs.split(BATCH_SIZE), targets.split(BATCH_SIZE), strict=True):
            model.zero_grad()
            cross_entropy(model(x), y).backward()

    return run


def by_fit(device: str, epochs: int) -> Callable[[], None]:
    """Some epochs by one call of the book's loop."""
    model = torch_mlp().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    train = partial(fit, epochs=epochs, batch_size=BATCH_SIZE, device=device)
    examples = data(device)

    def run() -> None:
        train(model, cross_entropy, optimizer, examples)

    return run


def by_hand(device: str, epochs: int) -> Callable[[], None]:
    """The same as a reader would write it, its losses recorded by `loss.item()`."""
    model = torch_mlp().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    inputs, targets = data(device)

    def run() -> None:
        losses = []
        generator = torch.Generator().manual_seed(0)
        for _ in range(epochs):
            order = torch.randperm(EXAMPLES, generator=generator).to(device)
            for batch in order.split(BATCH_SIZE):
                optimizer.zero_grad()
                loss = cross_entropy(model(inputs[batch]), targets[batch])
                loss.backward()
                optimizer.step()
                losses.append(loss.item())

    return run


def seconds(run: Callable[[], None], device: str) -> float:
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


def compare(
    ours: Callable[[], None], theirs: Callable[[], None], device: str, repetitions: int
) -> dict[str, float]:
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
    """What the figures depend on; `measured` names the files that they are of."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    cpu = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.split(": ", 1)[1] for line in info.read_text().splitlines() if "model name" in line
        ]
        cpu = names[0] if names else cpu
    commit = git("log", "-1", "--format=%h", "--abbrev=12", "--", *measured)
    changed = git("status", "--porcelain", "--", *measured)
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


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repetitions", type=int, default=21)
    options = parser.parse_args()
    device = options.device
    torch.set_num_threads(1)
    plain, decayed = {"weight_decay": 0.0}, {"weight_decay": 0.01}
    reference = torch.optim.SGD
    pairs = {
        "SGD": (sgd_steps(SGD, device, **plain), sgd_steps(reference, device, **plain)),
        "SGD with weight decay": (
            sgd_steps(SGD, device, **decayed),
            sgd_steps(reference, device, **decayed),
        ),
        "fit, ten epochs in a call": (by_fit(device, 10), by_hand(device, 10)),
        "fit, one epoch in a call": (by_fit(device, 1), by_hand(device, 1)),
        "MLP of Linear": (passes(MLP(SIZES), device), passes(torch_mlp(), device)),
    }
    results = {}
    for name, (ours, theirs) in pairs.items():
        results[name] = compare(ours, theirs, device, options.repetitions)
        print(f"{results[name]['ratio']:6.3f}  {name}")
    report = {
        **circumstances(device, MEASURED),
        "setting": f"MLP {SIZES}, {EXAMPLES} examples, {BATCH_SIZE} a step",
        "repetitions": options.repetitions,
        "ratio": "torch's time divided by ours",
        "results": results,
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", "utf8")


if __name__ == "__main__":
    main()
