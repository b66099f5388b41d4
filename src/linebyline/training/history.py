"""The record of a training run: what was seen at every step and after every epoch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # matplotlib is for those who plot
    from matplotlib.axes import Axes


@dataclass
class History:
    """Losses and metrics of one training run, in the order in which they came.

    The figures of an epoch are not all of the same weights. Those of the training set are means
    over the epoch, of weights that moved meanwhile, in training mode: they cost nothing, for the
    batches were computed anyway. Those of the test set are of the weights at the epoch's end, in
    evaluation mode. That is why a test loss may lie *below* the training loss while learning is
    quick. For both on an equal footing: `evaluate(model, loss, data.train)`.

    Attributes:
        step_loss: the loss of every step's batch, before that step's update.
        epoch_ends: how many steps had been made at the end of each epoch.
        train_loss: for each epoch, the mean loss over its examples.
        test_loss: the loss on the test set after each epoch; empty where there is none.
        train_metrics: name to one value for each epoch, as for `train_loss`.
        test_metrics: name to one value for each epoch, as for `test_loss`.
    """

    step_loss: list[float] = field(default_factory=list)
    epoch_ends: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    train_metrics: dict[str, list[float]] = field(default_factory=dict)
    test_metrics: dict[str, list[float]] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """How many epochs have been completed."""
        return len(self.epoch_ends)

    def add_epoch(self, train: dict[str, float], test: dict[str, float] | None = None) -> None:
        """Close an epoch with its means over the training set and, if there is one, the test set.

        Args:
            train: "loss" and the metrics.
            test: the same names.
        """
        self.epoch_ends.append(len(self.step_loss))
        _append(train, self.train_loss, self.train_metrics)
        if test is not None:
            _append(test, self.test_loss, self.test_metrics)

    def check_continues(self, metrics: Iterable[str], has_test: bool) -> None:
        """Refuse to be continued by a run that records something else.

        Raises:
            ValueError: the metrics are others, or a test set is there now and was not, or was
                and is not.
        """
        if not self.epochs:
            return
        if set(metrics) != set(self.train_metrics):
            raise ValueError(
                f"history records the metrics {sorted(self.train_metrics)}, "
                f"so metrics cannot be {sorted(metrics)} now"
            )
        if has_test != bool(self.test_loss):
            raise ValueError(
                f"history was recorded {'with' if self.test_loss else 'without'} a test set, "
                f"so data cannot be {'with' if has_test else 'without'} one now"
            )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the losses over the steps and, below them, the metrics; see `training_curves`.

        Args:
            ax: where to draw; a new figure if None.

        Returns:
            The axes of the losses.

        Raises:
            ValueError: no step has been recorded.
        """
        if not self.step_loss:
            raise ValueError("history holds no step yet: there is nothing to plot")
        from linebyline.plotting.curves import training_curves

        return training_curves(
            list(range(1, len(self.step_loss) + 1)),
            self.step_loss,
            epochs=self.epoch_ends or None,
            test_loss=self.test_loss or None,
            metrics=self._metrics() or None,
            ax=ax,
        )

    def _metrics(self) -> dict[str, list[float]]:
        named = {}
        for name, values in self.train_metrics.items():
            named[f"train {name}"] = values
            if name in self.test_metrics:
                named[f"test {name}"] = self.test_metrics[name]
        return named

    def latest(self) -> str:
        """The figures of the last epoch in words; empty before there is one."""
        rows = {"train loss": self.train_loss, "test loss": self.test_loss} | self._metrics()
        return ", ".join(f"{name} {values[-1]:.4g}" for name, values in rows.items() if values)

    def __repr__(self) -> str:
        """One line, because a cell that ends with `fit(...)` shows it."""
        counts = f"{self.epochs} epochs, {len(self.step_loss)} steps"
        return f"History({counts}: {self.latest()})" if self.epochs else f"History({counts})"


def _append(
    figures: dict[str, float], losses: list[float], metrics: dict[str, list[float]]
) -> None:
    for name, value in figures.items():
        (losses if name == "loss" else metrics.setdefault(name, [])).append(value)
