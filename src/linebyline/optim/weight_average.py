"""The average of a model's weights along the path of its training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle


class WeightAverage:
    """A running mean of a model's parameters, W̄ ← W̄ + (1 - β)(W - W̄).

    Source: Ruppert 1988, *Efficient estimations from a slowly convergent Robbins-Monro process*,
    and Polyak & Juditsky 1992, *Acceleration of stochastic approximation by averaging*, take the
    mean of all steps. With a fixed β the past fades (an exponential moving average): the mean
    reaches back some 1/(1 - β) steps. Tarvainen & Valpola 2017, *Mean teachers are better role
    models*, let such a mean teach; Izmailov et al. 2018, *Averaging weights leads to wider optima
    and better generalization*, take a plain mean late in training.

    `torch.optim.swa_utils.AveragedModel` with `get_ema_multi_avg_fn(β)` is the same once its first
    `update_parameters` has copied the model; here the copy is made at once. With `decay=None`, too,
    the weights of this moment are the first of the mean.

    Training is not touched::

        average = WeightAverage(model, decay=0.99)
        average.follow(optimizer)  # update() after every step
        fit(model, loss, optimizer, data, epochs=10)
        with average.applied():
            evaluate(model, loss, data.test)

    Args:
        model: whose weights are averaged, from the present ones on.
        decay: β, at least 0 and below 1; None for the mean of all.
        buffers: "copy" keeps the model's latest (the running mean and variance of batch
            normalization, say), "average" treats those of real numbers as parameters; whole numbers
            (counters) are always copied.

    Raises:
        ValueError: `decay` or `buffers` is none of these, or the model has no parameter.
    """

    def __init__(
        self, model: nn.Module, *, decay: float | None = 0.999, buffers: str = "copy"
    ) -> None:
        if decay is not None and not 0 <= decay < 1:
            raise ValueError(f"decay must be at least 0 and below 1, or None, not {decay}")
        if buffers not in ("copy", "average"):
            raise ValueError(f"buffers must be 'copy' or 'average', not {buffers!r}")
        if not any(True for _ in model.parameters()):
            raise ValueError("model must have parameters, and has none")
        self.model, self.decay, self.buffers = model, decay, buffers
        self.count = 1  # how many weights are in the mean
        self.values = {name: now.clone() for name, now in self._now().items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take the model's present weights into the mean."""
        share = 1 / (self.count + 1) if self.decay is None else 1 - self.decay  # 1 - β
        averaged = {name for name, _ in self.model.named_parameters()}
        for name, now in self._now().items():
            mean = self.values[name] = self.values[name].to(now)  # the model may have moved
            if name in averaged or (self.buffers == "average" and mean.is_floating_point()):
                mean.lerp_(now, share)  # W̄ ← W̄ + (1 - β)(W - W̄)
            else:
                mean.copy_(now)
        self.count += 1

    def follow(self, optimizer: Optimizer) -> RemovableHandle:
        """Call `update` after every step of the optimizer; `remove()` of the handle ends it."""
        return optimizer.register_step_post_hook(lambda *_: self.update())

    @contextmanager
    def applied(self) -> Iterator[nn.Module]:
        """The model with the averaged weights, to evaluate or to save; its own come back after.

        What you do to the weights meanwhile is lost.
        """
        own = {name: now.clone() for name, now in self._now().items()}
        self._write(self.values)
        try:
            yield self.model
        finally:
            self._write(own)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs to go on: the mean, and how many weights are in it."""
        return {"count": self.count, "values": {k: v.clone() for k, v in self.values.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises:
            ValueError: it is of a model with other parameters or buffers.
        """
        theirs = {name: value.shape for name, value in state["values"].items()}
        ours = {name: value.shape for name, value in self.values.items()}
        if theirs != ours:
            odd = sorted(name for name in theirs | ours if theirs.get(name) != ours.get(name))
            raise ValueError(f"state must be of this model, but they differ in {', '.join(odd)}")
        self.count = state["count"]
        self.values = {name: value.clone() for name, value in state["values"].items()}

    def _now(self) -> dict[str, Tensor]:
        """All parameters and buffers as they are, each once and by its name."""
        named = [*self.model.named_parameters(), *self.model.named_buffers()]
        return {name: value.detach() for name, value in named}

    @torch.no_grad()
    def _write(self, values: dict[str, Tensor]) -> None:
        for name, now in self._now().items():
            now.copy_(values[name])
