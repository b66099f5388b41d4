"""A recurrent network as a drawing: folded, with its loop, and unrolled, step beside step.

Time runs to the right, from the inputs below to the outputs above. A ring is a state, which is what
a layer holds at one step; a dot is an input. Weights of one name are the same weights.
"""

from collections.abc import Collection, Sequence

from matplotlib.axes import Axes

from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_arrow, draw_dot, draw_ring, draw_text

STEPS, BESIDE, LAYERS = 9, 6, 3
"""A page has room for so many steps side by side, for so many beside the folded network, and for so
many layers one above the other."""

RADIUS, PITCH, RISE = 0.28, 1.05, 1.0
"""Of a state; from a step to the next, where there is room; from the inputs to the first layer, and
so on upwards."""

FOLDED = 1.75
"""How much room the folded network takes at the left, with the sign that leads to the other."""

WEIGHT, BACK = PALETTE[0], PALETTE[1]
"""The colours of the names of weights, and of what goes back."""

NAME, SMALL = 14.0, 12.0
"""Points: the type of states, inputs and outputs, and of weights."""

Point = tuple[float, float]


def unrolled(
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    states: Sequence[str] | None = None,
    weights: tuple[str, str, str] | None = None,
    folded: tuple[str, str, str] | None = None,
    layers: int = 1,
    bidirectional: bool = False,
    backward: bool = False,
    cuts: Collection[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """One step beside the next, each with its input below and its output above.

    Args:
        inputs: a name for the input of each step; "" where a step has none.
        outputs: the same for the outputs; as many.
        states: names written into the rings of the first layer, as many; none are written by
            default.
        weights: names of those from the input, from the state before, and to the output, in this
            order; they stand at their arrows, the same at every step.
        folded: names of input, state and output of the folded network, which is then drawn at the
            left, one ring with a loop.
        layers: how many states stand above one another at each step.
        bidirectional: a second state above the first, which is carried from the last step to the
            first; both read the input, and the output reads both.
        backward: True draws the gradient, from each output down and back along time.
        cuts: behind which steps, counted from 1, no gradient goes back; a bar marks the place.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: there is no step, or more steps or layers than there is room for; names are not
            as many as the steps; there are two directions and several layers; a cut is not between
            two steps.
    """
    steps = len(inputs)
    _check(steps, {"outputs": outputs, "states": states}, folded is not None)
    if not 1 <= layers <= LAYERS:
        raise ValueError(f"layers must be from 1 to {LAYERS}, not {layers}")
    if bidirectional and layers > 1:
        raise ValueError(f"layers must be 1 where there are two directions, not {layers}")
    for cut in cuts:
        if not 1 <= cut < steps:
            raise ValueError(f"cuts must lie behind the steps 1 to {steps - 1}, not {cut}")

    rows = 2 if bidirectional else layers
    top = rows * RISE + RISE  # where outputs stand
    left = FOLDED if folded else 0.0
    pitch = min(PITCH, (WIDTH - left - 0.1) / steps)
    wide = left + steps * pitch + 0.1
    ax = canvas(ax, (0.0, wide), (-0.35, top + 0.3))
    shift = (ax.get_xlim()[1] - wide) / 2
    if folded:
        _draw_folded(ax, shift + 0.5, folded, weights)
        draw_text(ax, shift + left - 0.3, RISE, "=", 20.0)
    xs = [shift + left + 0.05 + (t + 0.5) * pitch for t in range(steps)]
    for t, x in enumerate(xs):
        _draw_step(ax, x, inputs[t], outputs[t], rows, bidirectional, weights, backward)
        if states is not None:
            draw_text(ax, x, RISE, states[t], NAME)
        if t + 1 < steps:
            for row in range(1, rows + 1):
                turned = bidirectional and row == 2
                cut = t + 1 in cuts
                _carry(ax, (x, xs[t + 1]), row * RISE, turned, weights, backward and not cut)
            if t + 1 in cuts:
                middle, ends = (x + xs[t + 1]) / 2, [0.45, rows * RISE + 0.45]
                ax.plot([middle] * 2, ends, color=BACK, linestyle=(0, (2, 1.5)), linewidth=1.6)
    return ax


def _check(steps: int, names: dict[str, Sequence[str] | None], folded: bool) -> None:
    most = BESIDE if folded else STEPS
    if not 1 <= steps <= most:
        raise ValueError(f"inputs must be from 1 to {most}, one a step, not {steps}")
    for name, given in names.items():
        if given is not None and len(given) != steps:
            raise ValueError(f"{name} must be {steps}, as many as the inputs, not {len(given)}")


def _draw_folded(
    ax: Axes, x: float, names: tuple[str, str, str], weights: tuple[str, str, str] | None
) -> None:
    """One step whose state comes back to it."""
    below, state, above = names
    _draw_step(ax, x, below, above, 1, False, weights, False)
    draw_text(ax, x, RISE, state, NAME)
    start, end = (
        (x + RADIUS * 0.75, RISE + RADIUS * 0.75),
        (x + RADIUS * 0.75, RISE - RADIUS * 0.75),
    )
    _arrow(ax, start, end, bend=-1.7)
    if weights:
        draw_text(ax, x + 0.66, RISE + 0.24, weights[1], SMALL, WEIGHT)


def _draw_step(
    ax: Axes,
    x: float,
    below: str,
    above: str,
    rows: int,
    bidirectional: bool,
    weights: tuple[str, str, str] | None,
    backward: bool,
) -> None:
    """An input, the states above it, and the output."""
    top = (rows + 1) * RISE
    for row in range(1, rows + 1):
        draw_ring(ax, x, row * RISE, RADIUS)
    if below:
        draw_dot(ax, x, 0.08)
        draw_text(ax, x, -0.17, below, NAME)
        _arrow(ax, (x, 0.18), (x, RISE - RADIUS))
        if bidirectional:  # past the first ring
            _arrow(ax, (x + 0.06, 0.16), (x + RADIUS * 0.6, 2 * RISE - RADIUS * 0.85), bend=0.28)
        if weights:
            draw_text(ax, x - 0.17, 0.45, weights[0], SMALL, WEIGHT)
    if not bidirectional:
        for row in range(1, rows):
            _arrow(ax, (x, row * RISE + RADIUS), (x, (row + 1) * RISE - RADIUS))
    if above:
        draw_text(ax, x, top + 0.1, above, NAME)
        _arrow(ax, (x, rows * RISE + RADIUS), (x, top - 0.08))
        if bidirectional:
            _arrow(ax, (x - RADIUS * 0.6, RISE + RADIUS * 0.85), (x - 0.12, top - 0.09), bend=-0.28)
        if weights:
            draw_text(ax, x - 0.17, rows * RISE + 0.5, weights[2], SMALL, WEIGHT)
        if backward:
            beside = x + 0.11
            _arrow(ax, (beside, top - 0.1), (beside, rows * RISE + RADIUS), color=BACK)
    if backward:
        for row in range(1, rows):
            ends = (x + 0.11, (row + 1) * RISE - RADIUS), (x + 0.11, row * RISE + RADIUS)
            _arrow(ax, *ends, color=BACK)


def _carry(
    ax: Axes,
    xs: tuple[float, float],
    y: float,
    turned: bool,
    weights: tuple[str, str, str] | None,
    backward: bool,
) -> None:
    """The state of one step goes to the next, and the gradient comes back below it."""
    here, there = xs[0] + RADIUS, xs[1] - RADIUS
    lift = 0.06 if backward else 0.0
    start, end = ((there, y), (here, y)) if turned else ((here, y), (there, y))
    _arrow(ax, (start[0], y + lift), (end[0], y + lift))
    if weights:
        draw_text(ax, (here + there) / 2, y + lift + 0.17, weights[1], SMALL, WEIGHT)
    if backward:
        _arrow(ax, (end[0], y - lift), (start[0], y - lift), color=BACK)


def _arrow(ax: Axes, start: Point, end: Point, *, bend: float = 0.0, color: str = INK) -> None:
    back = color == BACK  # never by the colour alone
    draw_arrow(ax, start, end, head=0.4, width=1.5, bend=bend, color=color, dashed=back)
