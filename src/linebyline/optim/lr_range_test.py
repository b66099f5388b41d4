"""The learning rate range test: one short run, while the rate grows, shows which are good."""

import copy
from collections.abc import Callable
from math import inf, isfinite
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer


class RangeTest(NamedTuple):
    """What a range test saw, step by step; `lrs[i]` is the rate of the step after `losses[i]`.

    Attributes:
        lrs: the rates, from the lowest on.
        losses: the loss on a batch before the update at that rate; the last may be infinite or NaN.
        smoothed: the mean of the losses so far, in which older ones count less and less.
    """

    lrs: list[float]
    losses: list[float]
    smoothed: list[float]


def lr_range_test(
    model: nn.Module,
    optimizer: Optimizer,
    next_loss: Callable[[], Float[Tensor, ""]],
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    spacing: str = "geometric",
    smoothing: float = 0.9,
    diverged: float = 4.0,
) -> RangeTest:
    """Train for some steps while the rate grows, and write down the losses.

    Source: Smith 2017, *Cyclical learning rates for training neural networks*, section 3.3: good
    rates lie between the one where the model begins to learn and the one where it becomes worse or
    ragged. Deviations: he raises the rate linearly, over some epochs, and looks at the accuracy;
    here it grows by the same factor at each step, unless you say "linear", each step costs one
    batch, and the loss is looked at.

    The run is cut short once the smoothed loss is above `diverged` times its lowest value so far,
    or no finite number. When it is over, even by an exception, weights, buffers, the optimizer with
    its rates and memory, and torch's global generators are as they were before; gradients are
    gone. What `next_loss` draws from is yours: data that are gone through are not wound back::

        batches = iter(loader)

        def next_loss():
            x, y = next(batches)
            return loss(model(x), y)

        lrs, losses, smoothed = lr_range_test(model, optimizer, next_loss)

    Args:
        model: what is trained; its mode, train or eval, is left as it is.
        optimizer: made of the model's parameters. All its groups get the same rate.
        next_loss: computes the loss on one more batch, a tensor with a gradient.
        lowest: the first rate, positive.
        highest: the last, unless the loss diverges before; above the lowest.
        steps: how many rates are tried, at least 2.
        spacing: "geometric" (the same factor from rate to rate) or "linear" (the same difference).
        smoothing: what the smoothed loss keeps of itself at a step, at least 0 and below 1.
        diverged: how many times its lowest value ends the run, above 1.

    Returns:
        Rates, losses and smoothed losses, one of each for every step that was made.

    Raises:
        ValueError: an argument is out of its range, or the optimizer holds a parameter that is not
            the model's, and so would stay as the test left it.
    """
    _check(lowest, highest, steps, spacing, smoothing, diverged)
    _check_holds(model, optimizer)
    weights = copy.deepcopy(model.state_dict())
    memory = copy.deepcopy(optimizer.state_dict())
    seen = RangeTest([], [], [])
    mean, least = 0.0, inf
    try:
        with torch.random.fork_rng(range(torch.cuda.device_count())):
            for i in range(steps):
                lr = _rate(i / (steps - 1), lowest, highest, spacing)
                for group in optimizer.param_groups:
                    group["lr"] = lr
                optimizer.zero_grad()
                loss = next_loss()
                value = loss.item()
                # A mean that starts at zero is too small by 1 - βᵗ, as Adam's first moment is.
                mean = smoothing * mean + (1 - smoothing) * value
                smoothed = mean / (1 - smoothing ** (i + 1))
                for record, number in zip(seen, (lr, value, smoothed), strict=True):
                    record.append(number)
                least = min(least, smoothed)
                # For a loss that is positive: smoothed > diverged * least.
                if not isfinite(smoothed) or smoothed - least > (diverged - 1) * abs(least):
                    break
                loss.backward()
                optimizer.step()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(memory)
        optimizer.zero_grad()
    return seen


def _check_holds(model: nn.Module, optimizer: Optimizer) -> None:
    own = {id(theta) for theta in model.parameters()}
    held = [theta for group in optimizer.param_groups for theta in group["params"]]
    for theta in held:
        if id(theta) not in own:
            raise ValueError(
                f"optimizer holds a parameter of shape {tuple(theta.shape)} that is not the "
                "model's and could not be restored: pass a module that holds all that is trained"
            )


def _rate(way: float, lowest: float, highest: float, spacing: str) -> float:
    if spacing == "linear":
        return lowest + way * (highest - lowest)
    return lowest ** (1 - way) * highest**way


def _check(
    lowest: float, highest: float, steps: int, spacing: str, smoothing: float, diverged: float
) -> None:
    if not 0 < lowest < inf:
        raise ValueError(f"lowest must be positive and finite, not {lowest}")
    if not lowest < highest < inf:
        raise ValueError(f"highest must be above lowest, {lowest}, and finite, not {highest}")
    if steps < 2:
        raise ValueError(f"steps must be at least 2, not {steps}")
    if spacing not in ("geometric", "linear"):
        raise ValueError(f"spacing must be 'geometric' or 'linear', not {spacing!r}")
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must be at least 0 and below 1, not {smoothing}")
    if not diverged > 1:
        raise ValueError(f"diverged must be above 1, not {diverged}")
