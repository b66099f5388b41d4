"""Drawings of streams are judged by what is on the axes, and moments by who waits for whom."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, FancyArrowPatch

from linebyline.plotting.residual_streams import AGAIN, LOOKS, moment, residual_streams

READ, SAID = ["<begin>", "a", "b"], ["a", "b", "<end>"]


def test_a_block_waits_for_what_is_below_and_what_is_said_before():
    taught = [[moment(t, n, 2, taught=True) for n in range(2)] for t in range(3)]
    assert taught == [[1, 2]] * 3
    alone = [[moment(t, n, 2, taught=False) for n in range(2)] for t in range(3)]
    assert alone == [[1, 2], [3, 4], [5, 6]]


def test_the_same_streams_twice_and_only_one_half_reads_what_it_said():
    ax = residual_streams(READ, SAID)
    assert len([patch for patch in ax.patches if isinstance(patch, Circle)]) == 2 * 3 * 2
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    again = [patch for patch in arrows if to_hex(patch.get_edgecolor()) == AGAIN]
    assert len(again) == 2
    assert len(arrows) == 2 * 3 + 2
    looks = [line for line in ax.lines if to_hex(line.get_color()) == LOOKS]
    assert len(looks) == 2 * 2 * (1 + 2)  # each block at those before: none, one, two
    texts = [text.get_text() for text in ax.texts]
    assert (texts.count("a"), texts.count("b"), texts.count("<begin>")) == (3, 3, 2)
    numbers = sorted(int(text) for text in texts if text.isdigit())
    assert numbers == sorted([1, 2] * 3 + [1, 2, 3, 4, 5, 6])
    plt.close("all")


def test_refuses_what_has_no_room():
    with pytest.raises(ValueError, match="read and said must be as many, from 1 to 5, not 1 and 2"):
        residual_streams(["a"], ["b", "c"])
    with pytest.raises(ValueError, match="from 1 to 5, not 6 and 6"):
        residual_streams(["a"] * 6, ["b"] * 6)
    with pytest.raises(ValueError, match="blocks must be from 1 to 3, not 4"):
        residual_streams(READ, SAID, blocks=4)
