import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import same_color
from matplotlib.text import Text
from scipy.optimize import minimize

from linebyline.plotting.labels import label_ends, last_point, spread


@given(
    st.lists(st.floats(-50, 150), min_size=1, max_size=9),
    st.floats(0.5, 9),
)
def test_spread_keeps_the_gap_the_order_and_the_limits(positions, gap):
    new = np.array(spread(positions, gap, 0, 100))
    order = np.argsort(positions, kind="stable")
    assert (np.diff(new[order]) >= gap - 1e-6).all()
    assert new.min() >= -1e-6
    assert new.max() <= 100 + 1e-6


def test_spread_moves_as_little_as_a_general_solver_finds():
    generator = np.random.default_rng(0)
    for _ in range(10):
        positions = np.sort(generator.uniform(0, 40, size=6))
        gaps = [{"type": "ineq", "fun": lambda y, i=i: y[i + 1] - y[i] - 6} for i in range(5)]
        best = minimize(
            lambda y, p=positions: ((y - p) ** 2).sum(),
            positions,
            bounds=[(0, 40)] * 6,
            constraints=gaps,
        )
        found = np.array(spread(positions.tolist(), 6, 0, 40))
        np.testing.assert_allclose(found, best.x, atol=1e-3)


def test_spread_leaves_alone_what_has_room():
    assert spread([5.0, 90, 40], 10, 0, 100) == [5, 90, 40]


def test_too_many_overflow_both_ends_alike():
    assert spread([1.0, 2, 3], 10, 0, 10) == pytest.approx([-5, 5, 15])


def words(label):
    """The box of the name alone, without its leader."""
    return Text.get_window_extent(label)


def crowded(**size):
    ax = plt.subplots(**size)[1]
    names = [f"series {i}" for i in range(6)]
    lines = [ax.plot([0, 1], [i, 1 + 0.01 * (5 - i)])[0] for i in range(6)]
    return ax, lines, label_ends(ax, lines, names)


def test_names_stand_beside_the_axes_in_the_order_of_the_ends_and_their_colours(overlapping):
    ax, lines, labels = crowded()
    assert overlapping(labels) == []
    boxes = [words(label) for label in labels]
    assert all(box.x0 > ax.bbox.x1 - 1 for box in boxes)
    assert all(box.x1 <= ax.figure.bbox.x1 for box in boxes)  # the layout made room for them
    heights = [box.y0 for box in boxes]
    assert heights == sorted(heights, reverse=True)  # the lines end in this order
    for label, line in zip(labels, lines, strict=True):
        assert same_color(label.get_color(), line.get_color())
        assert label.xy == pytest.approx(last_point(line))  # where its leader begins


def test_names_with_room_stand_at_the_height_of_their_ends():
    ax = plt.subplots()[1]
    lines = [ax.plot([0, 1], [0, end])[0] for end in (1, 5, 9)]
    labels = label_ends(ax, lines, ["a", "b", "c"])
    ax.figure.draw_without_rendering()
    for label, end in zip(labels, (1, 5, 9), strict=True):
        box = words(label)
        height = ax.transData.transform((1, end))[1]
        assert abs((box.y0 + box.y1) / 2 - height) < 4


def test_names_follow_when_the_axes_change_afterwards(overlapping):
    ax, _, labels = crowded()
    ax.figure.draw_without_rendering()
    ax.set_yscale("log")
    ax.set_ylim(0.5, 2)
    ax.figure.set_size_inches(5, 6)
    assert overlapping(labels) == []
    assert all(ax.bbox.y0 < words(label).y0 < ax.bbox.y1 for label in labels)


def test_a_line_that_leaves_the_axes_is_named_where_it_leaves():
    ax = plt.subplots()[1]
    (line,) = ax.plot([0, 1], [0, 100])
    ax.set_ylim(0, 1)
    (label,) = label_ends(ax, [line], ["up"])
    ax.figure.draw_without_rendering()
    assert ax.bbox.y1 - 20 < words(label).y0 < ax.bbox.y1
    assert label.get_window_extent().y1 < ax.figure.bbox.y1  # nor does its leader go far off


def test_a_gap_at_the_end_is_passed_over():
    (line,) = plt.plot([0, 1, 2, 3], [5, 4, np.nan, np.inf])
    assert last_point(line) == (1, 4)


def test_refuses_names_that_are_not_one_a_line():
    ax = plt.subplots()[1]
    with pytest.raises(ValueError, match="texts has 2 names for 1 lines"):
        label_ends(ax, ax.plot([0, 1]), ["a", "b"])
