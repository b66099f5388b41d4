"""The stored study is the one that the script makes: its first steps are made once more."""

from __future__ import annotations

import pytest
import torch

from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.rnn import RNN
from linebyline.studies.gated_units import (
    ARMS,
    BATCH_SIZE,
    FIRST_STEPS,
    FORGET_BIASES,
    LENGTH,
    RATES,
    STARTS,
    STEPS,
    TASKS,
    TUNED_ON,
    UNITS,
    judge,
    kind,
    learn,
    recurrent,
)

every_arm = pytest.mark.parametrize(
    ("task", "arm"), [(task, arm) for task in TASKS for arm in ARMS[task]]
)


@every_arm
def test_the_first_steps_are_those_that_are_stored(stored, task, arm) -> None:
    """The text is a little another one in each version of Python."""
    record = stored["tasks"][task][arm]
    settings = {"rate": record["rate"], "forget_bias": record["forget_bias"]}
    losses = learn(task, arm, STARTS[0], steps=FIRST_STEPS, **settings).losses
    assert losses == pytest.approx(record["first_losses"], rel=0.1 if task == "text" else 1e-3)


def test_the_stored_settings_are_the_scripts(stored) -> None:
    assert stored["settings"] == {
        "rates": {task: {arm: [*row] for arm, row in RATES[task].items()} for task in TASKS},
        "units": UNITS,
        "steps": STEPS,
        "length": LENGTH,
        "batch_size": BATCH_SIZE,
        "tuned_on": {name: [*starts] for name, starts in TUNED_ON.items()},
        "starts": [*STARTS],
    }
    assert {task: [*arms] for task, arms in stored["tasks"].items()} == {
        task: [*arms] for task, arms in ARMS.items()
    }


@every_arm
def test_the_stored_choice_is_the_best_that_was_tried(stored, task, arm) -> None:
    record = stored["tasks"][task][arm]
    if arm == "before":
        assert record["rate"] == stored["tasks"][task]["gru"]["rate"]
        return
    biases = FORGET_BIASES if kind(arm) == "lstm" else (None,)
    choices = [(bias, rate) for bias in biases for rate in RATES[task][kind(arm)]]
    chosen = choices.index((record["forget_bias"], record["rate"]))
    assert record["tried"][chosen] == min(record["tried"])
    assert not {start for starts in TUNED_ON.values() for start in starts} & {*STARTS}
    grid = RATES[task][kind(arm)]
    if record["rate"] in (grid[0], grid[-1]):  # an end may be best, but not by much
        beside = choices.index((record["forget_bias"], grid[1]))
        assert record["tried"][beside] < 1.1 * min(record["tried"])


@every_arm
def test_the_stored_parameters_are_the_networks(stored, task, arm) -> None:
    inner = recurrent(task, arm, torch.Generator())
    record = stored["tasks"][task][arm]
    assert record["units"] == inner.hidden_size
    assert record["parameters"] == sum(p.numel() for p in inner.parameters())
    assert isinstance(inner, {"lstm": LSTM, "gru": GRU, "rnn": RNN}[kind(arm)])
    if "same" not in arm:
        assert record["parameters"] == pytest.approx(
            stored["tasks"][task]["lstm"]["parameters"], rel=0.02
        )
    else:
        assert record["units"] == stored["tasks"][task]["lstm"]["units"]


def test_gates_that_are_held_stay_so() -> None:
    run = learn("adding", "leaky", 0, rate=0.03, steps=5)
    gru = run.model.recurrent
    r, z, _ = gru.watch(torch.randn(3, 4, 2))
    assert (r == 1).all()
    torch.testing.assert_close(z, z[:1, :1].expand_as(z))
    fresh = recurrent("adding", "leaky", torch.Generator().manual_seed(0))
    assert not torch.equal(gru.bias_ih_l0[37:74], fresh.bias_ih_l0[37:74])  # z's bias has learned
    r, z, _ = learn("adding", "open", 0, rate=0.03, steps=5).model.recurrent.watch(
        torch.randn(3, 4, 2)
    )
    assert (r == 1).all()
    assert z.std() > 0


def test_judge_by_hand() -> None:
    from linebyline.data.examples import Examples

    class Zero(torch.nn.Module):
        def forward(self, x):
            return torch.zeros(len(x), 4, x.shape[1]) if x.ndim == 2 else torch.zeros(len(x), 1)

    four = Examples(torch.zeros(2, 12).long(), torch.zeros(2, 12).long())
    assert judge("text", Zero(), four) == pytest.approx(2)  # bits, for four equal chances
    twos = Examples(torch.zeros(2, 3, 2), torch.full((2, 1), 2.0))
    assert judge("adding", Zero(), twos) == 4


def test_refuses() -> None:
    with pytest.raises(ValueError, match=r"^task must be one of adding, text, not 'copy'$"):
        recurrent("copy", "gru", torch.Generator())
    with pytest.raises(ValueError, match=r"^arm must be one of lstm; gru; .*'leaky'"):
        recurrent("text", "leaky", torch.Generator())
