"""Two gates, one, or none: LSTM, GRU and plain recurrent networks on a memory task and on text.

This writes `gated_units.json` beside the file::

    python -m linebyline.studies.gated_units

"adding" is the adding problem over 25 steps, judged by the mean squared error; who answers without
looking has 1/6. "text" foretells the characters of the reference text, judged by the bits per
character on a part that was not learned from (behind the first ten characters of each window).

The arms "lstm", "gru" and "rnn" have about the same number of recurrent parameters, so the GRU has
more units than the LSTM, and the plain network twice as many; "gru, same units" and (on text)
"rnn, same units" have as many units as the LSTM. Of the GRU there are three more: "open" holds its
reset gate open, "before" has the reset gate before the product, as its paper, and "leaky" (on
adding only) has update gates that learn a constant, and no others. All take as many steps of as
many examples; the rate falls along half a cosine. An arm's rate, and an LSTM's forget bias, are
those with the smallest mean error on starts of their own; "before" has the GRU's. Judged are other
starts.
"""

from __future__ import annotations

import math
from statistics import mean
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from linebyline.data.examples import Examples
from linebyline.data.memory_tasks import adding_problem
from linebyline.data.text import ALPHABET, reference_text, windows
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.losses.mse import mean_squared_error
from linebyline.optim.clipping import clip_by_norm
from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.readout import Readout
from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.rnn import RNN
from linebyline.sequence.token_model import TokenModel
from linebyline.studies import record

TASKS = ("adding", "text")
UNITS: dict[str, dict[str, int]] = {
    "adding": {"lstm": 32, "gru": 37, "rnn": 66, "same": 32},
    "text": {"lstm": 64, "gru": 76, "rnn": 142, "same": 64},
}
"""Hidden units of a kind, so that all have about as many recurrent parameters."""

ARMS: dict[str, tuple[str, ...]] = {
    "adding": ("lstm", "gru", "rnn", "gru, same units", "open", "before", "leaky"),
    "text": ("lstm", "gru", "rnn", "gru, same units", "rnn, same units", "open", "before"),
}
RATES = {
    "adding": {"lstm": (0.03, 0.06, 0.12), "gru": (0.01, 0.03, 0.06), "rnn": (0.003, 0.01, 0.03)},
    "text": {"lstm": (0.015, 0.03, 0.06), "gru": (0.015, 0.03, 0.06), "rnn": (0.005, 0.01, 0.02)},
}
"""Of a kind. Where all solve a task, the errors of neighbours hardly differ."""

FORGET_BIASES = (None, 1.0)
STEPS = {"adding": 700, "text": 400}
BATCH_SIZE = {"adding": 64, "text": 32}
LENGTH = {"adding": 25, "text": 50}
ROWS, TEST_ROWS, TEST_CHARACTERS, WARM_UP = 10_000, 1_000, 20_000, 10
CHARACTER_SIZE = 32
"""The length of a character's row in the embedding."""

HELD_OPEN = 30.0
"""A bias with which the logistic function is 1 in single precision, and its slope 0."""

TUNED_ON = {"adding": (99, 100), "text": (100,)}
"""Where a start may fail, one is not enough to choose by."""

STARTS = (101, 102, 103, 104, 105)
FIRST_STEPS = 3
"""The losses of so many first steps are kept, for the test that replays them."""


class Run(NamedTuple):
    """What one training left."""

    model: nn.Module
    error: float
    """Of the test examples: a mean squared error, or bits per character."""
    losses: list[float]


def kind(arm: str) -> str:
    """Which of the three an arm is: "lstm", "gru" or "rnn"."""
    name = arm.removesuffix(", same units")
    return name if name in ("lstm", "rnn") else "gru"


def recurrent(
    task: str, arm: str, generator: torch.Generator, *, forget_bias: float | None = None
) -> Recurrent:
    """A recurrent network of one of the arms, untrained.

    Args:
        task: one of `TASKS`.
        arm: one of the task's `ARMS`.
        generator: draws its first weights.
        forget_bias: of an LSTM.

    Raises:
        ValueError: there is no such task or arm.
    """
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, not {task!r}")
    if arm not in ARMS[task]:
        raise ValueError(f"arm must be one of {'; '.join(ARMS[task])}, not {arm!r}")
    inputs = 2 if task == "adding" else CHARACTER_SIZE
    units = UNITS[task]["same" if "same" in arm else kind(arm)]
    if kind(arm) == "lstm":
        return LSTM(inputs, units, forget_bias=forget_bias, generator=generator)
    if kind(arm) == "rnn":
        return RNN(inputs, units, generator=generator)
    gru = GRU(inputs, units, reset="before" if arm == "before" else "after", generator=generator)
    if arm in ("open", "leaky"):
        hold_open(gru)
    if arm == "leaky":
        hold_constant(gru)
    return gru


def hold_open(gru: GRU) -> None:
    """Set r = 1 for good: where the logistic function is flat, no gradient moves it."""
    with torch.no_grad():
        gru.get_parameter("bias_ih_l0")[: gru.hidden_size] = HELD_OPEN


def hold_constant(gru: GRU) -> None:
    """Leave r and z their biases only: they look neither at x nor at h, and never will."""
    for rows in map(gru.get_parameter, ("weight_ih_l0", "weight_hh_l0")):
        gates = torch.arange(len(rows))[:, None] < 2 * gru.hidden_size
        with torch.no_grad():
            rows.masked_fill_(gates, 0)
        rows.register_hook(lambda gradient, gates=gates: gradient.masked_fill(gates, 0))


def model(task: str, arm: str, start: int, *, forget_bias: float | None = None) -> nn.Module:
    """The network of an arm with the readout that the task asks for."""
    generator = torch.Generator().manual_seed(start)
    inner = recurrent(task, arm, generator, forget_bias=forget_bias)
    if task == "adding":
        return Readout(inner, 1, generator=generator)
    return TokenModel(inner, len(ALPHABET), generator=generator)


def examples(task: str, start: int) -> tuple[Examples, Examples]:
    """To learn from, and to judge by."""
    if task == "adding":
        length = LENGTH[task]
        rows = adding_problem(ROWS, length, seed=2 * start)
        return rows, adding_problem(TEST_ROWS, length, seed=2 * start + 1)
    number = {character: i for i, character in enumerate(ALPHABET)}
    text = reference_text(seed=0)
    parts = text.train, text.test[:TEST_CHARACTERS]
    train, test = (windows([number[c] for c in part], LENGTH[task]) for part in parts)
    return train, test


def learn(
    task: str,
    arm: str,
    start: int,
    *,
    rate: float,
    forget_bias: float | None = None,
    steps: int | None = None,
) -> Run:
    """Train an arm from a start by Adam, its rate falling to 0 along half a cosine.

    Args:
        task: one of `TASKS`.
        arm: one of the task's `ARMS`.
        start: the seed of its first weights, of the batches, and of the rows to be added.
        rate: the first.
        forget_bias: of an LSTM.
        steps: `STEPS` of the task if None. With fewer the rate falls as if there were all.
    """
    train, test = examples(task, start)
    net = model(task, arm, start, forget_bias=forget_bias)
    adam = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS[task])
    loss = mean_squared_error if task == "adding" else cross_entropy
    order, losses = torch.Generator().manual_seed(start), []
    for _ in range(STEPS[task] if steps is None else steps):
        batch = torch.randint(len(train.inputs), (BATCH_SIZE[task],), generator=order)
        value = loss(net(train.inputs[batch]), train.targets[batch])
        adam.zero_grad()
        value.backward()
        clip_by_norm(net.parameters(), 1.0)
        adam.step()
        schedule.step()
        losses.append(value.item())
    return Run(net, judge(task, net, test), losses)


@torch.no_grad()
def judge(task: str, net: nn.Module, test: Examples) -> float:
    """The mean squared error, or the bits per character behind the first ten of a window."""
    answers: Tensor = net(test.inputs)
    if task == "adding":
        return mean_squared_error(answers, test.targets).item()
    nats = cross_entropy(answers[..., WARM_UP:], test.targets[:, WARM_UP:])
    return nats.item() / math.log(2)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate on one start, then judge it on the others."""
    tasks: dict[str, Any] = {}
    for task in TASKS:
        tasks[task] = {}
        for arm in ARMS[task]:
            biases = FORGET_BIASES if kind(arm) == "lstm" else (None,)
            choices = [(bias, rate) for bias in biases for rate in RATES[task][kind(arm)]]
            if arm == "before":
                choices = [(None, tasks[task]["gru"]["rate"])]
            tried = [
                mean(
                    learn(task, arm, start, rate=rate, forget_bias=bias).error
                    for start in TUNED_ON[task]
                )
                for bias, rate in choices
                if len(choices) > 1
            ]
            bias, rate = choices[tried.index(min(tried)) if tried else 0]
            runs = [learn(task, arm, start, rate=rate, forget_bias=bias) for start in STARTS]
            inner = recurrent(task, arm, torch.Generator())
            tasks[task][arm] = {
                "units": inner.hidden_size,
                "parameters": sum(p.numel() for p in inner.parameters()),
                "tried": [round(error, 5) for error in tried],
                "rate": rate,
                "forget_bias": bias,
                "error": [round(run.error, 5) for run in runs],
                "first_losses": [round(loss, 5) for loss in runs[0].losses[:FIRST_STEPS]],
            }
            print(task, arm, tasks[task][arm]["tried"], tasks[task][arm]["error"], flush=True)
    return {
        "settings": {"rates": RATES, "units": UNITS, "steps": STEPS, "length": LENGTH}
        | {"batch_size": BATCH_SIZE, "tuned_on": TUNED_ON, "starts": STARTS},
        "tasks": tasks,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
