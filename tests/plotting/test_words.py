"""Words stand at their points, in the colours of their groups."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from linebyline.plotting.style import PALETTE
from linebyline.plotting.words import word_map

GROUPS = {"metals": ["iron", "gold"], "states": ["Chad"]}
POINTS = [[0.0, 1.0], [2.0, 3.0], [4.0, -5.0]]


def test_each_word_is_beside_its_point_in_its_group_s_colour():
    ax = word_map(GROUPS, POINTS)
    assert [text.get_text() for text in ax.texts] == ["iron", "gold", "Chad"]
    assert [tuple(text.xy) for text in ax.texts] == [tuple(point) for point in POINTS]
    assert [text.get_color() for text in ax.texts] == [PALETTE[0], PALETTE[0], PALETTE[1]]
    for dots, name, color, count in zip(ax.collections, GROUPS, PALETTE, (2, 1), strict=False):
        assert dots.get_label() == name
        assert to_hex(dots.get_facecolor()[0]) == color
        assert len(dots.get_offsets()) == count
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(GROUPS)


def test_a_word_makes_room_for_the_one_above():
    ax = word_map({"a": ["low", "high", "far"]}, [[0.0, 0.0], [0.1, 0.1], [9.0, 9.0]])
    assert [text.get_va() for text in ax.texts] == ["top", "bottom", "bottom"]


def test_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert word_map(GROUPS, POINTS, ax=ax) is ax


def test_what_is_wrong_is_refused():
    with pytest.raises(ValueError, match="points has 2 entries for 3 words"):
        word_map(GROUPS, POINTS[:2])
    with pytest.raises(ValueError, match="NaN or infinity"):
        word_map(GROUPS, [*POINTS[:2], [float("nan"), 0]])
