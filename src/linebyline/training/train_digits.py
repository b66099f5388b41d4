"""Train a small network on the digits, in one process or in several: one program for both.

    python -m linebyline.training.train_digits
    torchrun --nproc-per-node=2 -m linebyline.training.train_digits

Both print the same figures, because :func:`linebyline.training.loop.fit` gives each process its
share of the same batches. On a machine with two GPUs the second line uses both.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from linebyline.data.digits import digits
from linebyline.data.examples import Examples, TrainTest
from linebyline.training.history import History
from linebyline.training.loop import fit
from linebyline.training.metrics import accuracy
from linebyline.training.placement import PRECISIONS, Placement


def train(options: argparse.Namespace) -> tuple[nn.Module, History]:
    """Build data, model and optimizer as the options say, and train."""
    data = TrainTest(*(Examples(x.flatten(1), y) for x, y in digits(seed=options.seed)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)  # the weights: the same in every process
        model = nn.Sequential(
            nn.Linear(64, options.hidden), nn.ReLU(), nn.Linear(options.hidden, 10)
        )
    optimizer = torch.optim.SGD(model.parameters(), lr=options.rate, momentum=0.9)
    trained: nn.Module = torch.compile(model) if options.compile else model  # type: ignore[assignment]
    history = fit(
        trained,
        nn.functional.cross_entropy,
        optimizer,
        data,
        epochs=options.epochs,
        batch_size=options.batch_size,
        metrics={"accuracy": accuracy},
        device=options.device,
        precision=options.precision,
        accumulation=options.accumulation,
        seed=options.seed,
    )
    return model, history


def main(arguments: Sequence[str] | None = None) -> None:
    """The program: train, and let the first process tell of it.

    Args:
        arguments: those of the command line if None.
    """
    options = parser().parse_args(arguments)
    model, history = train(options)
    placement = Placement(options.device)
    if placement.rank > 0:
        return
    print(f"{placement.processes} process(es): {history}")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "history.json").write_text(json.dumps(asdict(history)), "utf8")
        save_file(model.state_dict(), options.out / "weights.safetensors")


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    parse = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parse.add_argument("--epochs", type=int, default=5)
    parse.add_argument("--batch-size", type=int, default=64, help="examples of a step, in all")
    parse.add_argument("--accumulation", type=int, default=1, help="pieces in each process")
    parse.add_argument("--hidden", type=int, default=64, help="hidden units")
    parse.add_argument("--rate", type=float, default=0.1, help="the learning rate")
    parse.add_argument("--device", default="auto")
    parse.add_argument("--precision", choices=PRECISIONS, default="32-true")
    parse.add_argument("--compile", action="store_true", help="compile the model first")
    parse.add_argument("--seed", type=int, default=0)
    parse.add_argument("--out", type=Path, help="a folder for history.json and the weights")
    return parse


if __name__ == "__main__":
    main()
