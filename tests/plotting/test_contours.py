import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import same_color
from matplotlib.contour import QuadContourSet

from linebyline.plotting.contours import DEEPEST, DOTS_UP_TO, contours
from linebyline.plotting.style import INK, MARKERS, PALETTE

SQUARE = {"x": (-2, 2), "y": (-1, 3)}


def valley(points):
    return points[..., 0] ** 2 + 10 * (points[..., 1] - 1) ** 2


def drawn(ax, filled):
    (found,) = [a for a in ax.collections if isinstance(a, QuadContourSet) and a.filled == filled]
    return found


def vertices(ax):
    """(level, points) of each line that is drawn."""
    lines = drawn(ax, filled=False)
    return [(z, path.vertices) for z, path in zip(lines.levels, lines.get_paths(), strict=True)]


def test_each_line_has_its_value_all_along():
    lines = vertices(contours(valley, **SQUARE, levels=[1, 4, 9]))
    assert [level for level, _ in lines] == [1, 4, 9]
    for level, points in lines:  # not the other way round: x is across
        np.testing.assert_allclose(valley(points), level, rtol=0.02)
        assert np.ptp(points[:, 0]) > 1.5 * np.ptp(points[:, 1])


def test_so_many_lines_part_the_map_into_equal_areas():
    ax = contours(valley, **SQUARE, levels=4)
    points = np.random.default_rng(0).uniform((-2, -1), (2, 3), (20_000, 2))
    levels = drawn(ax, filled=False).levels
    shares = np.bincount(np.searchsorted(levels, valley(points))) / len(points)
    np.testing.assert_allclose(shares, 0.2, atol=0.02)
    assert len(drawn(contours(valley, **SQUARE), filled=False).levels) == 9


def test_a_plain_with_a_step_in_it_has_a_line_too():
    lines = vertices(contours(lambda p: (p[..., 0] > 1.9).double(), **SQUARE, levels=3))
    assert [level for level, _ in lines] == [0.5]


def test_the_deeper_the_more_ink():
    bands = drawn(contours(valley, **SQUARE, levels=[1, 4, 9]), filled=True)
    inks = bands.get_facecolor()
    assert all(same_color(ink[:3], INK) for ink in inks)
    np.testing.assert_allclose(inks[:, 3], [DEEPEST, DEEPEST * 2 / 3, DEEPEST / 3, 0])
    deepest, *_, highest = bands.get_paths()
    assert deepest.contains_point((0, 1))
    assert highest.contains_point((1.9, 2.9))


def test_levels_outside_the_values_are_left_out():
    assert drawn(contours(valley, **SQUARE, levels=[-1, 5, 1e9]), filled=False).levels == [5]


def test_the_function_is_asked_once_as_the_first_path_is_and_without_gradients():
    asked = []

    def function(points):
        asked.append((points.dtype, points.shape, torch.is_grad_enabled()))
        assert points[0, -1].tolist() == [2, -1]
        assert points[-1, 0].tolist() == [-2, 3]
        return valley(points)

    single = torch.zeros(3, 2)
    for paths in (
        None,
        {"a": single.double(), "b": single},
        {"a": np.zeros((3, 2))},
        {"a": single},
    ):
        contours(function, **SQUARE, paths=paths, resolution=12)
    kinds = torch.float32, torch.float64, torch.float64, torch.float32
    assert asked == [(dtype, (12, 12, 2), False) for dtype in kinds]


def test_lines_below_zero_are_drawn_like_the_others():
    ax = contours(lambda p: valley(p) - 5, **SQUARE, levels=[-3, 3])
    below, above = drawn(ax, filled=False).get_linestyles()
    assert below == above


class TestPaths:
    def test_each_is_a_line_through_its_points_that_begins_with_a_large_marker(self):
        ways = {"slow": [[1.0, 2], [0.5, 1.5], [0, 1]], "fast": torch.tensor([[-1.0, 0], [0, 1]])}
        ax = contours(valley, **SQUARE, paths=ways)
        for i, (name, way) in enumerate(ways.items()):
            line, start = ax.lines[2 * i : 2 * i + 2]
            np.testing.assert_allclose(line.get_xydata(), way)
            np.testing.assert_allclose(start.get_xydata(), way[:1])
            assert start.get_markersize() > line.get_markersize()
            assert start.get_label() == name
            for artist in (line, start):
                assert artist.get_marker() == MARKERS[i]
                assert same_color(artist.get_color(), PALETTE[i])
        assert ax.lines[0].get_linestyle() != ax.lines[2].get_linestyle()
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["slow", "fast"]

    def test_many_points_have_no_markers(self):
        for count, marker in ((DOTS_UP_TO, "o"), (DOTS_UP_TO + 1, "")):
            ax = contours(valley, **SQUARE, paths={"a": torch.zeros(count, 2)})
            assert (ax.lines[0].get_marker() or "") == marker

    def test_a_name_with_an_underscore_is_not_in_the_legend(self):
        assert contours(valley, **SQUARE).get_legend() is None
        assert contours(valley, **SQUARE, paths={"_": [[0.0, 0]]}).get_legend() is None

    def test_one_that_diverges_runs_out_of_the_picture(self, pixels):
        way = [[1.0, 1], [-3, 1], [9, 1], [1e30, 1], [-1e300, 1], [np.inf, 1], [np.nan, 1]]
        ax = contours(valley, **SQUARE, paths={"a": np.array(way)})
        np.testing.assert_array_equal(
            np.isfinite(ax.lines[0].get_xdata()), [True] * 3 + [False] * 4
        )
        assert ax.get_xlim() == (-2, 2)
        assert ax.get_ylim() == (-1, 3)
        pixels(ax.figure)  # it can be drawn


def test_a_hole_where_there_is_no_number():
    ax = contours(lambda p: p[..., 0].sqrt() + p[..., 1], **SQUARE, levels=[1])
    ((_, points),) = vertices(ax)
    assert points[:, 0].min() >= 0


def test_right_angles_look_right_unless_the_scales_differ_much():
    assert contours(valley, x=(0, 3), y=(0, 1)).get_aspect() == 1
    assert contours(valley, x=(0, 3.1), y=(0, 1)).get_aspect() == "auto"


def test_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert contours(valley, **SQUARE, ax=ax) is ax
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": (1, 1)}, r"x must be two finite numbers, the lower first, not \(1, 1\)"),
        ({"y": (0, np.inf)}, "y must be two finite numbers"),
        ({"x": (0, 1, 2)}, r"x must have shape \(2\)"),
        ({"resolution": 1}, "resolution must be at least 2, not 1"),
        ({"levels": 0}, "levels must be at least 1, not 0"),
        ({"levels": [2, 1]}, r"levels must be finite and increase, were \[2.0, 1.0\]"),
        ({"levels": [1, np.nan]}, "levels must be finite and increase"),
        ({"levels": [-1.0]}, "levels must lie between .* and 44, the function's values"),
        ({"paths": {"a": [1.0, 2.0]}}, r"paths\['a'\] must have shape \(steps, 2\)"),
        ({"paths": {"a": [[np.nan, 2.0]]}}, r"paths\['a'\] holds no finite point"),
        ({"function": lambda p: p}, r"function's result must have shape \(160, 160\)"),
        ({"function": lambda p: p[..., 0] / 0}, "function's result is nowhere finite"),
        ({"function": lambda p: 0 * p[..., 0] + 7}, "function is 7 everywhere"),
    ],
)
def test_refuses_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        contours(**{"function": valley, **SQUARE, **arguments})
