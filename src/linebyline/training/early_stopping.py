"""Early stopping: train while it helps on a validation set, and return to the best weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor, nn

from linebyline.training.history import History
from linebyline.training.stopping_criteria import Criterion, Patience


class EarlyStopping:
    """Watch the validation loss epoch by epoch, keep the best weights, and say when to stop.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, algorithm 7.1; other criteria than
    its patience: Prechelt 1998, in `stopping_criteria`. It goes round `fit`, not into it::

        stopping = EarlyStopping(model, patience=10)
        history = History()
        while not stopping.update(history) and history.epochs < 500:
            fit(model, loss, optimizer, TrainTest(train, validation), epochs=1, history=history)
        stopping.restore()

    What `fit` calls the test set is here the validation set: it chooses the epoch, so its loss at
    that epoch is too low for an honest one.

    Kept are the parameters and *all* buffers, such as the running means of a normalization, on
    the device where they are. The optimizer's memory is not: who goes on training after `restore`
    makes a new one.

    Args:
        model: what is trained. It is watched, and changed by `restore` only.
        patience: how many epochs in a row may bring no new lowest loss.
        min_improvement: by how much a loss must be lower to count for the patience. The best
            weights are those of the lowest loss, however little lower.
        criterion: in place of `patience`: any criterion of `stopping_criteria`.

    Attributes:
        best_epoch: the epoch of the lowest validation loss so far, counted by the history; the
            first of equals. 0 before there is one.
        best_loss: that loss; infinite before there is one.

    Raises:
        ValueError: neither or both of `patience` and `criterion` are given, or one is out of range.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        patience: int | None = None,
        min_improvement: float = 0.0,
        criterion: Criterion | None = None,
    ) -> None:
        if (patience is None) == (criterion is None):
            given = "neither" if criterion is None else "both"
            raise ValueError(f"give patience or criterion; {given} of them was given")
        if criterion is not None and min_improvement:
            raise ValueError(
                f"min_improvement is {min_improvement}, but it belongs to patience; leave it out "
                "where a criterion is given"
            )
        self.model = model
        self.criterion = criterion or Patience(patience or 0, min_improvement)
        self.best_epoch, self.best_loss = 0, math.inf
        self._best: dict[str, Tensor] = {}
        self._seen = 0

    def update(self, history: History) -> bool:
        """Take note of the epoch that has just ended, and say whether training should stop.

        Before the first epoch there is nothing to note, and the answer is no.

        Raises:
            ValueError: the history has no test losses, the last is not a finite number, or the
                history is not one epoch longer than at the last call (the best weights might have
                passed unseen).
        """
        if not history.epochs:
            return False
        if len(history.test_loss) != history.epochs:
            raise ValueError(
                "history has no test_loss for each epoch; train with "
                "TrainTest(train, validation), so that fit measures the validation set"
            )
        if history.epochs != self._seen + 1:
            raise ValueError(
                f"history has {history.epochs} epochs, but {self._seen} had been seen; "
                "call update after every epoch, from the first"
            )
        loss = history.test_loss[-1]
        if not math.isfinite(loss):
            raise ValueError(f"history ends with the test loss {loss}; it must be finite")
        self._seen = history.epochs
        if loss < self.best_loss:
            self.best_epoch, self.best_loss = history.epochs, loss
            self._best = {name: part.detach().clone() for name, part in self._parts()}
        return self.criterion(history.train_loss, history.test_loss)

    @torch.no_grad()
    def restore(self) -> None:
        """Put the best weights and buffers back into the model, in place.

        Raises:
            RuntimeError: no epoch has been seen, so there is nothing to put back.
        """
        if not self.best_epoch:
            raise RuntimeError("restore has nothing to put back: call update after an epoch first")
        for name, part in self._parts():
            part.copy_(self._best[name])

    def _parts(self) -> Iterator[tuple[str, Tensor]]:
        """Parameters and buffers by name; a state_dict lacks those that need not be stored."""
        return chain(self.model.named_parameters(), self.model.named_buffers())
