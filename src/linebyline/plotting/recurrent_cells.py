"""The inside of a recurrent cell: what flows in, what the gates do to it, what flows out.

A circle is an operation on each number, a filled box a layer of weights with what bends its sum, a
box without a filling what bends alone; a line carries a vector. Time goes from left to right. One
unit of the axes is one inch.
"""

from matplotlib.axes import Axes

from linebyline.plotting.style import INK, PALETTE, WIDTH
from linebyline.plotting.units import canvas, draw_arrow, draw_box, draw_dot, draw_ring

OPERATION = 0.2
"""Radius of a circle with × or + in it."""

CONVEYOR = 4.0
"""Width in points of the line along which the memory goes."""


def lstm_cell(*, ax: Axes | None = None) -> Axes:
    """The LSTM's step of `linebyline.sequence.lstm`, with the cell as a straight line at the top.

    Source: Hochreiter & Schmidhuber 1997 and Gers, Schmidhuber & Cummins 2000; the arrangement, a
    line that runs through and gates that hang below it, is that of many a later drawing.

    Args:
        ax: where to draw; a new figure if None.
    """
    ax = canvas(ax, (0, WIDTH), (-0.42, 3.5))
    top, bottom, layers, middle = 3.0, 0.35, 1.05, 1.85
    x_f, x_i, x_g, x_o = 1.45, 2.55, 3.5, 4.6
    x_tanh = 5.35

    # The conveyor: from c_{t-1} to c_t, with one product and one sum on it.
    draw_conveyor(ax, top, (0.55, WIDTH - 0.6), (x_f, x_g))
    write(ax, 0.28, top, "$c_{t-1}$")
    write(ax, WIDTH - 0.27, top, "$c_t$")
    draw_operation(ax, x_f, top, "×")
    draw_operation(ax, x_g, top, "+")

    # What the gates see: h_{t-1} and x_t, on one line along the bottom.
    draw_line(ax, (0.6, bottom), (x_o, bottom))
    write(ax, 0.28, bottom, "$h_{t-1}$")
    draw_line(ax, (0.95, -0.1), (0.95, bottom))
    write(ax, 0.95, -0.27, "$x_t$")
    for x, bend, gate in (
        (x_f, "σ", "$f_t$"),
        (x_i, "σ", "$i_t$"),
        (x_g, "tanh", "$g_t$"),
        (x_o, "σ", "$o_t$"),
    ):
        draw_arrow(ax, (x, bottom), (x, layers - 0.18))
        draw_layer(ax, x, layers, bend)
        write(ax, x + 0.2, layers + 0.42, gate)

    # Forget gate onto the line; input gate times candidate, and that onto the line.
    draw_arrow(ax, (x_f, layers + 0.18), (x_f, top - OPERATION))
    draw_operation(ax, x_g, middle, "×")
    draw_line(ax, (x_i, layers + 0.18), (x_i, middle))
    draw_arrow(ax, (x_i, middle), (x_g - OPERATION, middle))
    draw_arrow(ax, (x_g, layers + 0.18), (x_g, middle - OPERATION))
    draw_arrow(ax, (x_g, middle + OPERATION), (x_g, top - OPERATION))

    # What is shown: tanh of the cell, times the output gate.
    draw_arrow(ax, (x_tanh, top), (x_tanh, 2.53))
    draw_layer(ax, x_tanh, 2.35, "tanh", weights=False)
    draw_operation(ax, x_tanh, middle - 0.2, "×")
    draw_arrow(ax, (x_tanh, 2.17), (x_tanh, middle - 0.2 + OPERATION))
    draw_line(ax, (x_o, layers + 0.18), (x_o, middle - 0.2))
    draw_arrow(ax, (x_o, middle - 0.2), (x_tanh - OPERATION, middle - 0.2))
    draw_line(ax, (x_tanh, middle - 0.2 - OPERATION), (x_tanh, bottom))
    draw_arrow(ax, (x_tanh, bottom), (WIDTH - 0.55, bottom))
    write(ax, WIDTH - 0.27, bottom, "$h_t$")

    write(ax, x_f, top + 0.34, "forget", size=12)
    write(ax, x_g, top + 0.34, "add", size=12)
    write(ax, x_tanh, top + 0.34, "show", size=12)
    return ax


def gru_cell(*, ax: Axes | None = None) -> Axes:
    """The GRU's step of `linebyline.sequence.gru`, with the one state as a line at the top.

    Source: Cho et al. 2014, and drawn in their order: the reset gate's product stands before the
    candidate's weights, where torch has it behind them. A dot is where a line branches.

    Args:
        ax: where to draw; a new figure if None.
    """
    ax = canvas(ax, (0, WIDTH), (-0.42, 3.5))
    top, layers, middle, read, seen = 3.0, 1.05, 2.15, 0.35, -0.08
    x_tap, x_r, x_z, x_reset, x_rest, x_new = 0.8, 1.55, 2.75, 3.75, 3.75, 4.9

    # The conveyor is the whole state, which is also what is shown and what the gates see.
    draw_conveyor(ax, top, (0.62, WIDTH - 0.6), (x_z, x_new))
    write(ax, 0.3, top, "$h_{t-1}$")
    write(ax, WIDTH - 0.27, top, "$h_t$")
    draw_operation(ax, x_z, top, "×")
    draw_operation(ax, x_new, top, "+")

    # What the layers read: h on the upper line, whole or through the reset gate; x on the lower.
    draw_dot(ax, x_tap, top, 0.06)
    draw_line(ax, (x_tap, top), (x_tap, read))
    draw_line(ax, (x_tap, read), (x_reset - OPERATION, read))
    draw_line(ax, (x_reset + OPERATION, read), (x_new + 0.14, read))
    draw_operation(ax, x_reset, read, "×")
    draw_line(ax, (0.55, seen), (x_new - 0.14, seen))
    write(ax, 0.3, seen, "$x_t$")
    columns = (x_r, "σ", "$r_t$"), (x_z, "σ", "$z_t$"), (x_new, "tanh", "$\\tilde{h}_t$")
    for x, bend, name in columns:
        draw_arrow(ax, (x - 0.14, seen), (x - 0.14, layers - 0.18))
        draw_arrow(ax, (x + 0.14, read), (x + 0.14, layers - 0.18))
        if x != x_new:
            draw_dot(ax, x - 0.14, seen, 0.05)
            draw_dot(ax, x + 0.14, read, 0.05)
        draw_layer(ax, x, layers, bend)
        write(ax, x + 0.25, layers + 0.37, name)

    # The reset gate, on what the candidate reads.
    draw_line(ax, (x_r, layers + 0.18), (x_r, layers + 0.62))
    draw_line(ax, (x_r, layers + 0.62), (x_reset, layers + 0.62))
    draw_arrow(ax, (x_reset, layers + 0.62), (x_reset, read + OPERATION))

    # One gate, two shares: z of what there was, the rest of what is new.
    draw_arrow(ax, (x_z, layers + 0.18), (x_z, top - OPERATION))
    draw_dot(ax, x_z, middle, 0.05)
    draw_line(ax, (x_z, middle), (x_rest - 0.31, middle))
    draw_layer(ax, x_rest, middle, "1 −", weights=False)
    draw_arrow(ax, (x_rest + 0.31, middle), (x_new - OPERATION, middle))
    draw_operation(ax, x_new, middle, "×")
    draw_arrow(ax, (x_new, layers + 0.18), (x_new, middle - OPERATION))
    draw_arrow(ax, (x_new, middle + OPERATION), (x_new, top - OPERATION))

    write(ax, x_z, top + 0.34, "keep", size=12)
    write(ax, x_new, top + 0.34, "write", size=12)
    write(ax, x_reset + 0.62, read - 0.2, "look", size=12)
    return ax


def draw_conveyor(
    ax: Axes, y: float, across: tuple[float, float], operations: tuple[float, ...]
) -> None:
    """The line of the memory, from left to right, broken where an operation stands on it."""
    start, end = across
    begins = [start, *(x + OPERATION for x in operations)]
    ends = [*(x - OPERATION for x in operations), end - 0.14]
    for x, x_to in zip(begins, ends, strict=True):
        ax.plot([x, x_to], [y, y], color=PALETTE[0], linestyle="-", linewidth=CONVEYOR, zorder=1)
        ax.lines[-1].set_solid_capstyle("butt")
    draw_arrow(ax, (end - 0.2, y), (end, y))
    head = ax.patches[-1]
    head.set(color=PALETTE[0], linewidth=CONVEYOR)


def draw_line(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A vector on its way, without an arrow's head."""
    (x, y), (x_to, y_to) = start, end
    ax.plot([x, x_to], [y, y_to], color=INK, linestyle="-", linewidth=1.6, zorder=1)


def draw_operation(ax: Axes, x: float, y: float, sign: str) -> None:
    """A product or a sum, number by number."""
    draw_ring(ax, x, y, OPERATION)
    write(ax, x, y, sign, size=15)


def draw_layer(ax: Axes, x: float, y: float, bend: str, *, weights: bool = True) -> None:
    """A layer of weights and what bends its sum; without weights, what bends alone, unfilled."""
    draw_box(ax, (x, y), (0.62, 0.36), rounding=0.08 if weights else 0.18, filled=weights)
    write(ax, x, y, bend, size=13)


def write(ax: Axes, x: float, y: float, text: str, *, size: float = 15) -> None:
    """A word or a symbol, centred."""
    ax.text(x, y, text, ha="center", va="center", fontsize=size, zorder=4)
