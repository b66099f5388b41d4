"""Powers by hand; the power 1 gives the mean."""

import pytest

from linebyline.reinforcement.step_size import polynomial


def test_powers_by_hand() -> None:
    assert [polynomial(0.5)(n) for n in (1, 4, 100)] == pytest.approx([1, 0.5, 0.1])
    assert polynomial(0)(7) == 1


def test_the_power_one_gives_the_mean() -> None:
    step, guess = polynomial(1), 123.0
    for n, seen in enumerate((4.0, 8.0, 9.0), start=1):
        guess += step(n) * (seen - guess)
    assert guess == pytest.approx(7.0)


@pytest.mark.parametrize("power", [-0.1, float("nan")])
def test_growing_steps_are_refused(power: float) -> None:
    with pytest.raises(ValueError, match=f"power must be 0 or more, not {power}"):
        polynomial(power)
