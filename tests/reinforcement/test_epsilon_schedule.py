"""A straight line, and then a level one."""

import pytest

from linebyline.reinforcement.epsilon_schedule import linear_schedule


def test_the_line_by_hand() -> None:
    epsilon = linear_schedule(1.0, 0.2, 100)
    assert [epsilon(step) for step in (0, 50, 100, 10_000)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="epsilon is 2"):
        linear_schedule(2, 0.1, 10)
    with pytest.raises(ValueError, match="epsilon is -1"):
        linear_schedule(1, -1, 10)
    with pytest.raises(ValueError, match="steps must be at least 1, not 0"):
        linear_schedule(1, 0.1, 0)
    with pytest.raises(ValueError, match="step must be 0 or more, not -1"):
        linear_schedule(1, 0.1, 10)(-1)
