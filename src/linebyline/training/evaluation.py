"""Evaluation: what a model is worth on examples, with nothing learned from them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.data.examples import Examples
from linebyline.training.batches import batches
from linebyline.training.tally import Tally

Measure = Callable[[Any, Tensor], Tensor]
"""A loss or a metric: (prediction, target) to one number, the mean over the batch. The prediction
is what the model answers, a tensor or several."""


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loss: Measure,
    examples: Examples,
    *,
    metrics: Mapping[str, Measure] | None = None,
    batch_size: int = 256,
) -> dict[str, float]:
    """Loss and metrics over all examples, in evaluation mode and without gradients.

    Figures are averaged over examples, also where the last batch is smaller. So each must be a mean
    over its batch: a loss that sums, or a measure that is no mean (an F1 score), is not averaged
    right by anyone.

    Args:
        model: stays where it is; batches are brought to it. Its mode is put back afterwards, layer
            by layer.
        loss: (prediction, target) to a scalar tensor.
        examples: inputs and targets.
        metrics: name to a function like `loss`.
        batch_size: how many examples at once; it changes time and memory, not the outcome.

    Returns:
        Name to mean: "loss", and each metric.

    Raises:
        TypeError: `examples` is no `Examples`, or a figure no tensor.
        ValueError: examples are missing, `batch_size` is below 1, a figure has more numbers than
            one, or a metric is called "loss".
    """
    metrics = metrics or {}
    check_metrics(metrics)
    measures = {"loss": loss, **metrics}
    device = next(model.parameters(), examples.inputs).device
    tally = Tally()
    with mode_kept(model):
        model.eval()
        for batch in batches(examples, batch_size):
            inputs, targets = (part.to(device) for part in batch)
            prediction = model(inputs)
            figures = {name: measure(prediction, targets) for name, measure in measures.items()}
            tally.add(figures, len(inputs))
    return tally.means()


def check_metrics(metrics: Mapping[str, Measure]) -> None:
    """Refuse a metric that would take the place of the loss among the results.

    Raises:
        ValueError: a metric is called "loss".
    """
    if "loss" in metrics:
        raise ValueError("metrics must not hold the name 'loss': that is the loss's own")


@contextmanager
def mode_kept(model: nn.Module) -> Iterator[None]:
    """Put every layer back into the mode (training or evaluation) that it was found in.

    `model.train()` afterwards would not do: it wakes a layer that someone froze with `.eval()`.
    """
    modes = {module: module.training for module in model.modules()}
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
