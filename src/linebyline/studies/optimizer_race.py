"""The race: every update rule gets as many learning rates to try, and the best of each is tested.

    python -m linebyline.studies.optimizer_race

writes `optimizer_race.json` beside this file. Protocol: Schmidt, Schneider & Hennig 2021,
*Descending through a crowded valley*, in small: a grid of rates for each rule, with as many rates
and the same ratio between them, chosen on validation images and judged on test images.

The model is an MLP that reads handwritten digits, and there are two courses. On "pixels" its
inputs are the images as they are. On "odd units" each pixel is measured in a unit of its own, drawn
between a tenth and ten, as the columns of a table are. Nothing is lost by that, but the gradients
of different weights then differ more in size.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from linebyline.data.examples import Examples, TrainTest
from linebyline.data.mnist import mnist_5k
from linebyline.data.splits import split
from linebyline.layers.mlp import MLP
from linebyline.optim.adagrad import Adagrad
from linebyline.optim.adam import Adam
from linebyline.optim.adamw import AdamW
from linebyline.optim.momentum import Momentum
from linebyline.optim.nag import NAG
from linebyline.optim.rmsprop import RMSprop
from linebyline.optim.sgd import SGD
from linebyline.studies import record

RULES: dict[str, tuple[Callable[..., Optimizer], float]] = {
    "SGD": (SGD, -1.0),
    "Momentum": (Momentum, -1.5),
    "NAG": (NAG, -1.5),
    "Adagrad": (Adagrad, -1.5),
    "RMSprop": (RMSprop, -2.5),
    "Adam": (Adam, -2.5),
    "AdamW": (AdamW, -2.5),
}
"""Each rule, all but its rate as it comes, and the middle of its grid: the rate's log10."""
TRIES = 9
"""Rates for each rule, half a power of ten apart."""
COURSES = ("pixels", "odd units")
HIDDEN = 64
BATCH_SIZE = 64
BUDGETS = (1, 3, 10)
"""Epochs after which a run is judged. Rates are constant, so the same run serves all three."""
STARTS = tuple(range(10))
FIRST = (2, 5)
"""Of so many starts, the losses of so many first steps are kept, for the test that replays them."""


class Field(NamedTuple):
    """The images of several runs: run s trains on those that `train[s]` numbers."""

    images: Examples
    train: Int[Tensor, "runs train"]
    validation: Int[Tensor, "runs validation"]
    test: Examples


class Result(NamedTuple):
    """What came of some runs of one rule with one rate; where one was lost, its loss is NaN."""

    losses: Float[Tensor, "steps runs"]
    epochs: tuple[int, ...]
    validation: Float[Tensor, "epochs runs"]
    test: Float[Tensor, "epochs runs"]


def rates(rule: str) -> list[float]:
    """The rates that a rule tries, from small to large."""
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, not {rule!r}")
    middle = RULES[rule][1]
    return [10 ** (middle + (k - TRIES // 2) / 2) for k in range(TRIES)]


def prepare(course: str, starts: Sequence[int], data: TrainTest | None = None) -> Field:
    """The images of one course; each start sets a fifth of the training images aside itself.

    Args:
        course: one of `COURSES`.
        starts: a seed for each run.
        data: images and digits; the 5,000 of `mnist_5k` unless you say otherwise.

    Raises:
        ValueError: there is no such course.
    """
    if course not in COURSES:
        raise ValueError(f"course must be one of {', '.join(COURSES)}, not {course!r}")
    (inputs, digits), (test, answers) = data or mnist_5k(seed=0)
    inputs, test = inputs.flatten(1), test.flatten(1)
    if course == "odd units":
        chance = torch.Generator().manual_seed(0)
        exponents = 2 * torch.rand(inputs.shape[1], generator=chance) - 1
        units = (10**exponents).to(inputs.device)
        inputs, test = inputs * units, test * units
    numbered = Examples(torch.arange(len(digits)), digits.cpu())
    sides = [split(numbered, test_size=0.2, seed=start) for start in starts]
    train, validation = (torch.stack([side[i].inputs for side in sides]) for i in (0, 1))
    return Field(Examples(inputs, digits), train, validation, Examples(test, answers))


def run(
    rule: str,
    rate: float,
    field: Field,
    starts: Sequence[int],
    *,
    epochs: Sequence[int] = BUDGETS,
    steps: int | None = None,
) -> Result:
    """Train one network from each start, side by side, and judge them after some epochs.

    All rules here work on each number by itself, so networks whose parameters are stacked are
    trained as if each were alone.

    Args:
        rule: one of `RULES`.
        rate: its learning rate.
        field: what `prepare` made for the same starts.
        starts: seeds of the first weights and of the order of the images.
        epochs: when to judge, in growing order; the last is the end.
        steps: stop after so many, and judge nothing.

    Raises:
        ValueError: there is no such rule; starts and field, or the epochs, do not fit.
    """
    rates(rule)
    if len(starts) != len(field.train):
        raise ValueError(f"starts has {len(starts)} seeds, but field is of {len(field.train)}")
    if not epochs or epochs[0] < 1 or any(a >= b for a, b in pairwise(epochs)):
        raise ValueError(f"epochs must be whole numbers from 1 on that grow, not {list(epochs)}")
    (inputs, digits), place = field.images, field.images.inputs.device
    sizes, images = [inputs.shape[1], HIDDEN, 10], field.train.shape[1]
    generators = [torch.Generator().manual_seed(start) for start in starts]
    models = [MLP(sizes, generator=generator).to(place) for generator in generators]
    stacked, _ = stack_module_state(models)
    forward = vmap(lambda theta, x: functional_call(models[0], theta, (x,)))
    optimizer = RULES[rule][0](stacked.values(), lr=rate)
    losses: list[Tensor] = []
    judged: list[tuple[Tensor, Tensor]] = []

    def share_right(x: Tensor, y: Tensor) -> Tensor:
        with torch.no_grad():
            scores = forward(stacked, x)  # (S, N, K)
        lost = ~scores.isfinite().all(2)  # argmax would take NaN for the largest
        return ((scores.argmax(2) == y) & ~lost).float().mean(1)

    for epoch in range(1, epochs[-1] + 1):
        orders = torch.stack([torch.randperm(images, generator=g) for g in generators])
        for batch in field.train.gather(1, orders).to(place).split(BATCH_SIZE, dim=1):
            if len(losses) == steps:
                return Result(torch.stack(losses), (), torch.empty(0), torch.empty(0))
            optimizer.zero_grad()
            scores = forward(stacked, inputs[batch])  # (S, B, K)
            each = cross_entropy(scores.mT, digits[batch], reduction="none").mean(1)
            each.sum().backward()  # a network's parameters occur in its own loss only
            optimizer.step()
            losses.append(each.detach())
        if epoch in epochs:
            held_out = field.validation.to(place)
            everyone = (part.expand(len(starts), *part.shape) for part in field.test)
            judged.append((share_right(inputs[held_out], digits[held_out]), share_right(*everyone)))
    validation, test = map(torch.stack, zip(*judged, strict=True))
    return Result(torch.stack(losses), tuple(epochs), validation, test)


def best(rows: Sequence[Sequence[Sequence[float]]], budget: int) -> int:
    """The place of the rate whose runs were right most often on validation images.

    Args:
        rows: "validation" of one rule on one course of the study: for each rate, for each budget,
            the shares right of all starts.
        budget: epochs, one of `BUDGETS`.
    """
    at = BUDGETS.index(budget)
    means = [fmean(row[at]) for row in rows]
    return means.index(max(means))


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """All runs: courses, rules, rates, starts."""
    courses: dict[str, Any] = {}
    first: dict[str, Any] = {}
    for course in COURSES:
        field, courses[course], first[course] = prepare(course, STARTS), {}, {}
        for rule in RULES:
            runs = [run(rule, rate, field, STARTS) for rate in rates(rule)]
            courses[course][rule] = {
                "rates": rates(rule),
                "loss": [_rounded(_last_epochs(each.losses)) for each in runs],
                "validation": [_rounded(each.validation) for each in runs],
                "test": [_rounded(each.test) for each in runs],
            }
            starts, steps = FIRST
            first[course][rule] = _rounded(runs[TRIES // 2].losses[:steps, :starts], 6)
    return {
        "settings": {"hidden": HIDDEN, "batch_size": BATCH_SIZE, "budgets": BUDGETS}
        | {"starts": STARTS, "tries": TRIES},
        "courses": courses,
        "first_losses": first,
    }


def _last_epochs(losses: Float[Tensor, "steps runs"]) -> Float[Tensor, "budgets runs"]:
    """The mean training loss of the epoch that ends each budget."""
    return losses.view(BUDGETS[-1], -1, losses.shape[1]).mean(1)[[end - 1 for end in BUDGETS]]


def _rounded(values: Tensor, digits: int = 4) -> list[list[float | None]]:
    """As JSON has it, which knows no NaN."""
    return [
        [round(number, digits) if math.isfinite(number) else None for number in row]
        for row in values.tolist()
    ]


if __name__ == "__main__":
    record.run_and_store(__file__, study)
