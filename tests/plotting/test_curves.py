import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import same_color

from linebyline.plotting.curves import line_curves, smooth, training_curves
from linebyline.plotting.labels import EndLabel
from linebyline.plotting.style import PALETTE

X = [1, 2, 3, 4]
SERIES = {"first": [4.0, 3, 2, 1], "second": torch.tensor([1.0, 2, 3, 4], requires_grad=True)}
NAMES = {"xlabel": "step", "ylabel": "loss"}


def names(ax):
    return [text for text in ax.texts if isinstance(text, EndLabel)]


def draw(series=SERIES, x=X, **settings):
    return line_curves(x, series, **{**NAMES, **settings})


class TestLineCurves:
    def test_each_series_is_a_line_of_its_numbers_with_a_look_and_a_name_of_its_own(self):
        ax = draw()
        assert [line.get_xydata().tolist() for line in ax.lines] == [
            [[1, 4], [2, 3], [3, 2], [4, 1]],
            [[1, 1], [2, 2], [3, 3], [4, 4]],
        ]
        assert [name.get_text() for name in names(ax)] == ["first", "second"]
        assert len({line.get_color() for line in ax.lines}) == 2
        assert len({str(line._dash_pattern) for line in ax.lines}) == 2
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "loss")

    def test_twelve_lines_that_end_together_keep_their_names_apart(self, overlapping):
        ax = draw({f"a rather long name {i}": [0, 0, 0, 1 + i / 1e3] for i in range(12)})
        assert overlapping(names(ax)) == []
        assert all(name.get_window_extent().x1 <= ax.figure.bbox.x1 for name in names(ax))

    def test_a_single_series_named_by_its_axis_is_not_named_twice(self):
        assert names(draw({"loss": X})) == []
        assert [name.get_text() for name in names(draw({"Adam": X}))] == ["Adam"]

    @pytest.mark.parametrize("log_x", [True, False])
    @pytest.mark.parametrize("log_y", [True, False])
    def test_scales(self, log_x, log_y):
        ax = draw(log_x=log_x, log_y=log_y)
        assert ax.get_xscale() == ("log" if log_x else "linear")
        assert ax.get_yscale() == ("log" if log_y else "linear")

    def test_a_band_lies_behind_its_line_in_its_colour(self):
        ax = draw(band={"second": ([0, 1, 2, 3], torch.tensor([2.0, 3, 4, 5]))})
        (area,) = ax.collections
        assert same_color(area.get_facecolor()[0, :3], PALETTE[1])
        assert area.get_facecolor()[0, 3] < 0.3
        corners = {tuple(corner) for corner in area.get_paths()[0].vertices.tolist()}
        assert {(1.0, 0.0), (4.0, 3.0), (1.0, 2.0), (4.0, 5.0)} <= corners

    def test_infinity_leaves_a_gap_and_the_name_stands_at_the_last_number(self):
        ax = draw({"diverges": [1.0, 2.0, np.inf, np.nan]})
        assert np.isnan(ax.lines[0].get_ydata()[2:]).all()
        ax.figure.draw_without_rendering()
        assert names(ax)[0].xy == pytest.approx((2, 2))

    def test_draws_where_it_is_told(self):
        ax = plt.subplots(1, 2)[1][1]
        assert draw(ax=ax) is ax
        assert len(plt.get_fignums()) == 1

    @pytest.mark.usefixtures("without_shape_checks")
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"series": {}}, "series is empty"),
            ({"series": {"a": [1, 2]}}, r"series\['a'\] has 2 values, but x has 4"),
            ({"series": {"a": [[1, 2, 3, 4]]}}, r"series\['a'\] must have shape \(points\)"),
            ({"series": {"a": [np.nan] * 4}}, r"series\['a'\] holds no finite number"),
            ({"x": [[1, 2, 3, 4]]}, "x must have shape"),
            ({"x": [0, 1, 2, 3], "log_x": True}, "x holds 0, which .*drop log_x"),
            ({"series": {"a": [1, 1, -2, 1]}, "log_y": True}, r"series\['a'\] holds -2.*log_y"),
            ({"band": {"third": (X, X)}}, "band names 'third', but the series are first, second"),
            ({"band": {"first": (X, X, X)}}, r"band\['first'\] must be \(low, high\)"),
            ({"band": {"first": (X, [1])}}, r"band\['first'\] has 1 values, but x has 4"),
        ],
    )
    def test_refuses_by_name(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            draw(**arguments)


class TestTrainingCurves:
    STEPS = np.arange(1, 201)
    EPOCHS = (40, 90, 140, 190)  # where no larger tick hides them
    TEST = (2.0, 1.5, 1.2, 1.1)

    @property
    def noisy(self):
        noise = np.random.default_rng(0).normal(0, 0.3, len(self.STEPS))
        return 2 * np.exp(-self.STEPS / 80) + 1 + noise

    def test_the_loss_is_drawn_as_recorded_and_smooth_and_the_test_loss_at_the_epochs(self):
        ax = training_curves(self.STEPS, self.noisy, epochs=self.EPOCHS, test_loss=self.TEST)
        recorded, smoothed, test = ax.lines
        np.testing.assert_allclose(recorded.get_ydata(), self.noisy)
        assert recorded.get_linewidth() < smoothed.get_linewidth()
        assert recorded.get_alpha() < 0.6
        assert np.diff(smoothed.get_ydata()).std() < 0.2 * np.diff(self.noisy).std()
        assert test.get_xydata().tolist() == [
            list(pair) for pair in zip(self.EPOCHS, self.TEST, strict=True)
        ]
        assert [name.get_text() for name in names(ax)] == ["train", "test"]
        assert [name.get_color() for name in names(ax)] == [smoothed.get_color(), test.get_color()]
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "loss")
        assert ax.get_xticks(minor=True).tolist() == list(self.EPOCHS)

    def test_names_of_losses_that_meet_do_not_overlap(self, overlapping):
        ends = {"epochs": self.EPOCHS, "test_loss": (3, 2, 1, 1.16)}
        ax = training_curves(self.STEPS, self.noisy, **ends)
        assert overlapping(names(ax)) == []

    def test_a_short_run_is_drawn_as_it_is_every_step_a_dot(self):
        ax = training_curves(range(1, 6), torch.arange(5.0))
        (line,) = ax.lines
        assert line.get_ydata().tolist() == [0, 1, 2, 3, 4]
        assert line.get_marker() == "o"
        assert ax.get_ylabel() == "training loss"

    def test_metrics_stand_below_on_the_same_steps(self):
        accuracy = {"train accuracy": (0.5, 0.7, 0.8, 0.9), "test accuracy": (0.4, 0.6, 0.7, 0.7)}
        ax = training_curves(self.STEPS, self.noisy, epochs=self.EPOCHS, metrics=accuracy)
        below = ax.figure.axes[-1]
        assert ax.figure.axes == [ax, below]
        assert ax.get_shared_x_axes().joined(ax, below)
        assert [line.get_ydata().tolist() for line in below.lines] == [
            list(values) for values in accuracy.values()
        ]
        assert [line.get_color() for line in below.lines] == list(PALETTE[:2])  # as the losses'
        assert [name.get_text() for name in names(below)] == list(accuracy)
        assert (ax.get_xlabel(), below.get_xlabel()) == ("", "step")
        ax.figure.draw_without_rendering()
        assert below.bbox.y1 < ax.bbox.y0
        assert (below.bbox.x0, below.bbox.x1) == pytest.approx((ax.bbox.x0, ax.bbox.x1))

    def test_other_metrics_take_other_colours_than_the_losses(self):
        values = {"precision": self.TEST, "recall": self.TEST}
        ax = training_curves(self.STEPS, self.noisy, epochs=self.EPOCHS, metrics=values)
        used = [line.get_color() for line in ax.figure.axes[-1].lines]
        assert used == list(PALETTE[2:4])

    def test_one_metric_names_its_axis(self):
        ends = {"epochs": self.EPOCHS, "metrics": {"accuracy": self.TEST}}
        below = training_curves(self.STEPS, self.noisy, **ends).figure.axes[-1]
        assert below.get_ylabel() == "accuracy"
        assert names(below) == []

    def test_axes_that_are_given_are_used_and_divided(self):
        figure, (left, right) = plt.subplots(1, 2)
        right.set_xlabel("step")
        ends = {"epochs": self.EPOCHS, "metrics": {"accuracy": self.TEST}}
        assert training_curves(self.STEPS, self.noisy, ax=left, **ends) is left
        figure.draw_without_rendering()
        assert figure.axes[-1].bbox.x1 < right.bbox.x0
        assert figure.axes[-1].bbox.y0 == pytest.approx(right.bbox.y0)

    @pytest.mark.usefixtures("without_shape_checks")
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"train_loss": [1.0]}, "train_loss has 1 values, but steps has 4"),
            ({"train_loss": []}, "train_loss is empty"),
            ({"steps": [X]}, "steps must have shape"),
            ({"test_loss": [1.0]}, "epochs is missing: test_loss needs"),
            ({"metrics": {"a": [1.0]}}, "epochs is missing: metrics needs"),
            ({"epochs": [2, 4], "test_loss": [1.0]}, "test_loss has 1 values, but epochs has 2"),
            ({"epochs": [2, 4], "metrics": {"a": [1]}}, r"metrics\['a'\] has 1 values"),
            ({"train_loss": [np.inf] * 4}, "train_loss holds no finite number"),
        ],
    )
    def test_refuses_by_name(self, arguments, message):
        settings = {"steps": X, "train_loss": X, **arguments}
        steps, loss = settings.pop("steps"), settings.pop("train_loss")
        with pytest.raises(ValueError, match=message):
            training_curves(steps, loss, **settings)

    def test_refuses_to_divide_axes_that_stand_in_no_grid(self):
        ax = plt.figure(layout="none").add_axes((0, 0, 1, 1))
        with pytest.raises(ValueError, match="ax cannot be divided"):
            training_curves(X, X, epochs=[4], metrics={"a": [1]}, ax=ax)


def test_smooth_is_the_mean_of_the_neighbours_there_are():
    values = np.array([1.0, 2, 3, np.nan, 5, 6])
    expected = [(1 + 2) / 2, (1 + 2 + 3) / 3, (2 + 3) / 2, (3 + 5) / 2, (5 + 6) / 2, (5 + 6) / 2]
    np.testing.assert_allclose(smooth(values, 3), expected)
    assert np.isnan(smooth(np.array([np.nan, np.nan, np.nan, 1]), 3)[0])
