"""What the fields of a grid are worth to an agent, and where it would go."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, PALETTE

Step = tuple[int, int]
DOTS = "HC"
"""Letters of fields that end badly: a hole of the lake, the cliff."""


def grid_values(
    letters: Sequence[str],
    steps: Sequence[Step],
    table: Float[Array, "states actions"],
    *,
    deepest: float | None = None,
    decimals: int = 2,
    route: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """A grid whose fields show the value of the best action, and an arrow for that action.

    Fields are numbered row by row, as in Gymnasium's FrozenLake and CliffWalking. A goal shows its
    letter; holes and cliffs are grey. A field whose actions all look alike gets no arrow, and one
    about which nothing is known, all its values being 0, no number.

    Args:
        letters: the rows of the map: `S` start, `F` floor, `G` goal, `H` hole, `C` cliff.
        steps: for each action, how many rows down and how many columns right it leads.
        table: what each action is worth in each state.
        deepest: the magnitude that gets the deepest colour; the greatest one in `table` if None.
        decimals: how many decimals a value gets.
        route: states to frame, such as those of a way through the grid.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: rows of different lengths, a table that does not fit the map or the steps.
    """
    if not letters or len({len(row) for row in letters}) != 1 or not letters[0]:
        raise ValueError(f"letters is {list(letters)}; its rows must have one length, above 0")
    rows, columns = len(letters), len(letters[0])
    q = to_numpy(table, "table", ("states", "actions"))
    if q.shape != (rows * columns, len(steps)):
        raise ValueError(
            f"table has the shape {q.shape}; this map and these steps ask for "
            f"{(rows * columns, len(steps))}"
        )
    deepest = deepest or float(abs(q.max(1)).max()) or 1.0
    if ax is None:
        _, ax = plt.subplots()
    for state, values in enumerate(q):
        y, x = divmod(state, columns)
        letter = letters[y][x]
        _field(ax, x, y, INK if letter in DOTS else PALETTE[0], _depth(letter, values, deepest))
        if state in route:
            frame = Rectangle((x - 0.43, y - 0.43), 0.86, 0.86, facecolor="none")
            frame.set(edgecolor=PALETTE[1], linewidth=2.4)
            ax.add_patch(frame)
        if letter == "G":
            ax.text(x, y, "goal", ha="center", va="center", size=11)
        if letter in "GHC":
            continue
        if values.any():
            text = f"{values.max():.{decimals}f}".replace("-", "−")
            ax.text(x, y - 0.24, text, ha="center", va="center", size=10)
        if (best := values > values.max() - 1e-9).sum() == 1:  # a tie has no arrow
            down, right = steps[int(best.argmax())]
            _arrow(ax, x, y + 0.2, right, down)
    ax.set(xlim=(-0.52, columns - 0.48), ylim=(rows - 0.48, -0.52), aspect="equal")
    ax.axis("off")
    return ax


def _depth(letter: str, values: Array, deepest: float) -> float:
    """How opaque a field is."""
    if letter in DOTS:
        return 0.7
    return 0.0 if letter == "G" else min(0.3, 0.3 * abs(float(values.max())) / deepest)


def _field(ax: Axes, x: float, y: float, color: str, alpha: float) -> None:
    """A square, shaded and framed."""
    corner = (x - 0.5, y - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, facecolor=color, alpha=alpha, linewidth=0))
    ax.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor=INK, linewidth=0.8))


def _arrow(ax: Axes, x: float, y: float, right: float, down: float) -> None:
    """A short arrow about a point."""
    length = 0.2
    tip, tail = ((x + sign * length * right, y + sign * length * down) for sign in (1, -1))
    style = {"arrowstyle": "->", "color": INK, "linewidth": 1.8, "mutation_scale": 12}
    ax.annotate("", tip, tail, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})
