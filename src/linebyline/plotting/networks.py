"""A network, or one neuron of it, as a drawing: a line for every weight.

Of a large layer the first units, an ellipsis and the last are drawn, and its size is written below.
How a weight is drawn says `edges`, and what a unit looks like `units`.
"""

from collections.abc import Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.edges import draw_edges, edge_between, format_weight, text_width
from linebyline.plotting.style import INK, WIDTH
from linebyline.plotting.units import (
    DOT,
    MOST,
    RING,
    canvas,
    column,
    draw_arrow,
    draw_dot,
    draw_ellipsis,
    draw_ring,
    draw_step,
    points_a_unit,
)

WRITTEN = 6
"""Between two layers so many weights, at most, are written out; more would be a thicket."""

ROOMY = 40.0
"""Points: where a unit of the axes is drawn smaller than this, no weight is written."""

MARGIN = 0.5
"""Beside the first and the last layer, for the half of its name."""

UNIT = 0.36
"""Radius of the sum and of the step in the drawing of one neuron."""

CAPTION, NAME = 12.0, 14.0
"""Points: the type below a layer or a part, and beside an input."""


def network_diagram(
    sizes: Sequence[int],
    *,
    labels: Sequence[str] | None = None,
    weights: Sequence[Shaped[Array, "_outputs _inputs"] | Sequence[Sequence[float]]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A layered network, inputs at the left.

    Args:
        sizes: units of each layer, the inputs first.
        labels: a name for each layer, written below it.
        weights: for each pair of neighbouring layers a matrix (outputs, inputs), as torch keeps
            them: blue and solid is positive, coral and dashed negative, the width is the magnitude.
            Where all pairs have few, and there is room, they are written on their lines.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: fewer than two layers, a size below 1, a number of labels that is not that of
            the layers, weights that are not finite or whose shapes are not those of `sizes`.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes must be two or more, each at least 1, but is {list(sizes)}")
    if labels is not None and len(labels) != len(sizes):
        raise ValueError(f"labels has {len(labels)} names for {len(sizes)} layers: one a layer")
    matrices = None if weights is None else _checked(weights, sizes)
    written = matrices is not None and max(matrix.size for matrix in matrices) <= WRITTEN
    strongest = max(float(np.abs(matrix).max()) for matrix in matrices) if matrices else 0.0

    layers = [column(size, 0.98 if written else 0.58) for size in sizes]
    across = min(2.4, (WIDTH - 1.2) / (len(sizes) - 1))
    xs = [WIDTH / 2 + (i - (len(sizes) - 1) / 2) * across for i in range(len(sizes))]
    top = max(units[0][1] for units in layers) + RING + 0.06
    lines_below = (labels is not None) + (max(sizes) > MOST)
    bottom = -top - 0.22 * lines_below - 0.1
    ax = canvas(ax, (xs[0] - MARGIN, xs[-1] + MARGIN), (bottom, top))
    written = written and points_a_unit(ax) >= ROOMY
    edges = []
    for i, (sources, targets) in enumerate(pairwise(layers)):
        radii = (RING if i else DOT, RING)
        for (source, y), (target, y_to) in product(sources, targets):
            if source is not None and target is not None:
                weight = None if matrices is None else float(matrices[i][target, source])
                edges.append(edge_between((xs[i], y), (xs[i + 1], y_to), radii, weight))
    draw_edges(ax, edges, strongest, written=written)
    for i, (x, units) in enumerate(zip(xs, layers, strict=True)):
        for index, y in units:
            draw = draw_ellipsis if index is None else draw_ring if i else draw_dot
            draw(ax, x, y)
        caption = [labels[i]] if labels is not None else []
        caption += [f"{sizes[i]:,}"] if sizes[i] > MOST else []
        _write(ax, x, -top - 0.04, "\n".join(caption), va="top")
    return ax


def neuron_diagram(
    input_names: Sequence[str],
    weights: Shaped[Array, " inputs"] | Sequence[float],
    bias: Shaped[Array, ""] | Shaped[Array, " 1"] | float,
    *,
    ax: Axes | None = None,
) -> Axes:
    """One threshold unit: weighted inputs, their sum, the step, the output.

    McCulloch and Pitts (1943) drew neurons with thresholds, Rosenblatt (1958) gave them weights
    that learn; the threshold is here a bias of the opposite sign.

    Args:
        input_names: what stands at each input; ``"$x_1$"`` is set as mathematics.
        weights: one an input, written on its line.
        bias: one number, added to the sum.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: no input, a number of names that is not that of the weights, a bias that is not
            one number, NaN or infinity.
    """
    w = to_numpy(weights, "weights", ("inputs",)).astype(float)
    b = float(to_numpy(bias, "bias", (), (1,)).item())
    if len(input_names) != len(w):
        raise ValueError(f"input_names has {len(input_names)} names for {len(w)} weights")
    if not (np.isfinite(w).all() and np.isfinite(b)):
        raise ValueError(f"weights and bias must be finite, were {w.tolist()} and {b}")

    units = column(len(w), 0.82)
    x_sum, x_step, x_out = 3.5, 4.95, 6.2
    # The inputs move in for long names, so that the page keeps its width.
    widest = max(text_width(input_names[index], NAME) for index, _ in units if index is not None)
    x_in = min(max(0.9, 0.22 + widest / 72), 2.6)
    top = max(units[0][1] + 0.25, 1.05)
    ax = canvas(ax, (0, WIDTH), (-max(units[0][1] + 0.25, 0.85), top))
    shown = [(index, y) for index, y in units if index is not None]
    edges = [edge_between((x_in, y), (x_sum, 0), (DOT, UNIT), float(w[i])) for i, y in shown]
    draw_edges(ax, edges, float(np.abs(w).max()), written=True)
    for index, y in units:
        if index is None:
            draw_ellipsis(ax, x_in, y)
        else:
            draw_dot(ax, x_in, y)
            _write(ax, x_in - 0.18, y, input_names[index], ha="right", size=NAME)

    draw_ring(ax, x_sum, 0, UNIT)
    _write(ax, x_sum, 0, r"$\Sigma$", va="center_baseline", size=20)
    draw_step(ax, x_step, 0, UNIT)
    draw_arrow(ax, (x_sum, UNIT + 0.34), (x_sum, UNIT))
    _write(ax, x_sum, UNIT + 0.38, f"bias {format_weight(b)}", va="bottom")
    draw_arrow(ax, (x_sum + UNIT, 0), (x_step - UNIT, 0))
    draw_arrow(ax, (x_step + UNIT, 0), (x_out - 0.08, 0))
    _write(ax, x_out, 0, r"$\hat{y}$", ha="left", size=16)
    for x, words in ((x_sum, "sum"), (x_step, "step"), (x_out + 0.08, "output")):
        _write(ax, x, -UNIT - 0.14, words, va="top")
    return ax


def _checked(weights: Sequence[Any], sizes: Sequence[int]) -> list[np.ndarray]:
    if len(weights) != len(sizes) - 1:
        raise ValueError(
            f"weights has {len(weights)} matrices for {len(sizes)} layers: one between two"
        )
    matrices = []
    for i, matrix in enumerate(weights):
        matrices.append(to_numpy(matrix, f"weights[{i}]", (sizes[i + 1], sizes[i])).astype(float))
        if not np.isfinite(matrices[-1]).all():
            raise ValueError(f"weights[{i}] holds NaN or infinity, which have no width")
    return matrices


def _write(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    *,
    ha: Any = "center",
    va: Any = "center",
    size: float = CAPTION,
) -> None:
    ax.text(x, y, text, ha=ha, va=va, color=INK, fontsize=size)
