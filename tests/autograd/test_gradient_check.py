"""A right gradient passes, every planted mistake is seen, and nothing is left changed."""

from unittest.mock import patch

import numpy as np
import pytest
from jaxtyping import Float

from linebyline.autograd import elementwise
from linebyline.autograd.elementwise import Array, Unary
from linebyline.autograd.gradient_check import gradient_error
from linebyline.autograd.tensor import Tensor


def network(seed: int = 0) -> tuple[list[Tensor], "callable"]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(5, 4))
    leaves = [Tensor(rng.normal(size=shape)) for shape in [(3, 4), (3,), (3,)]]

    def loss() -> Tensor:
        weight, bias, output = leaves
        return ((x @ weight.T + bias).tanh() @ output).log_sum_exp()

    return leaves, loss


@pytest.mark.parametrize("seed", range(5))
def test_a_right_gradient_passes(seed: int) -> None:
    leaves, loss = network(seed)
    assert gradient_error(loss, leaves, seed=seed) < 1e-7


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.999, 1.001, 2.0, -1.0])
def test_a_wrong_factor_is_measured(factor: float) -> None:
    """With every slope f times too large, the error is |1 - f| / max(1, |f|)."""

    def tanh(a: Array) -> Unary:
        y = np.tanh(a)
        return y, lambda g: factor * g * (1 - y**2)

    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=7))
    with patch.object(elementwise, "tanh", tanh):
        error = gradient_error(lambda: x.tanh().sum(), [x])
    assert error == pytest.approx(abs(1 - factor) / max(1, abs(factor)), abs=1e-7)


def test_one_wrong_leaf_among_right_ones_is_seen() -> None:
    def add(a: Array, b: Array) -> tuple[Float[np.ndarray, "..."], "callable", "callable"]:
        return a + b, lambda g: g, lambda g: 0.5 * g

    leaves, loss = network()
    with patch.object(elementwise, "add", add):
        assert gradient_error(loss, leaves) > 1e-3
        assert gradient_error(loss, [leaves[2]]) < 1e-7  # behind the sum all is well


def test_a_step_too_large_or_too_small_is_worse() -> None:
    leaves, loss = network()
    wide, right, tiny = (gradient_error(loss, leaves, step=h) for h in (0.5, 1e-5, 1e-13))
    assert right < 1e-3 * wide
    assert right < 1e-3 * tiny


def test_the_direction_has_length_one_and_the_differences_are_central() -> None:
    """For a cubic Σx³ the central difference misses h² Σd³ exactly, with d of length 1."""
    x = Tensor(np.arange(1.0, 5.0))
    way = np.random.default_rng([3, 0xD1FF]).normal(size=4)
    way /= np.linalg.norm(way)
    promised, missed = np.sum(3 * x.data**2 * way), 0.1**2 * np.sum(way**3)
    expected = abs(missed) / max(abs(promised), abs(promised + missed))
    error = gradient_error(lambda: (x**3).sum(axis=0), [x], step=0.1, seed=3)
    assert error == pytest.approx(expected, rel=1e-9)


def test_directions_differ_with_the_seed() -> None:
    leaves, loss = network()
    assert len({gradient_error(loss, leaves, step=0.1, seed=seed) for seed in range(4)}) == 4


def test_a_function_that_does_not_change_is_right() -> None:
    x = Tensor([1.0, 2.0])
    assert gradient_error(lambda: (x**0).sum(axis=0), [x]) == 0.0


def test_leaves_have_their_data_and_gradients_afterwards() -> None:
    leaves, loss = network()
    loss().backward()
    before = [(leaf.data, leaf.grad) for leaf in leaves]
    assert gradient_error(loss, leaves) < 1e-7  # what was there before takes no part
    for leaf, (data, grad) in zip(leaves, before, strict=True):
        np.testing.assert_array_equal(leaf.data, data)
        assert leaf.grad is grad

    def fails() -> Tensor:
        if any((leaf.data != data).any() for leaf, (data, _) in zip(leaves, before, strict=True)):
            raise RuntimeError("no")
        return loss()

    with pytest.raises(RuntimeError):
        gradient_error(fails, leaves)
    for leaf, (data, _) in zip(leaves, before, strict=True):
        np.testing.assert_array_equal(leaf.data, data)


def test_refuses_leaves_that_are_none() -> None:
    x = Tensor([1.0, 2.0])
    y = x * 2
    for leaves in ([], [y], [x, y]):
        with pytest.raises(ValueError, match="leaves must be one or more tensors"):
            gradient_error(x.sum, leaves)
    with pytest.raises(ValueError, match="leaves must all take part in the function"):
        gradient_error(x.sum, [x, Tensor(1.0)])


def test_the_direction_is_not_the_data_of_the_same_seed() -> None:
    """Along its own argument x -> x / |x| is constant, and both slopes would be rounding."""
    x = Tensor(np.random.default_rng(0).normal(size=5))
    weights = np.arange(5.0)
    assert gradient_error(lambda: (weights * x).sum() / (x * x).sum() ** 0.5, [x], seed=0) < 1e-7
