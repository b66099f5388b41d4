import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color

from linebyline.plotting.hidden_space import hidden_space
from linebyline.plotting.style import INK, PALETTE

CORNERS = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
XOR = torch.tensor([0, 1, 1, 0])
FOLD = torch.tensor([[1.0, -1], [-1, 1]])
CLOUD = torch.randn(30, 2, generator=torch.Generator().manual_seed(0)).double()
SIDES = torch.arange(30) % 2
INTO = torch.tensor([[1.0, 0, 2], [0, 1, 1]]).double()  # the plane, laid into a space
W = torch.tensor([1.0, -2, 2])


def fold(points):
    return torch.relu(points @ FOLD.T)


def paper(ax):
    """The lines of the squared paper."""
    (lines,) = [artist for artist in ax.collections if isinstance(artist, LineCollection)]
    return lines.get_segments()


def dots(ax):
    """The places of each class's points, in the order of the classes."""
    scatters = [artist for artist in ax.collections if not isinstance(artist, LineCollection)]
    return [np.asarray(artist.get_offsets()) for artist in scatters]


def test_two_units_are_drawn_as_they_are():
    zeros, ones = dots(hidden_space(fold, CORNERS, XOR))
    np.testing.assert_allclose(zeros, [[0, 0], [0, 0]])
    np.testing.assert_allclose(ones, [[0, 1], [1, 0]])


def test_the_paper_goes_through_the_layer_too():
    lines = paper(hidden_space(lambda points: points, CORNERS, XOR, margin=0.5, squares=4))
    assert len(lines) == 10
    for line in lines:  # each is straight, and reaches from edge to edge
        across, along = sorted(np.ptp(line, axis=0))
        assert across == 0
        assert along == pytest.approx(2)
    ends = np.concatenate(lines)
    np.testing.assert_allclose([ends.min(0), ends.max(0)], [[-0.5, -0.5], [1.5, 1.5]])
    folded = np.concatenate(paper(hidden_space(fold, CORNERS, XOR, margin=0.5, squares=4)))
    assert (folded.min(axis=1) == 0).all()  # all of it lies on the two axes
    np.testing.assert_allclose(folded.max(axis=0), [2, 2])


def test_the_margin_is_a_part_of_the_datas_range():
    far = CORNERS * torch.tensor([10.0, 100])
    ends = np.concatenate(paper(hidden_space(lambda points: points, far, XOR, margin=0.2)))
    np.testing.assert_allclose([ends.min(0), ends.max(0)], [[-2, -20], [12, 120]])


def test_the_lines_bend_between_their_crossings():
    lines = paper(hidden_space(lambda p: torch.stack([p[:, 0], p[:, 0] ** 2], 1), CORNERS, XOR))
    curved = max(lines, key=lambda line: np.ptp(line[:, 0]))
    np.testing.assert_allclose(curved[:, 1], curved[:, 0] ** 2, atol=1e-6)
    assert len(curved) > 100


def test_weights_draw_the_next_layers_line():
    ax = hidden_space(fold, CORNERS, XOR, weights=[1, 1], bias=torch.tensor([-0.5]))
    (line,) = ax.lines
    np.testing.assert_allclose(line.get_xydata().sum(axis=1), 0.5, atol=1e-9)
    assert not hidden_space(fold, CORNERS, XOR).lines  # without weights there is none


class TestMoreUnits:
    def test_to_the_right_is_the_distance_to_the_hyperplane(self):
        ax = hidden_space(lambda p: p @ INTO, CLOUD, SIDES, weights=W, bias=0.7)
        distance = ((CLOUD @ INTO) @ W.double() + 0.7) / 3  # the length of W is 3
        for kind, places in enumerate(dots(ax)):
            np.testing.assert_allclose(places[:, 0], distance[kind == SIDES], atol=1e-9)
        (line,) = ax.lines
        assert line.get_xdata() == [0, 0]
        assert same_color(line.get_color(), INK)

    def test_upwards_the_data_spread_as_much_as_they_can_within_the_hyperplane(self):
        up = np.concatenate([d[:, 1] for d in dots(hidden_space(_into, CLOUD, SIDES, weights=W))])
        h = (CLOUD @ INTO).numpy()
        normal = W.double().numpy() / 3
        within = h - h.mean(0) - np.outer((h - h.mean(0)) @ normal, normal)
        assert up.std() == pytest.approx(np.linalg.svd(within)[1][0] / np.sqrt(len(h)))
        assert up.mean() == pytest.approx(0, abs=1e-9)

    def test_upwards_is_where_the_second_input_rises(self):
        for seed in range(8):  # a singular vector's sign is anything
            points = torch.randn(30, 2, generator=torch.Generator().manual_seed(seed)).double()
            drawn = dots(hidden_space(_into, points, torch.zeros(30), weights=W))[0]
            assert np.corrcoef(drawn[:, 1], points[:, 1])[0, 1] > 0

    def test_distances_are_true_where_the_image_lies_across_the_hyperplane(self):
        """A projection shortens nothing that it looks at straight on."""
        across = torch.tensor([[0.0, 0, 1], [1, 0, 0]]).double()
        ax = hidden_space(lambda p: p @ across, CLOUD, torch.zeros(30), weights=[0.0, 0, 5])
        (drawn,) = dots(ax)
        np.testing.assert_allclose(
            np.linalg.norm(drawn[:, None] - drawn, axis=2), torch.cdist(CLOUD, CLOUD), atol=1e-6
        )

    def test_need_weights(self):
        with pytest.raises(ValueError, match="weights are needed to look at a space of 3 units"):
            hidden_space(_into, CLOUD, SIDES)


def _into(points):
    return points @ INTO


def test_colours_are_the_classes_in_order():
    ax = hidden_space(fold, CORNERS, [7, 3, 3, 7])
    colors = [artist.get_facecolor()[0] for artist in ax.collections[1:]]
    assert same_color(colors[0], PALETTE[0])
    assert same_color(colors[1], PALETTE[1])
    np.testing.assert_allclose(dots(ax)[0], [[0, 1], [1, 0]])  # class 3


def test_the_layer_gets_points_of_the_datas_type_and_no_gradient_is_kept():
    seen = []

    def hidden(points):
        seen.append((points.dtype, torch.is_grad_enabled()))
        return points

    hidden_space(hidden, CLOUD, SIDES)
    hidden_space(hidden, CORNERS.tolist(), XOR)
    assert seen == [(torch.float64, False)] * 2 + [(torch.float32, False)] * 2


def test_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert hidden_space(fold, CORNERS, XOR, ax=ax) is ax
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("targets has 3 entries for 4 inputs", {"targets": [0, 1, 1]}),
        ("squares must be at least 1, margin 0", {"squares": 0}),
        ("squares must be at least 1, margin 0", {"margin": -0.1}),
        (r"hidden's result must have shape \(4, units\)", {"hidden": lambda p: p[:, 0]}),
        ("must have two units or more", {"hidden": lambda p: p[:, :1]}),
        ("hidden's result must be finite", {"hidden": lambda p: p / 0}),
        (r"weights must have shape \(2\)", {"weights": [1, 2, 3]}),
        ("weights must be finite and not all zero", {"weights": [0, 0]}),
        ("weights must be finite and not all zero", {"weights": [float("nan"), 0]}),
    ],
)
def test_refuses(without_shape_checks, message, arguments):
    given = {"hidden": fold, "inputs": CORNERS, "targets": XOR, **arguments}
    with pytest.raises(ValueError, match=message):
        hidden_space(**given)
