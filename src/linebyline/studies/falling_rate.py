"""How short runs learn: Adam, with a rate that falls to 0."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def descend(
    parameters: Iterable[nn.Parameter], losses: Iterable[Tensor], *, rate: float, steps: int
) -> list[float]:
    """A step of Adam down each loss, with a rate that falls linearly to 0; the losses.

    Args:
        parameters: changed in place.
        losses: made one by one, the next after the step down the last, so a generator of them. It
            may end before `steps`, or the run is cut short.
        rate: of the first step.
        steps: after so many the rate would be 0.
    """
    adam = torch.optim.Adam(parameters, lr=rate)
    falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / steps)
    seen = []
    for loss in losses:
        adam.zero_grad()
        loss.backward()
        adam.step()
        falling.step()
        seen.append(loss.item())
    return seen
