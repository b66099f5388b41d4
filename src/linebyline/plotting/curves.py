"""Curves over training steps or over any other quantity, named where they end.

A training loss is noisy because every step sees another batch. It is drawn twice: thin as it was recorded, and strong as
a moving average, so that neither the noise nor the trend is hidden.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle, islice

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.labels import label_ends
from linebyline.plotting.style import LINE_STYLES, PALETTE

SMOOTH_FROM = 40
"""Fewer recorded losses than this are drawn as they are: there is no noise to see through."""


def line_curves(
    x: Shaped[Array, " points"] | Sequence[float],
    series: Mapping[str, Shaped[Array, " points"] | Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
    log_y: bool = False,
    band: Mapping[str, tuple[Sequence[float] | Array, Sequence[float] | Array]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One line for each entry of `series`, with its own colour and dashes, named at its end.

    Args:
        x: where the values stand.
        series: name to values. NaN and infinity leave a gap.
        xlabel: the quantity on the x axis, with its unit if it has one.
        ylabel: the same for the y axis.
        log_x: scale the x axis by powers of ten.
        log_y: the same for the y axis.
        band: name of a series to (low, high), shaded behind its line: the spread over seeds, say.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: no series; a length that is not that of `x`; a series with nothing to draw; zero or a negative number on
            a logarithmic axis; a band of a series that does not exist.
    """
    at = to_numpy(x, "x", ("points",))
    if not series:
        raise ValueError("series is empty: give at least one name with its values")
    values = {name: _same_length(f"series[{name!r}]", row, at) for name, row in series.items()}
    bands = {}
    for name, edges in (band or {}).items():
        if name not in values:
            raise ValueError(f"band names {name!r}, which is no series: there are {', '.join(map(repr, values))}")
        if len(edges) != 2:
            raise ValueError(f"band[{name!r}] must be a pair (low, high), but has {len(edges)} parts")
        low, high = (_same_length(f"band[{name!r}]", edge, at) for edge in edges)
        bands[name] = (low, high)
    if log_x:
        _refuse_nonpositive("x", at, "log_x")
    if log_y:
        for name, row in values.items():
            _refuse_nonpositive(f"series[{name!r}]", row, "log_y")

    ax = ax or plt.subplots()[1]
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log" if log_x else "linear", yscale="log" if log_y else "linear")
    looks = zip(values.items(), cycle(PALETTE), _dashes(len(values)), strict=False)
    lines = []
    for (name, row), color, dashes in looks:
        if name in bands:
            ax.fill_between(at, *bands[name], color=color, alpha=0.18, linewidth=0)
        lines += ax.plot(at, row, color=color, linestyle=dashes)
    ax.margins(x=0.015)
    if len(lines) > 1 or next(iter(values)) != ylabel:
        label_ends(lines, list(values))
    return ax


def training_curves(
    steps: Shaped[Array, " steps"] | Sequence[int],
    train_loss: Shaped[Array, " steps"] | Sequence[float],
    *,
    epochs: Shaped[Array, " epochs"] | Sequence[int] | None = None,
    test_loss: Shaped[Array, " epochs"] | Sequence[float] | None = None,
    metrics: Mapping[str, Shaped[Array, " epochs"] | Sequence[float]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The losses of one training run; below them, on the same steps, its metrics.

    Args:
        steps: the step at which each training loss was recorded.
        train_loss: the training loss of those steps' batches.
        epochs: the step at which each epoch ended. They are marked at the foot of the plot.
        test_loss: the held-out loss after each epoch.
        metrics: name to values after each epoch, on an axes of their own below, because an accuracy has not the loss's
            scale. It is the last axes of the figure.
        ax: where to draw; a new figure if None. With `metrics` its place is divided between the two axes.

    Returns:
        The axes of the losses.

    Raises:
        ValueError: lengths that do not match; `test_loss` or `metrics` without `epochs`; nothing finite to draw; `metrics`
            on an axes that stands in no grid (as `figure.add_axes` makes them), which cannot be divided.
    """
    at = to_numpy(steps, "steps", ("steps",))
    loss = _same_length("train_loss", train_loss, at, "steps")
    ends, test, measured = _after_epochs(epochs, test_loss, metrics or {})
    if ax is None:
        ax = plt.subplots(figsize=(7, 5.4 if measured else 4))[1]

    lines = [*_noisy_line(ax, at, loss)]
    if test is not None:
        lines += ax.plot(ends, test, color=PALETTE[1], linestyle=LINE_STYLES[1], **_dots(test, "^"))
    ax.set(xlabel="step", ylabel="loss")
    ax.margins(x=0.015)
    if ends is not None and len(ends) <= 100:
        ax.set_xticks(ends, minor=True)
    if test is not None:
        label_ends(lines, ["train", "test"])
    if measured:
        assert ends is not None
        _draw_metrics(_below(ax), ends, measured)
    return ax


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Centred moving average over `window` values; at the ends over those there are. A NaN is passed over."""
    known = np.isfinite(values)
    kernel = np.ones(window)
    total = np.convolve(np.where(known, values, 0.0), kernel, mode="same")
    count = np.convolve(known.astype(float), kernel, mode="same")
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0.5)


def _noisy_line(ax: Axes, at: np.ndarray, loss: np.ndarray) -> list[Line2D]:
    """Draws the loss, and returns the line that carries its name."""
    if len(loss) < SMOOTH_FROM:
        return ax.plot(at, loss, color=PALETTE[0], linestyle="-", **_dots(loss, "o"))
    ax.plot(at, loss, color=PALETTE[0], linestyle="-", linewidth=0.8, alpha=0.4)
    return ax.plot(at, smooth(loss, len(loss) // 20 | 1), color=PALETTE[0], linestyle="-")


def _draw_metrics(ax: Axes, at: np.ndarray, measured: dict[str, np.ndarray]) -> None:
    # The colours go on where the losses stopped: one colour means one thing in one figure.
    colors, markers = islice(cycle(PALETTE), 2, None), cycle("sDvP")
    lines: list[Line2D] = []
    for row, color, dashes, marker in zip(measured.values(), colors, _dashes(len(measured)), markers, strict=False):
        lines += ax.plot(at, row, color=color, linestyle=dashes, **_dots(row, marker))
    ax.set_xlabel("step")
    if len(measured) == 1:
        ax.set_ylabel(next(iter(measured)))
    else:
        label_ends(lines, list(measured))


def _below(ax: Axes) -> Axes:
    """Divides the place of `ax` in two, leaves it the upper part, and returns new axes in the lower one."""
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError("ax stands in no grid and cannot be divided for metrics: make it with plt.subplots")
    upper, lower = place.subgridspec(2, 1, height_ratios=(3, 2))
    ax.set_subplotspec(upper)
    below = ax.figure.add_subplot(lower, sharex=ax)
    ax.tick_params(labelbottom=False)
    ax.set_xlabel("")
    return below


def _after_epochs(
    epochs: Array | Sequence[int] | None,
    test_loss: Array | Sequence[float] | None,
    metrics: Mapping[str, Array | Sequence[float]],
) -> tuple[np.ndarray | None, np.ndarray | None, dict[str, np.ndarray]]:
    if epochs is None:
        if test_loss is not None or metrics:
            given = "test_loss" if test_loss is not None else "metrics"
            raise ValueError(f"epochs is missing: {given} needs the step at which each epoch ended")
        return None, None, {}
    ends = to_numpy(epochs, "epochs", ("epochs",))
    test = None if test_loss is None else _same_length("test_loss", test_loss, ends, "epochs")
    return ends, test, {name: _same_length(f"metrics[{name!r}]", row, ends, "epochs") for name, row in metrics.items()}


def _same_length(name: str, values: Array | Sequence[float], at: np.ndarray, against: str = "x") -> np.ndarray:
    """The values with NaN for infinity, or an error when there are not as many as there are places for them."""
    row = to_numpy(values, name, ("points",)).astype(float)
    if len(row) != len(at):
        raise ValueError(f"{name} has {len(row)} values, but {against} has {len(at)}: they must match")
    row = np.where(np.isfinite(row), row, np.nan)
    if np.isnan(row).all():
        raise ValueError(f"{name} holds no finite number: there is nothing to draw")
    return row


def _refuse_nonpositive(name: str, values: np.ndarray, axis: str) -> None:
    if (values <= 0).any():
        raise ValueError(f"{name} has {values[values <= 0][0]:g}, which a logarithmic axis cannot show: drop {axis}=True")


def _dots(values: np.ndarray, marker: str) -> dict[str, str]:
    """Few values are few measurements, and the reader should see them; many would be a caterpillar."""
    return {"marker": marker} if len(values) <= 25 else {}


def _dashes(count: int) -> Sequence[object]:
    return list(islice(cycle(LINE_STYLES), count))
