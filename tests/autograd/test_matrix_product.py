"""Products of matrices, vectors and batches equal torch's; shapes that do not fit are named."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch

from linebyline.autograd.matrix_product import matrix_product

Compare = Callable[..., None]


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3, 4)),
        ((1, 1), (1, 1)),
        ((3,), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((5, 2, 3), (5, 3, 4)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((1, 2, 3), (5, 3, 4)),
        ((6, 1, 2, 3), (5, 3, 4)),
        ((3,), (5, 3, 4)),
        ((5, 2, 3), (3,)),
        ((6, 5, 2, 3), (3,)),
        ((0, 3), (3, 4)),
    ],
)
def test_equals_torch(equals: Compare, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    equals(matrix_product, torch.matmul, random(*left), random(*right, seed=1))


def test_by_hand() -> None:
    a, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    c, pull_a, pull_b = matrix_product(a, b)
    g = np.array([[10.0]])
    assert c.tolist() == [[11]]
    assert pull_a(g).tolist() == [[30, 40]]  # g bᵀ
    assert pull_b(g).tolist() == [[10], [20]]  # aᵀ g
    c, pull_a, pull_b = matrix_product(a[0], b[:, 0])  # and as vectors
    assert c == 11
    assert pull_a(np.array(10.0)).tolist() == [30, 40]
    assert pull_b(np.array(10.0)).tolist() == [10, 20]


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (
            (2, 3),
            (2, 4),
            "shapes (2, 3) and (2, 4) have no product @: rows on the left have length 3, columns "
            "on the right 2",
        ),
        ((3,), (4,), "shapes (3,) and (4,) have no product @: rows on the left have length 3"),
        ((), (4,), "shapes () and (4,): @ multiplies no numbers"),
        ((2, 3), (), "shapes (2, 3) and (): @ multiplies no numbers"),
        (
            (5, 2, 3),
            (4, 3, 2),
            "shapes (5,) and (4,) do not broadcast for (5, 2, 3) @ (4, 3, 2)",
        ),
    ],
)
def test_refuses_shapes_that_do_not_fit(
    left: tuple[int, ...], right: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        matrix_product(random(*left), random(*right))
