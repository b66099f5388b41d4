"""How much of torch's speed the book's own training parts keep: SGD, `fit`, and the MLP.

`comparison.py` says how it is measured.

    python benchmarks/training_step.py [--device cuda] [--repetitions 21]
"""

import os
from collections.abc import Callable, Iterator
from itertools import pairwise

os.environ.setdefault("TQDM_DISABLE", "1")  # a bar is no part of a step

import torch
from comparison import Run, compare_all, options, record
from torch import nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.layers.mlp import MLP
from linebyline.optim.sgd import SGD
from linebyline.training.loop import fit

MEASURED = [f"src/linebyline/{group}" for group in ("layers", "optim", "training")]
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


def sgd_steps(make: Callable[..., torch.optim.Optimizer], device: str, weight_decay: float) -> Run:
    """A hundred updates of the MLP's parameters."""
    model = torch_mlp().to(device)
    for theta in model.parameters():
        theta.grad = torch.full_like(theta, 1e-6)
    optimizer = make(model.parameters(), lr=1e-3, weight_decay=weight_decay)

    def run() -> None:
        for _ in range(100):
            optimizer.step()

    return run


def passes(model: nn.Module, device: str) -> Run:
    """Forward and backward over all examples, batch by batch."""
    model.to(device)
    inputs, targets = data(device)

    def run() -> None:
        for x, y in zip(inputs.split(BATCH_SIZE), targets.split(BATCH_SIZE), strict=True):
            model.zero_grad()
            cross_entropy(model(x), y).backward()

    return run


def by_fit(model: nn.Module, examples: Examples, *, epochs: int, batch_size: int) -> Run:
    """Some epochs by one call of the book's loop, where model and examples are."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def run() -> None:
        fit(
            model,
            cross_entropy,
            optimizer,
            examples,
            epochs=epochs,
            batch_size=batch_size,
            device=examples.inputs.device,
        )

    return run


def by_hand(
    model: nn.Module, examples: Examples, *, epochs: int, batch_size: int, record_losses: bool
) -> Run:
    """The same as a reader would write it; its losses are recorded by `loss.item()`, or not."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    inputs, targets = examples

    def run() -> None:
        losses = []
        generator = torch.Generator().manual_seed(0)
        for _ in range(epochs):
            order = torch.randperm(len(inputs), generator=generator).to(inputs.device)
            for batch in order.split(batch_size):
                optimizer.zero_grad()
                loss = cross_entropy(model(inputs[batch]), targets[batch])
                loss.backward()
                optimizer.step()
                if record_losses:
                    losses.append(loss.item())

    return run


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, torch's."""
    for name, decay in (("SGD", 0.0), ("SGD with weight decay", 0.01)):
        ours, theirs = (sgd_steps(make, device, decay) for make in (SGD, torch.optim.SGD))
        yield name, ours, theirs
    for words, epochs in (("ten epochs", 10), ("one epoch", 1)):
        ours, theirs = (torch_mlp().to(device) for _ in range(2))
        times = {"epochs": epochs, "batch_size": BATCH_SIZE}
        yield (
            f"fit, {words} in a call",
            by_fit(ours, data(device), **times),
            by_hand(theirs, data(device), **times, record_losses=True),
        )
    yield "MLP of Linear", passes(MLP(SIZES), device), passes(torch_mlp(), device)


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=21)
    figures = {
        "setting": f"MLP {SIZES}, {EXAMPLES} examples, {BATCH_SIZE} a step",
        "ratio": "torch's time divided by ours",
        "results": compare_all(pairs(asked.device), asked),
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
