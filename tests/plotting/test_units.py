import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from linebyline.plotting.style import WIDTH
from linebyline.plotting.units import (
    DOT,
    FIRST,
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


@pytest.mark.parametrize("size", [1, 2, MOST])
def test_a_small_layer_is_drawn_whole_top_to_bottom_about_zero(size):
    units = column(size, 0.5)
    assert [index for index, _ in units] == list(range(size))
    heights = [height for _, height in units]
    assert sum(heights) == pytest.approx(0)
    np.testing.assert_allclose(np.diff(heights), -0.5)


@pytest.mark.parametrize("size", [MOST + 1, 1000])
def test_of_a_large_layer_the_first_an_ellipsis_and_the_last(size):
    units = column(size, 1.0)
    assert [index for index, _ in units] == [*range(FIRST), None, size - 1]


def test_a_canvas_of_its_own_has_an_inch_a_unit():
    ax = canvas(None, (0, 1), (-1, 2))
    assert ax.figure.get_size_inches().tolist() == [WIDTH, 3]
    np.testing.assert_allclose(
        np.diff(ax.transData.transform([(0, 0), (1, 1)]), axis=0), [[ax.figure.dpi] * 2]
    )
    assert points_a_unit(ax) == pytest.approx(72)
    assert not ax.axison


def test_a_canvas_in_given_axes_keeps_circles_round():
    ax = plt.subplots(1, 2)[1][0]
    assert canvas(ax, (1, 5), (-1, 2)) is ax
    ax.figure.draw_without_rendering()
    (across, down) = np.diff(ax.transData.transform([(0, 0), (1, 1)]), axis=0)[0]
    assert across == pytest.approx(down) == pytest.approx(points_a_unit(ax) / 72 * ax.figure.dpi)
    assert ax.get_xlim() == (1, 5)


def test_rings_are_hollow_and_dots_are_full():
    ax = canvas(None, (0, 7), (-1, 1))
    draw_ring(ax, 1, 0)
    draw_dot(ax, 2, 0)
    draw_ellipsis(ax, 3, 0)
    ring, dot, *ellipsis = ax.patches
    assert all(isinstance(patch, Circle) for patch in ax.patches)
    assert (ring.center, ring.radius) == ((1, 0), RING)
    assert ring.get_facecolor()[3] < 0.2 < ring.get_edgecolor()[3]
    assert (dot.center, dot.radius) == ((2, 0), DOT)
    assert dot.get_facecolor()[3] == 1
    assert [patch.center[0] for patch in ellipsis] == [3, 3, 3]
    assert len({patch.center[1] for patch in ellipsis}) == 3


def test_the_step_goes_flat_up_flat_within_its_box():
    ax = canvas(None, (0, 7), (-1, 1))
    draw_step(ax, 3, 0, 0.36)
    (box,), (line,) = ax.patches, ax.lines
    assert isinstance(box, FancyBboxPatch)
    x, y = line.get_data()
    assert x[0] < x[1] == x[2] == 3 < x[3]
    assert y[0] == y[1] < 0 < y[2] == y[3]
    assert max(np.abs(np.array([x[0] - 3, x[3] - 3, *y]))) < 0.36
    extents = box.get_path().get_extents()
    np.testing.assert_allclose(extents.get_points(), [[2.64, -0.36], [3.36, 0.36]], atol=1e-6)


def test_an_arrow_ends_where_it_is_told():
    ax = canvas(None, (0, 7), (-1, 1))
    draw_arrow(ax, (1, 0), (2, 0))
    (arrow,) = ax.patches
    assert isinstance(arrow, FancyArrowPatch)
    tip = ax.transData.transform((2, 0))
    reach = arrow.get_window_extent()
    assert reach.x1 == pytest.approx(tip[0], abs=3)
    assert reach.x0 == pytest.approx(ax.transData.transform((1, 0))[0], abs=3)
