import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color

from linebyline.plotting.edges import (
    NEGATIVE,
    POSITIVE,
    THICKEST,
    Edge,
    draw_edges,
    edge_between,
    format_weight,
    place,
    text_width,
)
from linebyline.plotting.units import canvas


def test_an_edge_goes_from_rim_to_rim():
    edge = edge_between((0, 0), (3, 4), (1, 2), 0.5)
    np.testing.assert_allclose(edge.start, [0.6, 0.8])
    np.testing.assert_allclose(edge.end, [3 - 1.2, 4 - 1.6])
    np.testing.assert_allclose(edge.at(0.5), [1.2, 1.6])


@pytest.mark.parametrize(
    ("weight", "text"),
    [(1, "1"), (1.25, "1.25"), (-0.518, "−0.52"), (0, "0"), (0.0034, "0.003"), (-2e-5, "−2e−05"),
     (14.2, "14.2"), (100, "100"), (0.996, "1")],
)  # fmt: skip
def test_weights_are_written_short(weight, text):
    assert format_weight(weight) == text


def test_sign_is_colour_and_dashes_and_magnitude_is_width():
    ax = canvas(None, (0, 7), (-1, 1))
    ends = [Edge(np.array([1.0, y]), np.array([3.0, y]), w) for y, w in ((0, 2), (0.5, -1), (1, 0))]
    draw_edges(ax, [*ends, Edge(np.zeros(2), np.ones(2))], 2.0, written=False)
    positive, negative, zero, unknown = ax.lines
    assert same_color(positive.get_color(), POSITIVE)
    assert same_color(negative.get_color(), NEGATIVE)
    assert len({str(line._unscaled_dash_pattern) for line in (positive, negative, zero)}) == 3
    assert positive.get_linewidth() == THICKEST > negative.get_linewidth() > zero.get_linewidth()
    assert positive._unscaled_dash_pattern == unknown._unscaled_dash_pattern
    assert len(ax.texts) == 0


def test_a_written_weight_stands_in_a_gap_of_its_line():
    ax = canvas(None, (0, 7), (-1, 1))
    draw_edges(ax, [Edge(np.array([1.0, -0.5]), np.array([6.0, 0.5]), -0.5)], 1.0, written=True)
    (text,) = ax.texts
    box = text.get_window_extent().transformed(ax.transData.inverted())
    assert text.get_text() == "−0.5"
    before, after = (line.get_xydata() for line in ax.lines)
    np.testing.assert_allclose(before[0], [1, -0.5])
    np.testing.assert_allclose(after[1], [6, 0.5])
    assert before[1, 0] < box.x0 + 0.05 < box.x1 - 0.05 < after[0, 0]
    middle = (before[1] + after[0]) / 2
    np.testing.assert_allclose(middle, text.get_position(), atol=1e-9)


def test_weights_find_places_apart_where_lines_cross():
    corners = [((0, 0), (4, 1)), ((0, 1), (4, 0)), ((0, 0), (4, 0)), ((0, 1), (4, 1))]
    edges = [edge_between(a, b, (0, 0), 1.0) for a, b in corners]
    box = np.array([0.3, 0.1])
    chosen = [edge.at(part) for edge, part in zip(edges, place(edges, [box] * 4), strict=True)]
    for i, one in enumerate(chosen):
        for other in chosen[:i]:
            assert (np.abs(one - other) >= 2 * box).any()
    assert all(abs(point[0] - 2) > 0.4 for point in chosen[:2])  # not where the lines cross


def test_text_width_is_what_is_drawn():
    text = plt.figure(dpi=72).text(0, 0, "0.25 km", fontsize=20)
    assert text_width("0.25 km", 20) == pytest.approx(text.get_window_extent().width, rel=0.05)
