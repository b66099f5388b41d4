"""A cart that balances a pole: a strip of stills, and a few seconds that a reader may play."""

import html
import math

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import INK, PALETTE

TRACK = 2.4
"""Where an episode ends, in metres to either side."""


def cart_pole_strip(
    states: Float[Array, "steps 4"], at: list[int], *, ax: Axes | None = None
) -> Axes:
    """Some moments of an episode side by side: the cart at its place, the pole at its angle.

    Args:
        states: for each step the cart's position in metres, its speed, the pole's angle from
            upright in radians, positive to the right, and its speed, as CartPole gives them.
        at: the steps to draw.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: there is no such step, or `states` has another shape.
    """
    rows = _states(states)
    if not at or not all(0 <= step < len(rows) for step in at):
        raise ValueError(f"at must name steps from 0 to {len(rows) - 1}, not {at}")
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 1.5))
    for place, step in enumerate(at):
        x, angle, middle = float(rows[step, 0]), float(rows[step, 2]), 3.2 * place
        left = middle + x / TRACK - 0.3
        ax.plot([middle - 1.4, middle + 1.4], [0, 0], color=INK, lw=1, ls="-")
        ax.add_patch(Rectangle((left, 0), 0.6, 0.3, color=PALETTE[0]))
        foot = (left + 0.3, 0.3)
        tip = (foot[0] + 1.3 * math.sin(angle), foot[1] + 1.3 * math.cos(angle))
        ax.plot(
            *zip(foot, tip, strict=True), color=PALETTE[1], lw=4, ls="-", solid_capstyle="round"
        )
        ax.text(middle, -0.2, f"step {step}", ha="center", va="top", color=INK)
    ax.set(aspect="equal", xlim=(-1.6, 3.2 * (len(at) - 1) + 1.6), ylim=(-0.8, 1.8))
    ax.axis("off")
    return ax


def cart_pole_film(
    states: Float[Array, "steps 4"], *, seconds: float, label: str, every: int = 2
) -> str:
    """HTML of a drawing that moves once when it is unfolded, and stands still otherwise.

    It needs no script. The animation is CSS inside a ``<details>``: opening it starts the film,
    closing it ends it, and for readers who ask their system for less motion it stays a still.

    Args:
        states: as for :func:`cart_pole_strip`.
        seconds: how long the film lasts; above 0, and at most 5, as what moves for longer needs a
            button that pauses it (WCAG 2.2, section 2.2.2).
        label: says what is seen, for those who do not see it.
        every: only each so-many-th step is a key frame; between them the motion is even.

    Raises:
        ValueError: there are fewer than two steps, or an argument is out of range.
    """
    rows = _states(states)
    if len(rows) < 2:
        raise ValueError(f"states must have two steps or more, not {len(rows)}")
    if not 0 < seconds <= 5:
        raise ValueError(f"seconds must be above 0 and at most 5, not {seconds}")
    if every < 1:
        raise ValueError(f"every must be at least 1, not {every}")
    if not label.strip():
        raise ValueError("label must say what is seen, not be empty")
    last = len(rows) - 1
    frames = [*range(0, last, every), last]
    shift = [
        f"{100 * t / last:.2f}%{{transform:translateX({50 * rows[t, 0]:.1f}px)}}" for t in frames
    ]
    turn = [
        f"{100 * t / last:.2f}%{{transform:rotate({math.degrees(rows[t, 2]):.1f}deg)}}"
        for t in frames
    ]
    play = f"{seconds:g}s linear 1 both"
    style = (
        f"@keyframes film-shift{{{''.join(shift)}}}@keyframes film-turn{{{''.join(turn)}}}"
        f".film .pole{{transform-origin:0 0}}"
        f".film .cart{{transform:translateX({50 * rows[0, 0]:.1f}px)}}"
        f"@media (prefers-reduced-motion:no-preference){{"
        f".film[open] .cart{{animation:film-shift {play}}}"
        f".film[open] .pole{{animation:film-turn {play}}}}}"
    )
    drawing = (
        f'<svg viewBox="-150 -70 300 90" width="100%" role="img" aria-label="{html.escape(label)}">'
        f'<path d="M-120 12H120" stroke="{INK}"/><g class="cart">'
        f'<rect x="-20" y="-8" width="40" height="20" rx="3" fill="{PALETTE[0]}"/><g class="pole">'
        f'<path d="M0 -8V-58" stroke="{PALETTE[1]}" stroke-width="6" stroke-linecap="round"/>'
        f"</g></g></svg>"
    )
    return (
        f'<style>{style}</style><details class="film"><summary>Play {seconds:g} seconds</summary>'
        f"{drawing}</details>"
    )


def _states(states: Float[Array, "steps 4"]) -> Float[Array, "steps 4"]:
    rows = to_numpy(states, "states", ("steps", "numbers"))
    if rows.shape[1] != 4:
        raise ValueError(f"states must have four numbers for each step, not {rows.shape[1]}")
    return rows
