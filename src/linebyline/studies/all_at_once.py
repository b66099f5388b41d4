"""Numbers from English to Korean by Transformers: what the normalization's place is worth, and what
a multiply-add buys.

This writes `all_at_once.json` beside the file::

    python -m linebyline.studies.all_at_once

The task is that of `where_to_look`. There are two questions. "norms" asks at which rates of Adam a
deep Transformer learns, with the normalization before or behind its parts, with warm-up and without
one, and with quieter parts. "cost" gives a shallow Transformer as many operations as the recurrent
translator with attention had, and then more; it takes the rate with the most validation numbers
right on the start `TUNED_ON`, and is judged by the test numbers of `STARTS`. Its rival in
"mistakes" learns for as many steps, with the states of a GRU beside its waves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from linebyline.data.examples import Examples
from linebyline.data.token_pairs import PADDING
from linebyline.layers.dropout import Dropout
from linebyline.layers.positional_encoding import SinusoidalEncoding
from linebyline.layers.recorded_weights import recorded_weights
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.optim.lr_schedules import Schedule, cosine_decay, linear_warmup
from linebyline.sequence.gru import GRU
from linebyline.studies import record, where_to_look
from linebyline.studies.where_to_look import STARTS, TUNED_ON, Task, numbers, right
from linebyline.training.loop import fit
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.transformer import Transformer

SIZE, HEADS, HIDDEN = 32, 4, 128
"""d_model, as many features as the recurrent states have; the heads; d_ff, four times d_model."""

DEEP, SHALLOW = 3, 1
"""Blocks of each half, for the two questions."""

BATCH = 32
NORM_STEPS, WARM_UP = 160, 40
NORM_RATES = (0.001, 0.003, 0.01)
RATES = (0.001, 0.003, 0.01, 0.03)
PATIENCE = (1, 2, 4)
"""Times the recurrent translator's operations; with twice as many it sees about as many pairs."""

QUIET, MORE = 15**-0.5, range(103, 109)
"""What a quiet part's answer is multiplied by, √(1 / parts); and more starts for such parts."""

KINDS = {"digits": "일이삼사오육칠팔구", "units": "십백천만억"}
"""What is read from the source, and what tells how far the count has come."""

LAST = 20
"""The loss at the end is the mean of so many steps."""

COUNTED = where_to_look.BATCH
"""Operations are counted of so many pairs: a batch of fewer has less padding."""

FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""

NORMS: Mapping[str, Mapping[str, Any]] = {
    "post": {"norm_first": False, "warm_up": False},
    "post, warm-up": {"norm_first": False},
    "post, quiet": {"norm_first": False, "warm_up": False, "loudness": QUIET},
    "pre": {"warm_up": False},
    "pre, warm-up": {},
}
"""What `learn` is told."""


class Run(NamedTuple):
    """A Transformer that has learned, and its loss at every step."""

    model: Transformer
    losses: list[float]

    @property
    def last(self) -> float:
        """The loss at the end."""
        return sum(self.losses[-LAST:]) / LAST


class _Quiet(Dropout):
    """Where dropout stands, behind each part: a factor, for good."""

    def __init__(self, factor: float) -> None:
        super().__init__(0.0)
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class _Counted(SinusoidalEncoding):
    """The waves, and the states of a GRU that goes from word to word; for whole texts."""

    def __init__(self, start: int) -> None:
        super().__init__(SIZE)
        self.gru = GRU(SIZE, SIZE, generator=torch.Generator().manual_seed(start))

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        states: Tensor = self.gru(x)[0]
        return super().forward(x, start) + states


def transformer(
    task: Task,
    blocks: int,
    *,
    norm_first: bool = True,
    loudness: float = 1.0,
    counted: bool = False,
    start: int = 0,
) -> Transformer:
    """As it begins, without dropout: there are few epochs, and nothing to learn by heart."""
    config = BlockConfig(SIZE, HEADS, HIDDEN, norm_first=norm_first, dropout=0.0)
    generator = torch.Generator().manual_seed(start)
    sizes = len(task.english), len(task.korean)
    model = Transformer(config, blocks, *sizes, generator=generator)
    if loudness != 1:
        for block in (*model.encoder.blocks, *model.decoder.blocks):
            block.dropout = _Quiet(loudness)
    if counted:
        model.position = _Counted(start)
    return model


def learn(
    task: Task,
    blocks: int,
    start: int,
    *,
    rate: float,
    steps: int,
    warm_up: bool = True,
    smoothing: float = 0.0,
    **options: Any,
) -> Run:
    """Train a Transformer by Adam, its rate falling to 0 along a cosine.

    Args:
        task: what to learn.
        blocks: N, of each half.
        start: the seed of the first weights and of the batches.
        rate: Adam's highest rate.
        steps: how many, of `BATCH` pairs each; they begin in the middle of the data if they are no
            whole number of epochs.
        warm_up: whether the first `WARM_UP` steps climb to the rate.
        smoothing: ε, of the labels.
        **options: of `transformer`: whether the normalization stands before the parts, what their
            answers are multiplied by, whether a GRU counts the words.
    """
    model = transformer(task, blocks, start=start, **options)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.98), eps=1e-9)

    def factor(step: int) -> float:
        climb = linear_warmup(step, steps=WARM_UP) if warm_up else 1.0
        return climb * cosine_decay(step, steps=steps)

    schedule = Schedule(optimizer, factor)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    loss = CrossEntropy(ignore_index=PADDING, label_smoothing=smoothing)
    drawn = _drawn(task.train, steps, start)
    history = fit(
        model, loss, optimizer, drawn, epochs=1, batch_size=BATCH, device="cpu", seed=start
    )
    return Run(model.eval(), history.step_loss)


def _drawn(train: Examples, steps: int, seed: int) -> Examples:
    """As many pairs as the steps need, all of the data as often as each other, give or take one."""
    generator = torch.Generator().manual_seed(seed)
    count, wanted = len(train.inputs), steps * BATCH
    orders = [torch.randperm(count, generator=generator) for _ in range(-(-wanted // count))]
    order = torch.cat(orders)[:wanted]
    return Examples(train.inputs[order], train.targets[order])


def operations(model: nn.Module, examples: Examples) -> int:
    """Additions and multiplications of a training step, forward and backward, for each pair.

    Counted by torch, of matrix products alone. The fused attention is no product for it, so that
    the weights are written out.
    """
    x, y = examples.inputs[:COUNTED], examples.targets[:COUNTED]
    loss = CrossEntropy(ignore_index=PADDING)

    written_out = recorded_weights(model) if isinstance(model, Transformer) else nullcontext()
    with written_out, FlopCounterMode(display=False) as counter:
        loss(model(x), y).backward()
    return counter.get_total_flops() // COUNTED


def budget(task: Task) -> int:
    """The operations of the recurrent translator's whole training."""
    model = where_to_look.translator("bahdanau", len(task.english), len(task.korean), start=0)
    return operations(model, task.train) * where_to_look.EPOCHS * len(task.train.inputs)


def steps_for(task: Task, blocks: int, total: int) -> int:
    """How many steps a Transformer can make with so many operations."""
    return total // (operations(transformer(task, blocks), task.train) * BATCH)


def cross_entropy_of(model: nn.Module, examples: Examples) -> float:
    """The mean of -log P of each true token, in nats."""
    with torch.no_grad():
        value: Tensor = CrossEntropy(ignore_index=PADDING)(model(examples.inputs), examples.targets)
    return value.item()


def share_right(model: Transformer, examples: Examples) -> float:
    """The share of the sources that are translated to the last character, by greedy decoding."""
    return round(right(model, examples).double().mean().item(), 4)


def mistakes(model: nn.Module, task: Task) -> dict[str, float]:
    """Of each kind of character the per cent that are not most probable behind what is right."""
    x, y = task.test
    with torch.no_grad():
        wrong = model(x).argmax(1) != y
    characters = task.korean.tokens(range(len(task.korean)))
    shares = {}
    for name, kind in KINDS.items():
        among = wrong[torch.tensor([each in kind for each in characters])[y]]
        shares[name] = round(100 * among.double().mean().item(), 2)
    return shares


def _measured(model: Transformer, task: Task) -> tuple[float, float]:
    return share_right(model, task.test), round(cross_entropy_of(model, task.test), 4)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Both questions."""
    return {
        "settings": {"size": SIZE, "batch": BATCH, "norm_steps": NORM_STEPS, "warm_up": WARM_UP},
        "norms": {name: _norms(arm) for name, arm in NORMS.items()},
        "quiet": _norms(NORMS["post, quiet"], NORM_RATES[-1:], MORE),
        "cost": _cost(),
    }


def _norms(
    arm: Mapping[str, Any], rates: Sequence[float] = NORM_RATES, starts: Sequence[int] = STARTS
) -> dict[str, list[float]]:
    """For each rate the last loss of each start."""

    def last(start: int, rate: float) -> float:
        run = learn(numbers(start), DEEP, start, rate=rate, steps=NORM_STEPS, **arm)
        return round(run.last, 3)

    return {str(rate): [last(start, rate) for start in starts] for rate in rates}


def _cost() -> dict[str, Any]:
    task = numbers(TUNED_ON)
    once = steps_for(task, SHALLOW, budget(task))
    tried = {}
    for rate in RATES:
        model = learn(task, SHALLOW, TUNED_ON, rate=rate, steps=once).model
        tried[str(rate)] = share_right(model, task.validation)
    rate = max(RATES, key=lambda rate: tried[str(rate)])
    shares: dict[str, list[float]] = {}
    smoothed: list[list[float]] = []
    wrong: dict[str, list[dict[str, float]]] = {"waves": [], "counted": []}
    for start in STARTS:
        task = numbers(start)
        for times in PATIENCE:
            run = learn(task, SHALLOW, start, rate=rate, steps=times * once)
            shares.setdefault(str(times), []).append(share_right(run.model, task.test))
            if times == 1:
                first = [round(loss, 5) for loss in run.losses[:FIRST_STEPS]]
                plain = _measured(run.model, task)
                wrong["waves"].append(mistakes(run.model, task))
        run = learn(task, SHALLOW, start, rate=rate, steps=once, counted=True)
        wrong["counted"].append(mistakes(run.model, task))
        run = learn(task, SHALLOW, start, rate=rate, steps=once, smoothing=0.1)
        smoothed.append([*plain, *_measured(run.model, task)])
    tuned = {"budget": budget(task), "steps": once, "tried": tried, "rate": rate}
    found = {"right": shares, "mistakes": wrong, "smoothing": smoothed}
    return {**tuned, **found, "first_losses": first}


if __name__ == "__main__":
    record.run_and_store(__file__, study)
