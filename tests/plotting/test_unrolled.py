"""Every step has its input, its states and its output; what goes back stops at a cut."""

from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Circle, FancyArrowPatch

from linebyline.plotting.unrolled import BACK, WEIGHT, unrolled


def circles(ax):
    """How many rings and dots."""
    rounds = [patch.radius for patch in ax.patches if isinstance(patch, Circle)]
    return sum(r > 0.2 for r in rounds), sum(r < 0.2 for r in rounds)


def arrows(ax, back=False):
    every = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    return [a for a in every if same_color(a.get_edgecolor(), BACK) == back]


def ends(arrow):
    """Where it begins and ends, in the units of the axes."""
    return arrow._posA_posB


def names(ax, color=None):
    return [t.get_text() for t in ax.texts if color is None or same_color(t.get_color(), color)]


def test_a_step_has_what_it_is_given():
    ax = unrolled(["a", "b", ""], ["", "y", "z"], states=["1", "2", "3"])
    assert circles(ax) == (3, 2)
    assert len(arrows(ax)) == 2 + 2 + 2  # from inputs, to outputs, along time
    assert sorted(names(ax)) == ["1", "2", "3", "a", "b", "y", "z"]
    assert arrows(ax, back=True) == []


def test_each_name_stands_at_its_step():
    ax = unrolled(["a", "b"], ["y", "z"], states=["1", "2"])
    rings = [patch for patch in ax.patches if isinstance(patch, Circle) and patch.radius > 0.2]
    at = {t.get_text(): t.get_position() for t in ax.texts}
    for ring, below, inside, above in zip(rings, "ab", "12", "yz", strict=True):
        assert at[inside] == ring.center
        assert at[below][0] == at[above][0] == ring.center[0]
        assert at[below][1] < ring.center[1] < at[above][1]


def test_the_same_weights_at_every_step_and_in_the_loop():
    ax = unrolled(["x"] * 3, ["y"] * 3, weights=("W", "U", "V"), folded=("i", "s", "o"))
    assert sorted(names(ax, WEIGHT)) == sorted("WWWW" + "UUU" + "VVVV")
    assert circles(ax) == (4, 4)
    assert {"i", "s", "o", "="} <= set(names(ax))
    assert len(arrows(ax)) == 4 + 4 + 2 + 1


def test_layers_stand_above_one_another_and_directions_oppose():
    stacked = unrolled(["x"] * 3, ["y"] * 3, layers=2)
    assert circles(stacked) == (6, 3)
    assert len(arrows(stacked)) == 3 + 3 + 3 + 4
    both = unrolled(["x"] * 3, ["y"] * 3, bidirectional=True)
    assert circles(both) == (6, 3)
    assert len(arrows(both)) == 6 + 6 + 4
    level = [ends(a) for a in arrows(both) if abs(ends(a)[0][1] - ends(a)[1][1]) < 1e-6]
    assert sorted((b[0] > a[0]) for a, b in level) == [False, False, True, True]
    assert all((b[0] > a[0]) == (a[1] < 1.5) for a, b in level)  # the upper one from the back


def test_the_gradient_goes_back_and_stops_at_a_cut():
    whole = unrolled(["x"] * 4, ["", "", "", "y"], backward=True)
    assert len(arrows(whole, back=True)) == 1 + 3
    assert all(b[0] <= a[0] for a, b in map(ends, arrows(whole, back=True)))
    assert not whole.lines
    cut = unrolled(["x"] * 4, ["y"] * 4, backward=True, cuts=[2])
    assert len(arrows(cut, back=True)) == 4 + 2
    assert len(arrows(cut)) == len(arrows(unrolled(["x"] * 4, ["y"] * 4)))  # forward all go on
    (bar,) = cut.lines
    rings = sorted(p.center[0] for p in cut.patches if isinstance(p, Circle) and p.radius > 0.2)
    assert rings[1] < bar.get_xdata()[0] < rings[2]


def test_no_text_lies_on_another(overlapping):
    steps = [f"$x_{t}$" for t in range(1, 5)]
    names = {"weights": ("W", "U", "V"), "folded": ("$x_t$", "$h_t$", "$y_t$")}
    ax = unrolled(steps, steps, states=steps, **names)
    assert not overlapping(list(ax.texts))
    low, high = ax.get_xlim()
    assert low == 0.0
    assert high <= 7.0


@pytest.mark.parametrize(("steps", "options"), [(9, {}), (6, {"folded": ("x", "h", "y")})])
def test_as_many_as_have_room_stay_on_the_page_and_apart(steps, options):
    ax = unrolled(["x"] * steps, ["y"] * steps, **options)
    rings = [p for p in ax.patches if isinstance(p, Circle) and p.radius > 0.2]
    xs = sorted(ring.center[0] for ring in rings)
    assert xs[0] > rings[0].radius
    assert xs[-1] + rings[0].radius < ax.get_xlim()[1]
    assert min(b - a for a, b in pairwise(xs)) > 2 * rings[0].radius + 0.1


def test_draws_where_it_is_told():
    _, (left, right) = plt.subplots(1, 2)
    assert unrolled(["x"], ["y"], ax=right) is right
    assert not left.patches


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([], []), {}, "inputs must be from 1 to 9, one a step, not 0"),
        ((["x"] * 10, [""] * 10), {}, "inputs must be from 1 to 9, one a step, not 10"),
        ((["x"] * 7, [""] * 7), {"folded": ("x", "h", "y")}, "inputs must be from 1 to 6"),
        ((["x"], ["y", "z"]), {}, "outputs must be 1, as many as the inputs, not 2"),
        ((["x"], ["y"]), {"states": []}, "states must be 1, as many as the inputs, not 0"),
        ((["x"], ["y"]), {"layers": 4}, "layers must be from 1 to 3, not 4"),
        ((["x"], ["y"]), {"layers": 2, "bidirectional": True}, "layers must be 1 where there are"),
        ((["x"] * 3, ["y"] * 3), {"cuts": [3]}, "cuts must lie behind the steps 1 to 2, not 3"),
    ],
)
def test_refuses(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        unrolled(*arguments, **options)
