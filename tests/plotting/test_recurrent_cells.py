"""The inside of an LSTM's cell: what is in it, and that the drawing holds together."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.patches import Circle, FancyBboxPatch

from linebyline.plotting.recurrent_cells import CONVEYOR, OPERATION, gru_cell, lstm_cell
from linebyline.plotting.style import PALETTE


def words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_three_gates_three_products_one_sum_and_two_bends():
    ax = lstm_cell()
    assert words(ax).count("σ") == 3
    assert words(ax).count("tanh") == 2
    assert words(ax).count("×") == 3
    assert words(ax).count("+") == 1
    for name in ("f_t", "i_t", "g_t", "o_t", "c_{t-1}", "c_t", "h_{t-1}", "h_t", "x_t"):
        assert words(ax).count(f"${name}$") == 1, name


def test_only_what_has_weights_is_filled():
    boxes = [patch for patch in lstm_cell().patches if isinstance(patch, FancyBboxPatch)]
    filled = [box.get_facecolor()[3] > 0 for box in boxes]
    assert filled.count(True) == 4
    assert filled.count(False) == 1


def test_on_the_conveyor_stand_one_product_and_one_sum_and_it_is_broken_there():
    ax = lstm_cell()
    belt = [line for line in ax.lines if line.get_linewidth() == CONVEYOR]
    assert all(same_color(line.get_color(), PALETTE[0]) for line in belt)
    (height,) = {y for line in belt for y in line.get_ydata()}
    rings = [patch for patch in ax.patches if isinstance(patch, Circle)]
    on_it = sorted(ring.center[0] for ring in rings if ring.center[1] == height)
    signs = {text.get_position(): text.get_text() for text in ax.texts}
    assert [signs[x, height] for x in on_it] == ["×", "+"]
    for line in belt:
        start, end = line.get_xdata()
        assert all(end <= x - OPERATION + 1e-9 or start >= x + OPERATION - 1e-9 for x in on_it)


def test_nothing_overlaps_and_everything_is_on_the_page(overlapping):
    ax = lstm_cell()
    assert overlapping(list(ax.texts)) == []
    page = ax.figure.bbox
    for artist in [*ax.patches, *ax.texts]:
        box = artist.get_window_extent()
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, artist
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, artist


def test_draws_into_given_axes():
    ax = plt.subplots()[1]
    assert lstm_cell(ax=ax) is ax


def test_a_gru_has_two_gates_three_products_one_sum_and_one_bend():
    ax = gru_cell()
    assert words(ax).count("σ") == 2
    assert words(ax).count("tanh") == 1
    assert words(ax).count("×") == 3
    assert words(ax).count("+") == 1
    assert words(ax).count("1 −") == 1
    for name in ("r_t", "z_t", r"\tilde{h}_t", "h_{t-1}", "h_t", "x_t"):
        assert words(ax).count(f"${name}$") == 1, name
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    assert [box.get_facecolor()[3] > 0 for box in boxes].count(True) == 3


def test_a_grus_one_state_is_its_conveyor_and_is_on_the_page(overlapping):
    ax = gru_cell()
    belt = [line for line in ax.lines if line.get_linewidth() == CONVEYOR]
    (height,) = {y for line in belt for y in line.get_ydata()}
    at = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert at["$h_{t-1}$"] == at["$h_t$"] == height
    rings = [patch for patch in ax.patches if isinstance(patch, Circle)]
    on_it = sorted(ring.center[0] for ring in rings if ring.center[1] == height)
    signs = {text.get_position(): text.get_text() for text in ax.texts}
    assert [signs.get((x, height), "branch") for x in on_it] == ["branch", "×", "+"]
    assert overlapping(list(ax.texts)) == []
    page = ax.figure.bbox
    for artist in [*ax.patches, *ax.texts]:
        box = artist.get_window_extent()
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, artist
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, artist
    given = plt.subplots()[1]
    assert gru_cell(ax=given) is given
