"""A tally of figures that stay on the device until someone wants to read them."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def _alone(figures: Tensor) -> Tensor:
    return figures


class Tally:
    """Losses and metrics of batch after batch, and their means over examples.

    A GPU works through a queue that Python fills. `loss.item()` at each step would make Python wait
    until the queue is empty, and then the GPU wait for Python. So figures are collected as
    tensors, and read many at a time.

    Args:
        total: adds up what several processes have, each for its part of every batch.
    """

    def __init__(self, total: Callable[[Tensor], Tensor] = _alone) -> None:
        self._total = total
        self._examples: list[int] = []
        self._open = False
        self._unread: dict[str, list[Tensor]] = {}
        self._read: dict[str, list[float]] = {}

    @property
    def unread(self) -> int:
        """How many batches have been added since the last reading."""
        return len(next(iter(self._unread.values()), []))

    def add(self, figures: dict[str, Tensor], examples: int) -> None:
        """Take the figures of one batch of so many examples. Nothing is read yet.

        Raises:
            TypeError: a figure is no tensor.
            ValueError: a figure has more numbers than one.
        """
        self.add_piece(figures, 1.0)
        self.close(examples)

    def add_piece(self, figures: dict[str, Tensor], share: float) -> None:
        """Take the figures of a piece that has such a share of its batch's examples.

        Raises:
            TypeError: a figure is no tensor.
            ValueError: a figure has more numbers than one.
        """
        for name, figure in figures.items():
            if not isinstance(figure, Tensor):
                raise TypeError(
                    f"{name!r} must return a scalar tensor, not {type(figure).__name__}; "
                    "leave out .item(), which waits for the device at every batch"
                )
            if figure.ndim:
                raise ValueError(
                    f"{name!r} must return a scalar tensor, one number for the batch, "
                    f"not shape {tuple(figure.shape)}"
                )
            part = figure.detach() if share == 1 else share * figure.detach()
            unread = self._unread.setdefault(name, [])
            if self._open:
                unread[-1] = unread[-1] + part
            else:
                unread.append(part)
        self._open = True

    def close(self, examples: int) -> None:
        """The batch, of so many examples, is whole: the next piece begins another."""
        self._examples.append(examples)
        self._open = False

    def read(self) -> list[float]:
        """Wait for the device, and return the losses of all batches since the last reading."""
        fresh = {
            name: self._total(torch.stack(unread)).tolist() for name, unread in self._unread.items()
        }
        self._unread.clear()
        for name, values in fresh.items():
            self._read.setdefault(name, []).extend(values)
        return fresh.get("loss", [])

    def means(self) -> dict[str, float]:
        """Each figure's mean over all examples.

        A mean of the batches' means would give the examples of a smaller last batch more weight;
        here each batch counts by its examples.
        """
        self.read()
        total = sum(self._examples)
        weights = [count / total for count in self._examples]
        return {
            name: math.fsum(weight * value for weight, value in zip(weights, values, strict=True))
            for name, values in self._read.items()
        }
