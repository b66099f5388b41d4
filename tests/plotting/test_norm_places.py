"""Drawings of the two orders are judged by what stands on the stream."""

from __future__ import annotations

import matplotlib.pyplot as plt

from linebyline.plotting.norm_places import BESIDE, STREAM, norm_places
from linebyline.plotting.style import WIDTH


def test_normalizations_stand_on_the_stream_or_beside_it():
    ax = norm_places()
    places = {name: [] for name in ("norm", "attention", "feed-forward", "+")}
    for text in ax.texts:
        if text.get_text() in places:
            places[text.get_text()].append(round(text.get_position()[0], 3))
    left, right = STREAM, round(STREAM + WIDTH / 2, 3)
    assert sorted(places["norm"]) == [left, left, *[round(right + BESIDE, 3)] * 2]
    assert sorted(places["+"]) == [left, left, right, right]
    for part in ("attention", "feed-forward"):
        assert sorted(places[part]) == [left + BESIDE, round(right + BESIDE, 3)]
    plt.close("all")


def test_no_line_runs_through_a_box():
    ax = norm_places()
    boxes = [text.get_position() for text in ax.texts if text.get_text() in ("norm", "attention")]
    for line in ax.lines:
        (x, end), (low, high) = line.get_xdata(), sorted(line.get_ydata())
        for at, y in boxes:
            assert not (x == end == at and low < y < high)
    plt.close("all")
