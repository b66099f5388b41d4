from itertools import chain

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle

from linebyline.plotting.broadcasting import broadcast_diagram
from linebyline.plotting.style import PALETTE

COLUMN, ROW = torch.tensor([[0.5], [2.0], [-3.0]]), torch.tensor([1.0, 0.0])


def cells(ax):
    """The squares of the three arrays, left to right, each as rows of (patch, text)."""
    written = {text.get_position(): text for text in ax.texts}
    patches = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_fill()]
    rows = {}
    for patch in patches:
        rows.setdefault(round(patch.get_y(), 6), []).append(patch)
    grids = [[], [], []]
    for y in sorted(rows, reverse=True):
        row = sorted(rows[y], key=lambda patch: patch.get_x())
        for i, grid in enumerate(grids):
            part = row[i * len(row) // 3 : (i + 1) * len(row) // 3]
            grid.append([(patch, at(written, patch)) for patch in part])
    return grids


def at(written, patch):
    middle = np.add(patch.get_xy(), (patch.get_width() / 2, patch.get_height() / 2))
    return next(text for place, text in written.items() if np.allclose(place, middle))


def numbers(grid):
    return [[float(text.get_text().replace("−", "-")) for _, text in row] for row in grid]


@pytest.mark.parametrize(
    ("operation", "compute"), [("+", torch.add), ("−", torch.sub), ("×", torch.mul)]
)
def test_each_array_is_as_large_as_the_result_and_the_result_is_torchs(operation, compute):
    left, right, result = cells(broadcast_diagram(COLUMN, ROW, operation=operation))
    assert numbers(left) == COLUMN.expand(3, 2).tolist()
    assert numbers(right) == ROW.expand(3, 2).tolist()
    assert numbers(result) == compute(COLUMN, ROW).tolist()


def test_what_is_repeated_is_hollow_dotted_and_pale():
    grids = cells(broadcast_diagram(COLUMN, ROW))
    for grid, own in zip(grids, ((3, 1), (1, 2), (3, 2)), strict=True):
        for (row, column), (patch, text) in zip(np.ndindex(3, 2), chain(*grid), strict=True):
            real = row < own[0] and column < own[1]
            assert (patch.get_facecolor()[3] > 0) == real
            assert (patch.get_linestyle() in ("-", "solid")) == real
            assert (text.get_alpha() == 1) == real


def test_shapes_and_signs_are_written():
    texts = [text.get_text() for text in broadcast_diagram(COLUMN, ROW, operation="×").texts]
    assert {"(3, 1)", "(2,)", "(3, 2)", "×", "="} <= set(texts)


def test_a_number_is_repeated_everywhere():
    left, right, result = cells(broadcast_diagram(torch.ones(2, 2), 3, operation="×"))
    assert numbers(right) == numbers(result) == [[3, 3], [3, 3]]
    assert [patch.get_facecolor()[3] > 0 for patch, _ in chain(*right)] == [True] + [False] * 3
    assert numbers(left) == [[1, 1], [1, 1]]


def test_marked_cells_of_the_result_are_framed():
    marked = torch.tensor([[1, 0], [0, 1], [0, 0]]).bool()
    ax = broadcast_diagram(COLUMN, ROW, marked=marked)
    frames = [p for p in ax.patches if not p.get_fill()]
    assert all(same_color(frame.get_edgecolor(), PALETTE[0]) for frame in frames)
    *_, result = cells(ax)
    for (patch, _), wanted in zip(chain(*result), marked.flatten().tolist(), strict=True):
        inside = [f for f in frames if np.allclose(f.get_center(), patch.get_center())]
        assert len(inside) == wanted
    assert len(frames) == 2


def test_numbers_stay_within_their_cells_and_the_drawing_within_the_figure():
    ax = broadcast_diagram(-0.25 * torch.ones(6, 1), torch.full((4,), -11.75), operation="+")
    ax.figure.draw_without_rendering()
    for grid in cells(ax):
        for patch, text in chain(*grid):
            box, words = patch.get_window_extent(), text.get_window_extent()
            assert box.x0 < words.x0 < words.x1 < box.x1
            assert ax.get_xlim()[0] < patch.get_x() < patch.get_x() + patch.get_width() < 7
    assert ax.figure.get_size_inches()[0] == 7


def test_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert broadcast_diagram(COLUMN, ROW, ax=ax) is ax
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("left", "right", "settings", "message"),
    [
        (COLUMN, torch.ones(2, 2), {}, r"left and right do not broadcast: \(3, 1\) and \(2, 2\)"),
        (COLUMN, torch.ones(5), {}, "the result would be 3 by 5; 6 by 4 is the most"),
        (torch.ones(7, 1), 1, {}, "the result would be 7 by 1"),
        (COLUMN, ROW, {"operation": "÷"}, "operation must be one of '[+]', '−', '×', not '÷'"),
        (COLUMN, ROW, {"marked": torch.eye(3).bool()}, r"marked must have shape \(3, 2\)"),
        (torch.ones(1, 1, 1), ROW, {}, "left must have shape"),
        (COLUMN, torch.ones(1, 1, 1), {}, "right must have shape"),
    ],
)
def test_refuses_by_name(left, right, settings, message):
    with pytest.raises(ValueError, match=message):
        broadcast_diagram(left, right, **settings)
