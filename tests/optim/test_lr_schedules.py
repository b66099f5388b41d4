"""Schedules equal torch's, step by step, and refuse what is no schedule."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from linebyline.optim.lr_schedules import (
    Schedule,
    cosine_decay,
    exponential_decay,
    linear_warmup,
    noam,
    one_cycle,
    step_decay,
)
from linebyline.optim.sgd import SGD


def optimizer_of(*rates: float) -> torch.optim.Optimizer:
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    for group in groups:
        group["params"][0].grad = torch.zeros(1)
    return SGD(groups, lr=9.0)


def rates(
    make: Callable[..., Any], *arguments: Any, updates: int, **options: Any
) -> list[list[float]]:
    """What both groups' rates are at each update."""
    optimizer = optimizer_of(0.3, 0.02)
    schedule = make(optimizer, *arguments, **options)
    seen = []
    for _ in range(updates):
        seen.append([group["lr"] for group in optimizer.param_groups])
        assert schedule.get_last_lr() == seen[-1]
        optimizer.step()
        schedule.step()
    return seen


def one_cycle_of_torch(optimizer: torch.optim.Optimizer, **options: Any) -> Any:
    peaks = [group["lr"] for group in optimizer.param_groups]
    return lr_scheduler.OneCycleLR(optimizer, peaks, cycle_momentum=False, **options)


@pytest.mark.parametrize(
    ("factor", "options", "theirs", "their_options"),
    [
        (step_decay, {"every": 7}, lr_scheduler.StepLR, {"step_size": 7}),
        (
            *(step_decay, {"every": 1, "factor": 0.5}),
            *(lr_scheduler.StepLR, {"step_size": 1, "gamma": 0.5}),
        ),
        (exponential_decay, {"factor": 0.9}, lr_scheduler.ExponentialLR, {"gamma": 0.9}),
        (cosine_decay, {"steps": 30}, lr_scheduler.CosineAnnealingLR, {"T_max": 30}),
        (
            *(linear_warmup, {"steps": 5}),
            *(lr_scheduler.LinearLR, {"start_factor": 1 / 5, "total_iters": 4}),
        ),
        (one_cycle, {"steps": 30}, one_cycle_of_torch, {"total_steps": 30}),
        (
            *(one_cycle, {"steps": 31, "rise": 0.5, "start": 0.1, "end": 0.001}),
            *(
                one_cycle_of_torch,
                {"total_steps": 31, "pct_start": 0.5, "div_factor": 10, "final_div_factor": 100},
            ),
        ),
        (
            *(one_cycle, {"steps": 33, "rise": 0.25, "anneal": "linear"}),
            *(
                one_cycle_of_torch,
                {"total_steps": 33, "pct_start": 0.25, "anneal_strategy": "linear"},
            ),
        ),
    ],
)
def test_equals_torch_at_every_update(
    factor: Callable[..., float], options: Any, theirs: Any, their_options: Any
) -> None:
    updates = options["steps"] if factor is one_cycle else 31
    mine = rates(Schedule, factor, updates=updates, **options)
    yours = rates(theirs, updates=updates, **their_options)
    for ours, reference in zip(mine, yours, strict=True):
        assert ours == pytest.approx(reference, rel=1e-12, abs=1e-15)


def test_a_floor_is_a_share_of_each_groups_rate() -> None:
    mine = rates(Schedule, cosine_decay, updates=31, steps=30, floor=0.1)
    for group, lr in enumerate((0.3, 0.02)):
        yours = rates(lr_scheduler.CosineAnnealingLR, updates=31, T_max=30, eta_min=lr / 10)
        assert [row[group] for row in mine] == pytest.approx([row[group] for row in yours])


def test_noam_is_equation_3() -> None:
    for t in (1, 2, 3999, 4000, 4001, 100_000):
        expected = 512**-0.5 * min(t**-0.5, t * 4000**-1.5)
        assert noam(t - 1, model_size=512) == pytest.approx(expected, rel=1e-14)
    highest = max(range(1000), key=lambda n: noam(n, model_size=64, warmup_steps=100))
    assert highest + 1 == 100
    assert noam(99, model_size=64, warmup_steps=100) == pytest.approx(1 / math.sqrt(64 * 100))


def test_noam_warms_up_as_linear_warmup_does() -> None:
    peak = noam(9, model_size=4, warmup_steps=10)
    for n in range(10):
        share = noam(n, model_size=4, warmup_steps=10) / peak
        assert share == pytest.approx(linear_warmup(n, steps=10))


def test_ends_by_hand() -> None:
    assert [cosine_decay(n, steps=4, floor=0.5) for n in (0, 2, 4, 5, 99)] == pytest.approx(
        [1, 0.75, 0.5, 0.5, 0.5]
    )
    assert [linear_warmup(n, steps=4) for n in (0, 1, 3, 4, 99)] == [0.25, 0.5, 1, 1, 1]
    assert [linear_warmup(n, steps=1) for n in (0, 1)] == [1, 1]
    assert [step_decay(n, every=2, factor=0.5) for n in range(5)] == [1, 1, 0.5, 0.5, 0.25]
    assert [exponential_decay(n, factor=0.5) for n in range(3)] == [1, 0.5, 0.25]
    linear = {"rise": 0.5, "start": 0.2, "end": 0.1, "anneal": "linear"}
    assert [one_cycle(n, steps=6, **linear) for n in (0, 1, 2, 5, 6, 99)] == pytest.approx(
        [0.2, 0.6, 1, 0.1, 0.1, 0.1]
    )


@pytest.mark.parametrize(("rise", "first", "last"), [(0.0, 1.0, 0.1), (1.0, 0.2, 1.0)])
@pytest.mark.parametrize("anneal", ["cosine", "linear"])
def test_one_cycle_may_only_fall_or_only_rise(
    rise: float, first: float, last: float, anneal: str
) -> None:
    shape = {"rise": rise, "start": 0.2, "end": 0.1, "anneal": anneal}
    factors = [one_cycle(n, steps=9, **shape) for n in range(9)]
    assert (factors[0], factors[-1]) == pytest.approx((first, last))
    assert sorted(factors, reverse=rise == 0) == factors


def test_factors_multiply() -> None:
    def both(step: int) -> float:
        return linear_warmup(step, steps=3) * cosine_decay(step, steps=10)

    seen = [row[0] for row in rates(Schedule, both, updates=11)]
    expected = [0.3 * min(1, (n + 1) / 3) * (1 + math.cos(math.pi * n / 10)) / 2 for n in range(11)]
    assert seen == pytest.approx(expected)


def test_goes_on_where_it_was_saved() -> None:
    optimizer = optimizer_of(0.3)
    schedule = Schedule(optimizer, step_decay, every=2, factor=0.5)
    for _ in range(3):
        optimizer.step()
        schedule.step()
    assert not {"factor", "options", "optimizer"} & set(schedule.state_dict())
    other = optimizer_of(0.9)
    restored = Schedule(other, step_decay, every=2, factor=0.5)
    other.load_state_dict(optimizer.state_dict())
    restored.load_state_dict(schedule.state_dict())
    for each, its in ((schedule, optimizer), (restored, other)):
        its.step()
        each.step()
        assert each.get_last_lr() == [0.3 / 4]
        assert its.param_groups[0]["lr"] == 0.3 / 4


def test_a_hook_keeps_it_in_step() -> None:
    """As where a loop is not one's own: each update moves the schedule on."""
    optimizer = optimizer_of(1.0)
    schedule = Schedule(optimizer, exponential_decay, factor=0.5)
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    for n in range(4):
        assert optimizer.param_groups[0]["lr"] == 0.5**n
        optimizer.step()


@pytest.mark.parametrize(
    ("factor", "options", "message"),
    [
        (step_decay, {"every": 0}, "every must be at least 1 and finite, not 0"),
        (
            step_decay,
            {"every": 2, "factor": -1.0},
            "factor must be at least 0 and finite, not -1.0",
        ),
        (exponential_decay, {"factor": math.nan}, "factor must be at least 0 and finite, not nan"),
        (exponential_decay, {"factor": math.inf}, "factor must be at least 0 and finite, not inf"),
        (cosine_decay, {"steps": 0}, "steps must be at least 1 and finite, not 0"),
        (
            cosine_decay,
            {"steps": 5, "floor": -0.1},
            "floor must be at least 0 and finite, not -0.1",
        ),
        (linear_warmup, {"steps": 0}, "steps must be at least 1 and finite, not 0"),
        (noam, {"model_size": 0}, "model_size must be at least 1 and finite, not 0"),
        (
            *(noam, {"model_size": 8, "warmup_steps": 0}),
            "warmup_steps must be at least 1 and finite, not 0",
        ),
        (one_cycle, {"steps": 1}, "steps must be at least 2 and finite, not 1"),
        (one_cycle, {"steps": 9, "rise": 1.1}, "rise must be between 0 and 1, not 1.1"),
        (one_cycle, {"steps": 9, "rise": math.nan}, "rise must be between 0 and 1, not nan"),
        (one_cycle, {"steps": 9, "start": -1.0}, "start must be at least 0 and finite, not -1.0"),
        (one_cycle, {"steps": 9, "end": -1.0}, "end must be at least 0 and finite, not -1.0"),
        (
            *(one_cycle, {"steps": 9, "anneal": "cos"}),
            "anneal must be 'cosine' or 'linear', not 'cos'",
        ),
    ],
)
def test_refuses_options_by_name(factor: Callable[..., float], options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        factor(3, **options)
    with pytest.raises(ValueError, match=re.escape(message)):
        Schedule(optimizer_of(1.0), factor, **options)


@pytest.mark.parametrize(
    ("factor", "options"),
    [
        (step_decay, {"every": 1}),
        (exponential_decay, {"factor": 0.5}),
        (cosine_decay, {"steps": 5}),
        (linear_warmup, {"steps": 5}),
        (noam, {"model_size": 8}),
        (one_cycle, {"steps": 5}),
    ],
)
def test_refuses_a_step_before_the_first(factor: Callable[..., float], options: Any) -> None:
    with pytest.raises(ValueError, match="step must be at least 0 and finite, not -1"):
        factor(-1, **options)


@pytest.mark.parametrize("bad", [-0.5, math.nan, math.inf])
def test_refuses_a_factor_that_is_none(bad: float) -> None:
    optimizer = optimizer_of(1.0)
    schedule = Schedule(optimizer, lambda step: 1.0 if step == 0 else bad)
    optimizer.step()
    message = f"factor must be a finite number, zero or more, at each step, but is {bad} at step 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        schedule.step()
    assert optimizer.param_groups[0]["lr"] == 1.0
