"""Hands stand where clocks have them: at twelve for 0, at three after a quarter of a turn."""

from __future__ import annotations

import math

import pytest
import torch

from linebyline.plotting.clock_hands import RADIUS, clock_hands

ANGLES = torch.tensor([[0.0, 0.0], [math.pi / 2, math.pi / 4], [math.pi, math.pi / 2]])


def test_hands_stand_where_clocks_have_them() -> None:
    ax = clock_hands(ANGLES, ["0", "1", "2"], ["fast", "slow"])
    assert len(ax.patches) == 6
    tips = [(line.get_xydata()[1] - line.get_xydata()[0]) / (0.9 * RADIUS) for line in ax.lines]
    # In the order of columns, the fast hand before the slow one; up is negative.
    expected = [(0, -1), (0, -1), (1, 0), (math.sqrt(0.5), -math.sqrt(0.5)), (0, 1), (1, 0)]
    for tip, there in zip(tips, expected, strict=True):
        assert tuple(tip) == pytest.approx(there, abs=1e-6)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "2"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["fast", "slow"]
    bottom, top = ax.get_ylim()
    assert bottom > top


@pytest.mark.parametrize(
    ("positions", "hands", "message"),
    [
        (["0"], ["a", "b"], "positions must be 3 names, .* axis 0, not 1"),
        (["0", "1", "2"], ["a"], "hands must be 2 names, .* axis 1, not 1"),
    ],
)
def test_refuses_other_numbers_of_names(
    positions: list[str], hands: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        clock_hands(ANGLES, positions, hands)


def test_refuses_what_is_no_angle() -> None:
    with pytest.raises(ValueError, match="angles must be finite"):
        clock_hands(ANGLES / 0, ["0", "1", "2"], ["a", "b"])
