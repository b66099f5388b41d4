import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import same_color
from matplotlib.contour import QuadContourSet

from linebyline.plotting.regions import decision_line, decision_regions
from linebyline.plotting.style import INK, MARKERS, PALETTE

CORNERS = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
AND = torch.tensor([0, 0, 0, 1])
W, B = torch.tensor([1.0, 2.0]), -1.4


def score(points):
    return points @ W + B


def contours(ax, filled):
    found = [artist for artist in ax.collections if isinstance(artist, QuadContourSet)]
    return [artist for artist in found if artist.filled == filled]


def boundary(ax):
    """Points of the boundary as drawn: (points, 2)."""
    lines = contours(ax, filled=False)
    return np.concatenate([path.vertices for line in lines for path in line.get_paths()])


def region_at(ax, point):
    """The colours of the regions that cover a point."""
    return [
        tuple(area.get_facecolor()[0, :3])
        for area in contours(ax, filled=True)
        if any(path.contains_point(point) for path in area.get_paths())
    ]


def scatters(ax):
    return [artist for artist in ax.collections if not isinstance(artist, QuadContourSet)]


class TestDecisionRegions:
    @pytest.mark.parametrize(
        "predict",
        [
            score,
            lambda points: score(points) > 0,
            lambda points: (score(points) > 0).long(),
            lambda points: (score(points) > 0).float(),
            lambda points: (score(points) > 0).numpy().astype(int),
        ],
        ids=["score", "bool", "ids", "float ids", "numpy"],
    )
    def test_the_boundary_separates_what_is_predicted_and_each_side_has_its_colour(self, predict):
        ax = decision_regions(predict, CORNERS, AND)
        drawn = boundary(ax)
        cell = 1.4 / 239
        assert np.abs(drawn @ W.numpy() + B).max() / np.linalg.norm(W) < 1.5 * cell
        for point in ((-0.1, -0.1), (0.3, 0.3), (0.0, 0.6), (0.6, 0.6), (1.1, 1.1), (1.1, 0.3)):
            positive = bool(score(torch.tensor(point)) > 0)
            (color,) = region_at(ax, point)
            assert same_color(color, PALETTE[int(positive)]), point

    @pytest.mark.parametrize("w", [(1.0, 0.3), (0.3, 1.0)])
    def test_the_boundary_of_ids_climbs_in_no_stairs(self, w):
        w = torch.tensor(w)
        ax = decision_regions(lambda points: (points @ w > 0.6).long(), CORNERS, AND)
        cell = 1.4 / 239
        off = (boundary(ax) @ w.numpy() - 0.6) / float(w.norm()) / cell
        assert off.std() < 0.12  # the bare stairs: 0.24

    def test_minus_one_and_one_are_classes_like_any_other(self):
        signs = 2 * AND - 1
        for predict in (score, lambda points: score(points) > 0, lambda p: torch.sign(score(p))):
            ax = decision_regions(predict, CORNERS, signs)
            assert same_color(region_at(ax, (1.1, 1.1))[0], PALETTE[1])
            assert same_color(region_at(ax, (-0.1, -0.1))[0], PALETTE[0])

    def test_regions_are_pale_and_the_boundary_is_ink(self):
        ax = decision_regions(score, CORNERS, AND)
        assert all(0.1 < area.get_alpha() < 0.3 for area in contours(ax, filled=True))
        assert all(same_color(line.get_edgecolor()[0], INK) for line in contours(ax, filled=False))

    def test_each_class_has_its_points_its_marker_its_colour_and_its_name(self):
        ax = decision_regions(score, CORNERS, AND, labels=["no", "yes"])
        no, yes = scatters(ax)
        assert no.get_offsets().tolist() == CORNERS[:3].tolist()
        assert yes.get_offsets().tolist() == CORNERS[3:].tolist()
        for dots, marker, color in zip((no, yes), MARKERS, PALETTE, strict=False):
            reference = plt.scatter([0], [0], marker=marker)
            assert same_color(dots.get_facecolor()[0], color)
            np.testing.assert_array_equal(
                dots.get_paths()[0].vertices, reference.get_paths()[0].vertices
            )
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no", "yes"]

    def test_without_labels_the_ids_are_written_and_with_none_at_all_nothing(self):
        written = decision_regions(score, CORNERS, AND).get_legend().get_texts()
        assert [text.get_text() for text in written] == ["class 0", "class 1"]
        assert decision_regions(score, CORNERS, AND, labels=()).get_legend() is None

    def test_four_classes_partition_the_plane(self):
        inputs = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))

        def quadrant(points):
            return 2 * (points[:, 0] > 0).long() + (points[:, 1] > 0).long()

        ax = decision_regions(quadrant, inputs, quadrant(inputs))
        for x in (-1.0, -0.2, 0.2, 1.0):
            for y in (-1.0, -0.2, 0.2, 1.0):
                expected = PALETTE[2 * (x > 0) + (y > 0)]
                assert [same_color(color, expected) for color in region_at(ax, (x, y))] == [True]
        assert len(scatters(ax)) == 4
        assert np.abs(boundary(ax)).min(axis=1).max() < 0.1  # along the axes alone

    def test_a_class_that_is_only_predicted_has_its_colour_too(self):
        ax = decision_regions(lambda points: 5 * (points[:, 0] > 0.5).long(), CORNERS, [0, 0, 0, 0])
        assert same_color(region_at(ax, (1.1, 0.5))[0], PALETTE[1])
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["class 0", "class 5"]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
    def test_the_plane_reaches_the_classifier_as_the_data_would(self, dtype):
        asked = []

        def predict(points):
            asked.append(points)
            assert not torch.is_grad_enabled()
            return points.sum(1)

        ax = decision_regions(predict, CORNERS.to(dtype), AND, margin=0.5, resolution=11)
        (points,) = asked
        assert points.dtype == dtype
        assert points.shape == (121, 2)
        assert points.min() == -0.5
        assert points.max() == 1.5
        assert ax.get_xlim() == ax.get_ylim() == (-0.5, 1.5)

    def test_arrays_and_whole_numbers_reach_it_as_torch_s_default_floats(self):
        def predict(points):
            assert points.dtype == torch.float32
            return points.sum(1) - 1.5

        for inputs in (CORNERS.numpy().astype(np.float64), CORNERS.long(), CORNERS.tolist()):
            decision_regions(predict, inputs, AND)

    def test_the_plane_is_where_the_data_are(self):
        torch.set_default_device("meta")  # stands for any other device
        try:
            decision_regions(score, CORNERS, AND)
        finally:
            torch.set_default_device(None)

    def test_a_model_with_parameters_and_one_point_will_do(self):
        layer = torch.nn.Linear(2, 1)
        decision_regions(lambda points: layer(points)[:, 0], CORNERS.clone().requires_grad_(), AND)
        decision_regions(lambda points: points[:, 0] > 0.5, CORNERS[:1], AND[:1])

    def test_right_angles_look_right_unless_the_scales_differ_much(self):
        assert decision_regions(score, CORNERS, AND).get_aspect() == 1
        stretched = CORNERS * torch.tensor([1.0, 100.0])
        assert decision_regions(score, stretched, AND).get_aspect() == "auto"

    def test_draws_where_it_is_told(self):
        ax = plt.subplots(1, 2)[1][1]
        assert decision_regions(score, CORNERS, AND, ax=ax) is ax
        assert len(plt.get_fignums()) == 1

    @pytest.mark.usefixtures("without_shape_checks")
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"inputs": CORNERS[0]}, r"inputs must have shape \(points, 2\)"),
            ({"inputs": torch.ones(4, 3)}, r"inputs must have shape \(points, 2\)"),
            ({"inputs": CORNERS[:0], "targets": AND[:0]}, "inputs is empty"),
            ({"inputs": CORNERS * torch.nan}, "inputs holds NaN"),
            ({"targets": AND[:3]}, "targets has 3 entries for 4 inputs"),
            ({"targets": AND[:, None]}, r"targets must have shape \(points\)"),
            ({"targets": AND + 0.5}, "targets must be class ids"),
            ({"labels": ["one"]}, r"labels has 1 names for the classes \[0, 1\]"),
            ({"resolution": 1}, "resolution must be at least 2"),
            ({"margin": -0.1}, "margin 0"),
            ({"predict": lambda points: points}, r"predict's result must have shape \(57600\)"),
            ({"predict": lambda points: points[:5, 0]}, "predict's result must have shape"),
            ({"predict": lambda points: score(points).log()}, "predict's result must be finite"),
            ({"targets": [0, 1, 2, 1]}, r"predict must return class ids.*not \[0, 1, 2\]"),
        ],
    )
    def test_refuses_by_name(self, arguments, message):
        settings = {"predict": score, "inputs": CORNERS.detach(), "targets": AND, **arguments}
        given = [settings.pop(name) for name in ("predict", "inputs", "targets")]
        with pytest.raises(ValueError, match=message):
            decision_regions(*given, **settings)


def axes(x=(-2, 2), y=(-1, 3)):
    ax = plt.subplots()[1]
    ax.set(xlim=x, ylim=y)
    return ax


class TestDecisionLine:
    @pytest.mark.parametrize("w", [(1, 2), (-3, 0.5), (0, 2), (-1, 0), (1e-4, -1e-4)])
    def test_the_line_spans_the_axes_and_the_arrow_points_along_the_weights(self, w):
        b = -0.3 * np.linalg.norm(w)
        ax = axes()
        weights = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        assert decision_line(weights, torch.tensor([b]), ax=ax) is ax
        (line,) = ax.lines
        ends = line.get_xydata()
        np.testing.assert_allclose(ends @ w + b, 0, atol=1e-6)
        for x, y in ends:
            assert min(abs(x + 2), abs(x - 2), abs(y + 1), abs(y - 3)) < 1e-6  # on the frame
        (arrow,) = ax.texts
        direction = np.subtract(arrow.xy, arrow.xyann)
        np.testing.assert_allclose(
            direction / np.linalg.norm(direction), np.divide(w, np.linalg.norm(w)), atol=1e-9
        )
        np.testing.assert_allclose(np.dot(arrow.xyann, w) + b, 0, atol=1e-6)  # it starts on it
        assert np.dot(arrow.xy, w) + b > 0

    def test_the_arrow_has_one_length_whatever_the_weights(self):
        lengths = set()
        for scale in (0.01, 1, 100):
            ax = axes()
            decision_line(np.array([1.0, 1]) * scale, -3.0 * scale, ax=ax)
            (arrow,) = ax.texts
            lengths.add(round(float(np.linalg.norm(np.subtract(arrow.xy, arrow.xyann))), 6))
        assert len(lengths) == 1

    @pytest.mark.parametrize("slope", [-0.225, 0.225])
    def test_the_arrow_stays_inside_where_it_can(self, slope):
        ax = axes()
        decision_line([slope, 1.0], -2.45, ax=ax)  # just below the upper side
        (arrow,) = ax.texts
        assert -2 <= arrow.xy[0] <= 2
        assert -1 <= arrow.xy[1] <= 3

    def test_the_limits_stay_and_a_backward_axis_too(self):
        ax = axes(x=(2, -2))
        decision_line([1, 1], 0.0, ax=ax)
        assert ax.get_xlim() == (2, -2)
        assert ax.get_ylim() == (-1, 3)
        assert len(ax.lines) == 1
        (arrow,) = ax.texts
        np.testing.assert_array_less(0, np.subtract(arrow.xy, arrow.xyann))

    def test_limits_that_fit_the_data_are_not_widened(self):
        ax = plt.subplots()[1]
        ax.scatter(*CORNERS.T)
        before = ax.get_xlim(), ax.get_ylim()
        decision_line([1, 1], -1, ax=ax)
        ax.figure.draw_without_rendering()
        assert (ax.get_xlim(), ax.get_ylim()) == before

    @pytest.mark.parametrize(("w", "b"), [((0, 0), 1.0), ((1, 0), 5.0), ((1, 1), -99.0)])
    def test_no_line_where_there_is_none_to_see(self, w, b):
        ax = axes()
        assert decision_line(w, b, ax=ax) is ax
        assert len(ax.lines) == len(ax.texts) == 0

    def test_without_normal(self):
        ax = axes()
        decision_line([1, 1], 0, ax=ax, normal=False, color=PALETTE[2], linestyle="--")
        assert len(ax.texts) == 0
        assert ax.lines[0].get_color() == PALETTE[2]
        assert ax.lines[0].get_linestyle() == "--"

    @pytest.mark.usefixtures("without_shape_checks")
    @pytest.mark.parametrize(
        ("w", "b", "message"),
        [
            ([1, 2, 3], 0.0, r"weights must have shape \(2\)"),
            (torch.ones(1, 2), 0.0, r"weights must have shape \(2\)"),
            ([1, 2], torch.ones(2), r"bias must have shape \(\) or \(1\)"),
            ([1, np.nan], 0.0, "weights and bias must be finite"),
            ([1, 1], np.inf, "weights and bias must be finite"),
        ],
    )
    def test_refuses_by_name(self, w, b, message):
        with pytest.raises(ValueError, match=message):
            decision_line(w, b, ax=axes())
