"""Fields have their values, arrows and frames."""

import matplotlib.pyplot as plt
import pytest
import torch

from linebyline.plotting.grid_values import grid_values

STEPS = [(0, -1), (1, 0), (0, 1), (-1, 0)]
TABLE = torch.tensor(
    [[0.0, 0.0, 0.5, 0.0], [0.25, 0.0, 0.0, 0.25], [0.0] * 4, [0.0, -1.0, -2.0, -3.0]]
)


def texts(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_values_stand_in_their_fields():
    ax = grid_values(["SF", "FF"], STEPS, TABLE)
    shown = [(t.get_text(), t.get_position()) for t in ax.texts if t.get_text()]
    places = [(text, round(x), round(y)) for text, (x, y) in shown]
    assert places == [("0.50", 0, 0), ("0.25", 1, 0), ("0.00", 1, 1)]


def test_an_arrow_points_where_the_best_action_leads_and_ties_have_none():
    ax = grid_values(["SF", "FF"], STEPS, TABLE)
    arrows = [text for text in ax.texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 2
    for arrow, (right, down) in zip(arrows, ((1, 0), (-1, 0)), strict=True):
        dx, dy = arrow.xy[0] - arrow.xyann[0], arrow.xy[1] - arrow.xyann[1]
        assert (round(dx, 3), round(dy, 3)) == (0.4 * right, 0.4 * down)


def test_goals_holes_and_routes():
    ax = grid_values(["SH", "GF"], STEPS, TABLE - 5, decimals=0, route=[0, 3])
    assert texts(ax) == ["−4", "goal", "−5"]
    frames = [p for p in ax.patches if p.get_width() < 1]
    assert [(round(p.get_x() + 0.43), round(p.get_y() + 0.43)) for p in frames] == [(0, 0), (1, 1)]
    plain, _, _, deep = (p.get_alpha() for p in ax.patches if p.get_alpha() is not None)
    assert deep > plain > 0
    paler = grid_values(["SH", "GF"], STEPS, TABLE - 5, deepest=100)
    assert paler.patches[0].get_alpha() < plain  # the first field


def test_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert grid_values(["SF", "FF"], STEPS, TABLE, ax=ax) is ax


@pytest.mark.parametrize("letters", [[], [""], ["SF", "F"]])
def test_a_map_must_be_a_rectangle(letters):
    with pytest.raises(ValueError, match="rows must have one length"):
        grid_values(letters, STEPS, TABLE)


def test_a_table_must_fit():
    with pytest.raises(ValueError, match="table has the shape"):
        grid_values(["SF"], STEPS, TABLE)
    with pytest.raises(ValueError, match="table has the shape"):
        grid_values(["SF", "FF"], STEPS[:3], TABLE)
