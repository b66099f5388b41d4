"""Counts by hand, forward and backward; the numbers stay the same, and nothing stays behind."""

import numpy as np
import pytest

from linebyline.autograd.operation_count import count_operations
from linebyline.autograd.tensor import Tensor


def count(run) -> int:
    with count_operations() as tally:
        run()
    return tally.operations


A, B = Tensor(np.ones((2, 3))), Tensor(np.ones((3, 4)))


@pytest.mark.parametrize(
    ("run", "operations"),
    [
        (lambda: A + A, 6),
        (lambda: A * 2.0, 6),
        (A.exp, 6),
        (lambda: A + np.ones(3), 6),  # broadcast: as many as are computed
        (lambda: A @ B, 2 * 2 * 3 * 4),
        (lambda: A @ np.ones(3), 2 * 2 * 3),
        (lambda: np.ones((5, 2, 3)) @ B, 5 * 2 * 2 * 3 * 4),
        (A.sum, 6),
        (lambda: A.sum(axis=0), 6),
        (A.mean, 6 + 1),
        (lambda: A.T, 0),
        (lambda: A.reshape(3, 2), 0),
        (lambda: A[0], 0),
        (lambda: A.tanh().tanh(), 12),
    ],
)
def test_forward_by_hand(run, operations) -> None:
    assert count(run) == operations


def test_backward_by_hand() -> None:
    """A product has two pulls; each contribution is added to what is there: 2 + 2 for each number.
    The sum spreads its gradient by copying, which is free, and adds it once.
    """
    x, y = Tensor(np.ones(5)), Tensor(np.ones(5))
    assert count(lambda: (x * y).sum().backward()) == (5 + 5) + 5 + (5 + 5 + 5 + 5)


def test_backward_of_a_matrix_product_is_two_of_them() -> None:
    a, b = Tensor(np.ones((7, 8))), Tensor(np.ones((8, 9)))
    c = None

    def forward() -> None:
        nonlocal c
        c = a @ b

    with count_operations() as tally:
        forward()
        once = tally.operations
        c.backward(np.ones((7, 9)))
    assert once == 2 * 7 * 8 * 9
    assert tally.operations - once == 2 * once + 7 * 8 + 8 * 9  # and the contributions added


def test_what_was_broadcast_is_summed() -> None:
    bias = Tensor(np.ones(3))
    assert count(lambda: (np.ones((4, 3)) + bias).backward(np.ones((4, 3)))) == 12 + 12 + 3


def test_constants_cost_nothing_backward() -> None:
    x = np.ones((7, 8))
    w = Tensor(np.ones((8, 9)))
    c = 2 * 7 * 8 * 9
    assert count(lambda: (x @ w).backward(np.ones((7, 9)))) == c + c + 8 * 9


def test_a_wasteful_pull_counts_more() -> None:
    def wasteful(a):
        return a * 1.0, lambda g: sum(g * 0.1 for _ in range(10))

    def thrifty(a):
        return a * 1.0, lambda g: g * 1.0

    x = Tensor(np.ones(5))
    waste, thrift = (
        count(lambda rule=rule: Tensor.from_rule("", rule, x).backward(np.ones(5)))
        for rule in (wasteful, thrifty)
    )
    assert waste > 5 * thrift


def test_numbers_and_gradients_are_the_same_as_without() -> None:
    def run():
        rng = np.random.default_rng(0)
        x, w = Tensor(rng.normal(size=(4, 3))), Tensor(rng.normal(size=(3, 5)))
        y = ((x @ w).sigmoid() / 2.0 - (x * x).mean() ** 2).log_softmax()[[0, 0, 2]].max(axis=1)
        loss = y.sum() + (x - 1).relu().log_sum_exp(axis=None)
        loss.backward()
        return float(loss), x.grad, w.grad

    plain = run()
    with count_operations():
        counted = run()
    for ours, theirs in zip(counted, plain, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert type(ours) in (float, np.ndarray)


def test_ends_with_the_block_even_by_an_error() -> None:
    original = Tensor.from_rule
    with pytest.raises(RuntimeError), count_operations() as tally:
        raise RuntimeError
    assert Tensor.from_rule == original
    _ = A + A
    assert tally.operations == 0


def test_within_another_block_the_inner_one_counts() -> None:
    with count_operations() as outer:
        _ = A + A
        with count_operations() as inner:
            _ = A * A
    assert (outer.operations, inner.operations) == (6, 6)
