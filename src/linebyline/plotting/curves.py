"""Curves over training steps or over any other quantity, named where they end.

A training loss is noisy because every step sees another batch. It is drawn twice: thin as it was
recorded, and strong as a moving average, so that neither the noise nor the trend is hidden.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.labels import label_ends
from linebyline.plotting.style import LINE_STYLES, MARKERS, PALETTE

SMOOTH_FROM = 40
"""Fewer recorded losses than this are drawn as they are: there is no noise to see through."""

DOTS_UP_TO = 25
"""So few values are single measurements and get a marker each; more would be a caterpillar."""


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
        series: name to values. NaN and infinity leave a gap. A single series that has the name of
            the y axis is not named twice.
        xlabel: the quantity on the x axis, with its unit if it has one.
        ylabel: the same for the y axis.
        log_x: scale the x axis by powers of ten.
        log_y: the same for the y axis.
        band: name of a series to (low, high), shaded behind its line: the spread over seeds, say.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: no series; a length that is not that of `x`; a series with nothing to draw; zero
            or a negative number on a logarithmic axis; a band of a series that does not exist.
    """
    at = to_numpy(x, "x", ("points",))
    if not series:
        raise ValueError("series is empty: give at least one name with its values")
    values = {name: _same_length(f"series[{name!r}]", row, at) for name, row in series.items()}
    bands = {}
    for name, edges in (band or {}).items():
        if name not in values:
            raise ValueError(f"band names {name!r}, but the series are {', '.join(values)}")
        if len(edges) != 2:
            raise ValueError(f"band[{name!r}] must be (low, high), but has {len(edges)} parts")
        bands[name] = [_same_length(f"band[{name!r}]", edge, at) for edge in edges]
    if log_x:
        _refuse_nonpositive("x", at, "log_x")
    for name, row in values.items() if log_y else ():
        _refuse_nonpositive(f"series[{name!r}]", row, "log_y")

    ax = ax or plt.subplots()[1]
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set(xscale="log" if log_x else "linear", yscale="log" if log_y else "linear")
    lines: list[Line2D] = []
    looks = zip(cycle(PALETTE), cycle(LINE_STYLES), strict=False)
    for (name, row), (color, dashes) in zip(values.items(), looks, strict=False):
        if name in bands:
            low, high = bands[name]
            ax.fill_between(at, low, high, color=color, alpha=0.18, linewidth=0)
        lines += ax.plot(at, row, color=color, linestyle=dashes)
    ax.margins(x=0.015)
    if list(values) != [ylabel]:
        label_ends(ax, lines, list(values))
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
        epochs: the step at which each epoch ended; small ticks mark them.
        test_loss: the held-out loss after each epoch.
        metrics: name to values after each epoch, on axes of their own below, because an accuracy
            has not the loss's scale. They are the last axes of the figure. "train accuracy" and
            "test accuracy" keep the colours of the two losses.
        ax: where to draw; a new figure if None. `metrics` take the lower part of its place.

    Returns:
        The axes of the losses.

    Raises:
        ValueError: lengths that do not match; `test_loss` or `metrics` without `epochs`; nothing
            finite to draw; `metrics` on axes that stand in no grid (``figure.add_axes`` makes such)
            and so cannot be divided.
    """
    at = to_numpy(steps, "steps", ("steps",))
    loss = _same_length("train_loss", train_loss, at, "steps")
    if epochs is None and (test_loss is not None or metrics):
        given = "metrics" if test_loss is None else "test_loss"
        raise ValueError(f"epochs is missing: {given} needs the step at which each epoch ended")
    ends = at if epochs is None else to_numpy(epochs, "epochs", ("epochs",))
    measured = {
        name: _same_length(f"metrics[{name!r}]", row, ends, "epochs")
        for name, row in (metrics or {}).items()
    }
    test = None if test_loss is None else _same_length("test_loss", test_loss, ends, "epochs")

    if ax is None:
        ax = plt.subplots(figsize=(7, 5.4 if measured else 4))[1]
    below = _divide(ax) if measured else None
    train_line = _draw_noisy(ax, at, loss)
    if test is not None:
        (test_line,) = ax.plot(ends, test, color=PALETTE[1], linestyle=LINE_STYLES[1])
        test_line.set_marker(_marker(test, "^"))
        label_ends(ax, [train_line, test_line], ["train", "test"])
    ax.set(xlabel="" if below else "step", ylabel="training loss" if test is None else "loss")
    ax.margins(x=0.015)
    if epochs is not None and len(ends) <= 100:
        ax.set_xticks(ends, minor=True)
    if below:
        _draw_metrics(below, ends, measured)
    return ax


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Centred moving average over `window` values, fewer at the ends; NaN is skipped."""
    known = np.isfinite(values)
    total = np.convolve(np.where(known, values, 0.0), np.ones(window), mode="same")
    count = np.convolve(known.astype(float), np.ones(window), mode="same")
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0.5)


def _draw_noisy(ax: Axes, at: np.ndarray, loss: np.ndarray) -> Line2D:
    """Draws the loss, and returns the line that carries its name."""
    if len(loss) < SMOOTH_FROM:
        return ax.plot(at, loss, color=PALETTE[0], linestyle="-", marker=_marker(loss, "o"))[0]
    ax.plot(at, loss, color=PALETTE[0], linestyle="-", linewidth=0.8, alpha=0.4)
    window = len(loss) // 20 | 1  # odd, so that it has a centre
    return ax.plot(at, smooth(loss, window), color=PALETTE[0], linestyle="-")[0]


def _draw_metrics(ax: Axes, at: np.ndarray, measured: dict[str, np.ndarray]) -> None:
    # One colour means one thing in one figure: blue is training, coral the test, the rest new.
    sides = [name.split(" ")[0] for name in measured]
    told_apart = set(sides) <= {"train", "test"} and len(set(sides)) == len(sides)
    lines: list[Line2D] = []
    for place, (side, row) in enumerate(zip(sides, measured.values(), strict=True)):
        look = ("train", "test").index(side) if told_apart else (place + 2) % len(PALETTE)
        lines += ax.plot(at, row, color=PALETTE[look], linestyle=LINE_STYLES[look])
        lines[-1].set_marker(_marker(row, MARKERS[look]))
    ax.set_xlabel("step")
    if len(measured) == 1:
        ax.set_ylabel(next(iter(measured)))
    else:
        label_ends(ax, lines, list(measured))


def _divide(ax: Axes) -> Axes:
    """Leaves `ax` the upper part of its place, and returns new axes in the lower one."""
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError("ax cannot be divided for metrics: make it with plt.subplots")
    parts = place.subgridspec(2, 1, height_ratios=(3, 2))
    ax.set_subplotspec(parts[0])
    ax.tick_params(labelbottom=False)
    return ax.figure.add_subplot(parts[1], sharex=ax)


def _same_length(
    name: str, values: Array | Sequence[float], at: np.ndarray, against: str = "x"
) -> np.ndarray:
    """The values with NaN for infinity; an error unless there is one for each place."""
    row = to_numpy(values, name, ("points",)).astype(float)
    if len(row) != len(at):
        raise ValueError(f"{name} has {len(row)} values, but {against} has {len(at)}")
    row = np.where(np.isfinite(row), row, np.nan)
    if np.isnan(row).all():
        raise ValueError(f"{name} holds no finite number: there is nothing to draw")
    return row


def _refuse_nonpositive(name: str, values: np.ndarray, axis: str) -> None:
    if (values <= 0).any():
        worst = f"{np.nanmin(values):g}"
        raise ValueError(f"{name} holds {worst}, which a logarithmic axis lacks: drop {axis}")


def _marker(values: np.ndarray, marker: str) -> str:
    return marker if len(values) <= DOTS_UP_TO else ""
