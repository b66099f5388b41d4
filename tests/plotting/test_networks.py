from math import prod

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import same_color
from matplotlib.patches import Circle

from linebyline.plotting.edges import NEGATIVE, POSITIVE
from linebyline.plotting.networks import network_diagram, neuron_diagram
from linebyline.plotting.units import DOT, RING

XOR = [torch.tensor([[1.0, 1.0], [-1.0, -2.0]]), torch.tensor([[1.0, 0.5]])]


def circles(ax, radius):
    return [p for p in ax.patches if isinstance(p, Circle) and p.radius == pytest.approx(radius)]


def written(ax):
    return [text for text in ax.texts if text.get_text()]


class TestNetworkDiagram:
    def test_dots_for_inputs_rings_for_neurons_a_line_for_every_weight(self):
        ax = network_diagram([2, 3, 4, 1])
        assert len(circles(ax, DOT)) == 2
        assert len(circles(ax, RING)) == 3 + 4 + 1
        assert len(ax.lines) == 2 * 3 + 3 * 4 + 4 * 1
        assert len({ring.center[0] for ring in circles(ax, RING)}) == 3
        assert max(dot.center[0] for dot in circles(ax, DOT)) < min(
            ring.center[0] for ring in circles(ax, RING)
        )

    def test_every_line_joins_two_units_of_neighbouring_layers_rim_to_rim(self):
        ax = network_diagram([2, 3])
        units = {(*patch.center, patch.radius) for patch in ax.patches}
        joined = set()
        for line in ax.lines:
            for end in line.get_xydata():
                ((x, y, _),) = [
                    unit
                    for unit in units
                    if np.hypot(*np.subtract(end, unit[:2])) == pytest.approx(unit[2])
                ]
                joined.add((x, y))
        assert len(joined) == 5

    def test_a_large_layer_is_abridged_and_its_size_written(self):
        ax = network_diagram([784, 1000, 10], labels=["pixels", "hidden", "digits"])
        assert len(circles(ax, DOT)) == 4
        assert len(circles(ax, RING)) == 4 + 4
        assert len(ax.lines) == 4 * 4 * 2
        assert [text.get_text() for text in ax.texts] == [
            "pixels\n784",
            "hidden\n1,000",
            "digits\n10",
        ]

    def test_the_weight_of_unit_j_from_unit_i_is_on_the_line_from_i_to_j(self):
        matrix = torch.tensor([[1.0, -2.0, 3.0], [-4.0, 5.0, 0.0]], requires_grad=True)
        ax = network_diagram([3, 2], weights=[matrix])
        inputs = sorted(circles(ax, DOT), key=lambda unit: -unit.center[1])
        outputs = sorted(circles(ax, RING), key=lambda unit: -unit.center[1])
        assert len(written(ax)) == 6
        for text in written(ax):
            place = np.array(text.get_position())
            i, j = min(
                np.ndindex(3, 2),
                key=lambda pair: distance(place, inputs[pair[0]].center, outputs[pair[1]].center),
            )
            weight = float(text.get_text().replace("−", "-"))
            assert weight == matrix[j, i]
            if weight:
                assert same_color(text.get_color(), POSITIVE if weight > 0 else NEGATIVE)

    @pytest.mark.parametrize("sizes", [(2, 2, 1), (2, 3, 1), (3, 2, 1), (1, 6, 1), (3, 2, 2, 2, 1)])
    def test_written_weights_overlap_neither_each_other_nor_a_unit(self, sizes, overlapping):
        generator = np.random.default_rng(1)
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        weights = [generator.normal(size=shape) for shape in shapes]
        ax = network_diagram(sizes, weights=weights, labels=["layer"] * len(sizes))
        assert len(written(ax)) == sum(prod(shape) for shape in shapes) + len(sizes)
        assert overlapping(written(ax)) == []
        for text in written(ax):
            assert not any(
                text.get_window_extent().overlaps(unit.get_window_extent()) for unit in ax.patches
            )

    def test_many_weights_are_drawn_and_not_written(self):
        generator = np.random.default_rng(0)
        weights = [generator.normal(size=(4, 8)), generator.normal(size=(2, 4))]
        weights[0][3, 7] = 50.0  # from the last input, which is drawn, to the last neuron
        ax = network_diagram([8, 4, 2], weights=weights)
        assert [text.get_text() for text in written(ax)] == ["8", "4", "2"][:1]
        widths = [line.get_linewidth() for line in ax.lines]
        strongest = ax.lines[int(np.argmax(widths))].get_xydata()
        assert strongest[0, 1] == pytest.approx(strongest[:, 1].min(), abs=0.3)
        assert sorted(widths)[-2] < 0.5 * max(widths)

    def test_everything_is_on_the_page(self):
        for sizes in ([1, 1], [9, 9, 9], [2] * 8):
            ax = network_diagram(sizes, labels=["layer"] * len(sizes))
            ax.figure.draw_without_rendering()
            page = ax.figure.bbox
            for artist in [*ax.patches, *ax.texts]:
                box = artist.get_window_extent()
                assert page.x0 <= box.x0 <= box.x1 <= page.x1
                assert page.y0 <= box.y0 <= box.y1 <= page.y1

    @pytest.mark.parametrize(("columns", "count"), [(1, 6), (2, 0)])
    def test_fills_the_axes_it_is_given_and_writes_where_there_is_room(
        self, columns, count, overlapping
    ):
        ax = plt.subplots(1, columns, figsize=(7, 3), squeeze=False)[1][0, 0]
        assert network_diagram([2, 2, 1], weights=XOR, ax=ax) is ax
        assert len(plt.get_fignums()) == 1
        assert len(written(ax)) == count
        assert not count or overlapping(written(ax)) == []
        ax.figure.draw_without_rendering()
        left, right = (circle.get_window_extent() for circle in (ax.patches[0], ax.patches[-1]))
        assert right.x1 - left.x0 > 0.8 * ax.bbox.width

    @pytest.mark.usefixtures("without_shape_checks")
    @pytest.mark.parametrize(
        ("sizes", "settings", "message"),
        [
            ([3], {}, r"sizes must be two or more.*\[3\]"),
            ([3, 0], {}, r"sizes must .* at least 1"),
            ([2, 1], {"labels": ["a"]}, "labels has 1 names for 2 layers"),
            ([2, 2, 1], {"weights": XOR[:1]}, "weights has 1 matrices for 3 layers"),
            ([2, 1, 1], {"weights": XOR}, r"weights\[0\] must have shape \(1, 2\), .* \(2, 2\)"),
            ([2, 2], {"weights": [torch.ones(2)]}, r"weights\[0\] must have shape"),
            ([2, 1], {"weights": [[[1, np.nan]]]}, r"weights\[0\] holds NaN"),
        ],
    )
    def test_refuses_by_name(self, sizes, settings, message):
        with pytest.raises(ValueError, match=message):
            network_diagram(sizes, **settings)


def distance(point, start, end):
    """From a point to the line through two others."""
    along, off = np.subtract(end, start), np.subtract(point, start)
    return abs(along[0] * off[1] - along[1] * off[0]) / np.hypot(*along)


class TestNeuronDiagram:
    def test_inputs_weights_bias_sum_step_and_output_are_all_there(self, overlapping):
        ax = neuron_diagram(["$x_1$", "$x_2$"], torch.tensor([1.0, -2.5]), torch.tensor([-1.5]))
        words = [text.get_text() for text in ax.texts]
        for expected in ("$x_1$", "$x_2$", "1", "−2.5", "bias −1.5", "sum", "step", "output"):
            assert words.count(expected) == 1, expected
        assert overlapping(written(ax)) == []

    def test_each_weight_stands_between_its_input_and_the_sum(self):
        ax = neuron_diagram(["a", "b", "c"], [1.0, 2.0, 3.0], 0)
        at = {text.get_text(): text.get_position() for text in ax.texts}
        (x_sum, y_sum) = at[r"$\Sigma$"]
        for name, weight in (("a", "1"), ("b", "2"), ("c", "3")):
            (dot,) = [
                dot for dot in circles(ax, DOT) if dot.center[1] == pytest.approx(at[name][1])
            ]
            assert dot.center[0] < at[weight][0] < x_sum
            assert distance(at[weight], dot.center, (x_sum, y_sum)) < 1e-6
            assert at[name][0] < dot.center[0]
        assert at["a"][1] > at["b"][1] > at["c"][1]

    def test_of_many_inputs_the_first_and_the_last_are_named(self):
        ax = neuron_diagram([f"i{i}" for i in range(64)], np.arange(64) / 8, 0)
        names = [text.get_text() for text in ax.texts if text.get_text().startswith("i")]
        assert names == ["i0", "i1", "i2", "i63"]
        assert "7.88" in [text.get_text() for text in ax.texts]

    @pytest.mark.parametrize("names", [["$x_1$"], ["number of bedrooms", "b"], list("abcdefgh")])
    def test_everything_is_on_the_page(self, names, overlapping):
        ax = neuron_diagram(names, np.ones(len(names)), -123.25)
        assert overlapping(written(ax)) == []
        page = ax.figure.bbox
        for artist in [*ax.patches, *ax.texts]:
            box = artist.get_window_extent()
            assert page.x0 <= box.x0 <= box.x1 <= page.x1, artist
            assert page.y0 <= box.y0 <= box.y1 <= page.y1, artist

    def test_zero_weights_are_dotted_and_drawn(self):
        ax = neuron_diagram(["a", "b"], [0, 0], 0)
        assert [text.get_text() for text in ax.texts].count("0") == 2

    @pytest.mark.usefixtures("without_shape_checks")
    @pytest.mark.parametrize(
        ("names", "weights", "bias", "message"),
        [
            ([], [], 0, "weights is empty"),
            (["a"], [1, 2], 0, "input_names has 1 names for 2 weights"),
            (["a", "b"], [[1, 2]], 0, r"weights must have shape \(inputs\)"),
            (["a"], [1], [1, 2], r"bias must have shape \(\) or \(1\)"),
            (["a"], [np.inf], 0, "weights and bias must be finite"),
            (["a"], [1], np.nan, "weights and bias must be finite"),
        ],
    )
    def test_refuses_by_name(self, names, weights, bias, message):
        with pytest.raises(ValueError, match=message):
            neuron_diagram(names, weights, bias)
