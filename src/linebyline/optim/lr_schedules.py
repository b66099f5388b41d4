"""Learning rate schedules: the rate as a function of the step."""

import math
from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def step_decay(step: int, *, every: int, factor: float = 0.1) -> float:
    """One drop by `factor` after every so many steps, f = γ^⌊n/k⌋.

    No paper's own; Goyal et al. 2017, *Accurate, large minibatch SGD*, is one of many that let the
    rate drop to a tenth some times. The same as `torch.optim.lr_scheduler.StepLR`.

    Args:
        step: n, the number of updates before this one.
        every: k, how many updates one rate is good for.
        factor: γ, zero or more.

    Returns:
        What the rate is multiplied by.
    """
    _check_at_least(0, step=step, factor=factor)
    _check_at_least(1, every=every)
    return factor ** (step // every)


def exponential_decay(step: int, *, factor: float) -> float:
    """The same factor once more at every step, f = γⁿ.

    No paper's own. The same as `torch.optim.lr_scheduler.ExponentialLR`.

    Args:
        step: n, the number of updates before this one.
        factor: γ, zero or more; 0.5 ** (1 / k) halves the rate in k updates.

    Returns:
        What the rate is multiplied by.
    """
    _check_at_least(0, step=step, factor=factor)
    return factor**step


def cosine_decay(step: int, *, steps: int, floor: float = 0.0) -> float:
    """Half a wave of the cosine, slow at both ends, f = f₀ + ½(1 - f₀)(1 + cos(πn/N)).

    Source: Loshchilov & Hutter 2017, *SGDR: stochastic gradient descent with warm restarts*,
    equation 5. Deviations: nothing restarts, so from step N on the floor is kept, where
    `torch.optim.lr_scheduler.CosineAnnealingLR` would climb again.

    Args:
        step: n, the number of updates before this one.
        steps: N, in how many updates the floor is reached.
        floor: f₀, what is left of the rate there, zero or more.

    Returns:
        What the rate is multiplied by.
    """
    _check_at_least(0, step=step, floor=floor)
    _check_at_least(1, steps=steps)
    return floor + (1 - floor) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2


def linear_warmup(step: int, *, steps: int) -> float:
    """The first updates in even steps up to the full rate, f = min(1, (n + 1)/N).

    Source: Goyal et al. 2017, *Accurate, large minibatch SGD*, section 2.2. It starts at 1/N and
    not at 0, where the first update would be for nothing. It is
    `torch.optim.lr_scheduler.LinearLR` with start_factor=1/N and total_iters=N-1.

    What follows the warm-up is a factor of its own, for factors multiply::

        lambda step: linear_warmup(step, steps=500) * cosine_decay(step, steps=20_000)

    Args:
        step: n, the number of updates before this one.
        steps: N, the number of the first update at the full rate.

    Returns:
        What the rate is multiplied by.
    """
    _check_at_least(0, step=step)
    _check_at_least(1, steps=steps)
    return min(1.0, (step + 1) / steps)


def noam(step: int, *, model_size: int, warmup_steps: int = 4000) -> float:
    """The Transformer's: linear warm-up, then the inverse root, d^-½ · min(t^-½, t · w^-1½).

    Source: Vaswani et al. 2017, *Attention is all you need*, equation 3; the name is that of one of
    the authors, Noam Shazeer. Their step t counts from 1, so it is n + 1 here. At t = w both sides
    of the minimum are w^-½, the highest rate of all.

    Args:
        step: n, the number of updates before this one.
        model_size: d, the width of the Transformer's layers.
        warmup_steps: w, the number of the update with the highest rate.

    Returns:
        The rate itself, for an optimizer made with lr=1.
    """
    _check_at_least(0, step=step)
    _check_at_least(1, model_size=model_size, warmup_steps=warmup_steps)
    t = step + 1
    return model_size**-0.5 * min(t**-0.5, t * warmup_steps**-1.5)


def one_cycle(
    step: int,
    *,
    steps: int,
    rise: float = 0.3,
    start: float = 0.04,
    end: float = 4e-6,
    anneal: str = "cosine",
) -> float:
    """Up to the full rate, and down to almost nothing, once.

    Source: Smith 2018, *A disciplined approach to neural network hyper-parameters: part 1*, the
    1cycle policy. Deviations, those of `torch.optim.lr_scheduler.OneCycleLR`: where his rate rises
    and falls in equal times along straight lines, and then falls some orders of magnitude further,
    here the descent is one, longer than the rise, and both are half waves of a cosine unless you
    say "linear". The momentum, which he lets fall while the rate rises, stays as it is.

    Args:
        step: n, the number of updates before this one.
        steps: how many updates there will be; later ones keep the last rate.
        rise: which part of them the ascent takes, between 0 and 1.
        start: which part of the full rate the first update has, zero or more.
        end: which part the last one has, zero or more.
        anneal: "cosine" or "linear".

    Returns:
        What the rate, which is the highest, is multiplied by.
    """
    _check_at_least(0, step=step, start=start, end=end)
    _check_at_least(2, steps=steps)
    if not 0 <= rise <= 1:
        raise ValueError(f"rise must be between 0 and 1, not {rise}")
    if anneal not in ("cosine", "linear"):
        raise ValueError(f"anneal must be 'cosine' or 'linear', not {anneal!r}")
    n, last = min(step, steps - 1), steps - 1
    peak = max(rise * steps - 1, 0)  # the last update of the ascent, counted from 0; any number
    if n <= peak:
        low, way = start, n / peak if peak else 1.0  # way: 0 at the foot, 1 at the top
    else:
        low, way = end, (last - n) / (last - peak)
    if anneal == "cosine":
        way = (1 - math.cos(math.pi * way)) / 2
    return low + (1 - low) * way


class Schedule(LRScheduler):
    """Sets an optimizer's rates to its first ones, times a function of the step.

    It stands on torch's `LRScheduler`, whose rules hold: call `step()` after each
    `optimizer.step()`; the first rate is set at once; `get_last_lr()` tells the present ones::

        optimizer = Adam(model.parameters(), lr=1e-3)
        schedule = Schedule(optimizer, cosine_decay, steps=1000, floor=0.1)

    `torch.optim.lr_scheduler.LambdaLR` is the same with one function for each group.

    Args:
        optimizer: each of its groups keeps its own rate as the one that is multiplied.
        factor: one of this module's functions or your own: from the number of updates made, 0
            before the first, to a number.
        options: further arguments for it, by name. `state_dict` holds where the schedule stands,
            and not what it is: function and options are the program's.

    Raises:
        ValueError: the function gives something other than a finite number from 0 on, or an option
            is out of its range.
    """

    def __init__(
        self, optimizer: Optimizer, factor: Callable[..., float], /, **options: Any
    ) -> None:
        self.factor = factor
        self.options = options
        super().__init__(optimizer)

    def get_lr(self) -> list[Any]:
        """The rates of all groups at this step."""
        factor = self.factor(self.last_epoch, **self.options)  # torch's name for the step
        if not 0 <= factor < math.inf:
            raise ValueError(
                "factor must be a finite number, zero or more, at each step, "
                f"but is {factor} at step {self.last_epoch}"
            )
        return [base * factor for base in self.base_lrs]

    def state_dict(self) -> dict[str, Any]:
        """Where it stands."""
        state = super().state_dict()
        return {name: state[name] for name in state if name not in ("factor", "options")}


def _check_at_least(least: int, **values: float) -> None:
    for name, value in values.items():
        if not least <= value < math.inf:  # so that NaN is refused as well
            raise ValueError(f"{name} must be at least {least} and finite, not {value}")
