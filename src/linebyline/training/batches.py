"""Mini-batches: a data set in small pieces, each time in another order."""

from collections.abc import Iterator

import torch

from linebyline.data.examples import Examples


def batches(
    examples: Examples, batch_size: int, *, generator: torch.Generator | None = None
) -> Iterator[Examples]:
    """All examples once, `batch_size` at a time; the last batch holds what is left.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 8.1.3. As there, an epoch
    draws without replacement: the order is a fresh permutation, and every example comes once.

    The data stay where they are. The order is drawn on the CPU, so that a seed means the same
    batches on every device, and travels to the data once an epoch; a batch is then picked without
    a word between the two.

    Args:
        examples: inputs and as many targets, on any device.
        batch_size: how many examples make one step.
        generator: draws the order; without one the examples come as they stand.

    Raises:
        TypeError: `examples` is no `Examples`.
        ValueError: it is empty, has not as many targets as inputs, or `batch_size` is below 1.
    """
    check_examples("examples", examples)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    return _draw(examples, batch_size, generator)  # apart, for a generator checks nothing at once


def _draw(
    examples: Examples, batch_size: int, generator: torch.Generator | None
) -> Iterator[Examples]:
    inputs, targets = examples
    if generator is None:
        yield from map(Examples, inputs.split(batch_size), targets.split(batch_size))
        return
    order = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    for batch in order.split(batch_size):
        yield Examples(inputs[batch], targets[batch])


def cut(batch: Examples, pieces: int) -> list[Examples]:
    """A batch in so many pieces, in order, whose sizes differ by one example at most.

    Some are empty where there are fewer examples than pieces. Nothing is copied.

    Raises:
        ValueError: `pieces` is below 1.
    """
    if pieces < 1:
        raise ValueError(f"pieces must be at least 1, not {pieces}")
    parts = (part.tensor_split(pieces) for part in batch)
    return [Examples(*piece) for piece in zip(*parts, strict=True)]


def check_examples(name: str, examples: Examples) -> None:
    """Meet a data set that cannot be trained on at the door; `name` is what the caller calls it.

    Raises:
        TypeError: it is no `Examples`.
        ValueError: it is empty, or has not as many targets as inputs.
    """
    if not isinstance(examples, Examples):
        raise TypeError(f"{name} must be Examples(inputs, targets), not {type(examples).__name__}")
    inputs, targets = (tuple(part.shape) for part in examples)
    shapes = f"inputs are {inputs} and targets {targets}"
    if not inputs or not targets or inputs[0] != targets[0]:
        raise ValueError(f"{name} must have a target for each input, but its {shapes}")
    if inputs[0] == 0:
        raise ValueError(f"{name} must hold at least one example, but its {shapes}")
