"""How long an update takes beside `torch.optim`'s: every rule, on both of its paths.

A million weights in 240 tensors, most of them small, as the layers of a network are: so both the
arithmetic and the calls count. torch has up to three paths of its own: one tensor after another
("loop"), all of them in a call for each operation ("foreach"), and all in one kernel ("fused").
Ratios are made as in `comparison.py`, torch's time divided by ours; our foreach path is held
against each of torch's, our explicit one against torch's loop.

The weights just fit into a cache, so who comes second in a pair and first in the next finds them
there, and ratios fall into two heaps. An even number of repetitions takes as much from either.

    python benchmarks/optim.py [--device cuda] [--repetitions 20]
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from comparison import Run, compare_all, options, record
from torch import nn

from linebyline.optim.adagrad import Adagrad
from linebyline.optim.adam import Adam
from linebyline.optim.adamw import AdamW
from linebyline.optim.momentum import Momentum
from linebyline.optim.nag import NAG
from linebyline.optim.rmsprop import RMSprop
from linebyline.optim.sgd import SGD

MEASURED = ["src/linebyline/optim"]
LAYERS = [(128, 128, 40), (64, 64, 80)]
"""Outputs, inputs, and how many such layers, each with a bias."""
UPDATES = 10

Make = Callable[..., torch.optim.Optimizer]
RULES: dict[str, tuple[Make, Make]] = {
    "SGD": (SGD, torch.optim.SGD),
    "Momentum": (Momentum, partial(torch.optim.SGD, momentum=0.9)),
    "NAG": (NAG, partial(torch.optim.SGD, momentum=0.9, nesterov=True)),
    "Adagrad": (Adagrad, torch.optim.Adagrad),
    "RMSprop": (RMSprop, torch.optim.RMSprop),
    "Adam": (Adam, torch.optim.Adam),
    "AdamW": (AdamW, torch.optim.AdamW),
}


def parameters(device: str) -> list[nn.Parameter]:
    """All weights and biases, with gradients small enough to move them nowhere."""
    thetas = [
        nn.Parameter(torch.randn(shape, device=device))
        for outputs, inputs, layers in LAYERS
        for shape in [(outputs, inputs), (outputs,)] * layers
    ]
    for theta in thetas:
        theta.grad = torch.full_like(theta, 1e-6)
    return thetas


def updates(make: Make, device: str, **options: Any) -> Run:
    """Some updates of all parameters."""
    optimizer = make(parameters(device), lr=1e-6, **options)

    def run() -> None:
        for _ in range(UPDATES):
            optimizer.step()

    return run


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, torch's."""
    for name, (ours, theirs) in RULES.items():
        for decay in (0.0, 0.01):
            time_ours = partial(updates, ours, device, weight_decay=decay)
            time_theirs = partial(updates, theirs, device, weight_decay=decay)
            rule = f"{name}{' with weight decay' if decay else ''}"
            loop, foreach = time_theirs(foreach=False), time_theirs(foreach=True)
            yield f"{rule}, foreach beside foreach", time_ours(foreach=True), foreach
            yield f"{rule}, foreach beside loop", time_ours(foreach=True), loop
            if name != "RMSprop":  # torch has no fused one
                fused = time_theirs(fused=True)
                yield f"{rule}, foreach beside fused", time_ours(foreach=True), fused
            yield f"{rule}, explicit beside loop", time_ours(foreach=False), loop


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=20)
    thetas = parameters(asked.device)
    figures = {
        "setting": (
            f"{sum(theta.numel() for theta in thetas)} weights in {len(thetas)} tensors, "
            f"float32, {UPDATES} updates"
        ),
        "ratio": "torch's time divided by ours",
        "results": compare_all(pairs(asked.device), asked),
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
