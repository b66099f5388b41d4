"""The criteria on curves worked by hand, and against their definitions on random ones."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linebyline.training.stopping_criteria import (
    GL,
    PQ,
    UP,
    Patience,
    first_stop,
    generalization_loss,
    training_progress,
)

LOSSES = st.lists(st.floats(0.1, 10), min_size=1, max_size=40)


def test_generalization_loss_by_hand():
    assert generalization_loss([2.0, 1.0, 1.5]) == pytest.approx(50)
    assert generalization_loss([2.0, 1.0]) == 0


def test_training_progress_by_hand():
    # the last two: mean 3, lowest 2
    assert training_progress([9.0, 4.0, 2.0], strip=2) == pytest.approx(500)
    assert training_progress([1.0, 4.0, 2.0], strip=2) == pytest.approx(500)  # not of all epochs
    assert training_progress([9.0, 9.0, 9.0], strip=3) == 0
    assert training_progress([4.0, 2.0], strip=5) == pytest.approx(500)  # not yet a whole strip


@pytest.mark.parametrize(
    ("criterion", "stop"),
    [
        (Patience(1), 4),
        (Patience(2), None),  # 3, 2, 1, 1.2, 0.9: new lowest after one epoch of waiting
        (Patience(2, min_improvement=0.2), 5),  # 0.9 is not lower by more than 0.2
        (GL(19), 4),
        (GL(21), None),
        (UP(1, strip=1), 4),
        (UP(2, strip=1), None),
        (UP(1, strip=2), None),  # ends of strips: 2 and 1.2
    ],
)
def test_by_hand(criterion, stop):
    validation = [3.0, 2.0, 1.0, 1.2, 0.9]
    assert first_stop(criterion, [1.0] * 5, validation) == stop


def test_small_improvements_add_up():
    """Each is too small, but together they are enough: the reference is the last that counted."""
    slow = [1.0, 0.94, 0.88, 0.82, 0.76]
    assert first_stop(Patience(2, min_improvement=0.1), slow, slow) is None
    assert first_stop(Patience(2, min_improvement=0.2), slow, slow) == 3


def test_up_wants_strips_one_after_another():
    up = [1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 5.0]
    assert first_stop(UP(2, strip=1), up, up) == 3
    assert first_stop(UP(3, strip=1), up, up) == 7


def test_progress_holds_pq_back():
    validation = [1.0, 1.0, 1.1, 1.1]  # GL = 10
    still = [1.0, 1.0, 1.0, 1.0]
    falling = [4.0, 2.0, 2.0, 1.0]  # P of the last two: 500
    assert first_stop(PQ(0.03, strip=2), still, validation) == 4
    assert first_stop(PQ(0.03, strip=2), falling, validation) is None
    assert first_stop(PQ(0.01, strip=2), falling, validation) == 4


def test_at_rest_without_a_rise_pq_goes_on():
    assert first_stop(PQ(1.0, strip=2), [1.0] * 6, [1.0] * 6) is None


def test_a_plateau_is_no_rise():
    assert first_stop(UP(1, strip=1), [1.0] * 3, [1.0] * 3) is None


def test_patience_stays_at_an_end():
    assert Patience(1)([1.0] * 4, [1.0, 2.0, 3.0, 4.0])


def test_a_strip_is_of_five_epochs_as_in_the_paper():
    falling = [9.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert training_progress(falling) == training_progress(falling, strip=5)
    assert PQ(1.0) == PQ(1.0, strip=5)
    assert UP(1) == UP(1, strip=5)


@given(LOSSES, st.floats(0, 50), st.integers(1, 6))
def test_equal_their_definitions(losses, alpha, k):
    t = len(losses)
    gl = 100 * (losses[-1] / min(losses) - 1)
    assert GL(alpha)(losses, losses) == (gl > alpha)
    ends = {i: losses[i - 1] for i in range(1, t + 1)}  # E_va(i), i from 1

    def up(s, i):  # the paper's recursion
        if i % k or i - k not in ends or not ends[i] > ends[i - k]:
            return False
        return s == 1 or up(s - 1, i - k)

    for s in (1, 2, 3):
        assert UP(s, strip=k)(losses, losses) == up(s, t)


@given(LOSSES, st.integers(1, 6))
def test_patience_is_the_books_algorithm(losses, p):
    """Goodfellow, Bengio & Courville 2016, algorithm 7.1."""
    j, v, i, stopped = 0, math.inf, 0, None
    while j < p and i < len(losses):
        i += 1
        if losses[i - 1] < v:
            j, v = 0, losses[i - 1]
        else:
            j += 1
    if j == p:
        stopped = i
    assert first_stop(Patience(p), losses, losses) == stopped


def test_refuses_curves_of_two_lengths():
    with pytest.raises(ValueError, match="train has 1 epochs, but validation has 2"):
        first_stop(GL(1), [1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Patience(0), "epochs is 0; it must be at least 1"),
        (lambda: Patience(3, -0.1), "min_improvement is -0.1; it must be at least 0"),
        (lambda: GL(-1), "alpha is -1; it must be at least 0"),
        (lambda: GL(math.nan), "alpha is nan"),
        (lambda: PQ(-1), "alpha is -1"),
        (lambda: PQ(1, strip=0), "strip is 0; it must be at least 1"),
        (lambda: UP(0), "strips is 0; it must be at least 1"),
        (lambda: UP(1, strip=0), "strip is 0"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
