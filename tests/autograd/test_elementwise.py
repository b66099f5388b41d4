"""Each rule equals torch's function and finite differences, and refuses shapes that do not fit."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from linebyline.autograd import elementwise

Compare = Callable[..., None]
SHAPES = [
    ((), ()),
    ((3,), ()),
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((3,), (4, 2, 1)),
    ((0, 3), (3,)),
]
BINARY = [
    (elementwise.add, torch.add),
    (elementwise.subtract, torch.sub),
    (elementwise.multiply, torch.mul),
    (elementwise.divide, torch.div),
]
UNARY = [
    (elementwise.negate, torch.neg),
    (elementwise.exp, torch.exp),
    (elementwise.tanh, torch.tanh),
    (elementwise.sigmoid, torch.sigmoid),
    (elementwise.relu, torch.relu),
]


def random(*shape: int, seed: int = 0) -> np.ndarray:
    """Of both signs, and far enough from 0 to divide by."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.uniform(0.5, 2, size=shape) * rng.choice([-1, 1], size=shape))


@pytest.mark.parametrize(("rule", "reference"), BINARY)
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_arithmetic(
    equals: Compare, rule: Any, reference: Any, left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    a, b = random(*left), random(*right, seed=1)
    equals(rule, reference, a, b)
    equals(rule, reference, b, a)


@pytest.mark.parametrize(("rule", "reference"), UNARY)
@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_functions(equals: Compare, rule: Any, reference: Any, shape: tuple[int, ...]) -> None:
    equals(rule, reference, random(*shape))


def test_log(equals: Compare) -> None:
    equals(elementwise.log, torch.log, np.abs(random(2, 3)))


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 3, 3.0])
def test_whole_powers(equals: Compare, n: float) -> None:
    equals(lambda a: elementwise.power(a, n), lambda a: a**n, random(2, 3))


@pytest.mark.parametrize("n", [-1.5, 0.5, np.float64(2.5), np.int64(2)])
def test_other_powers(equals: Compare, n: float) -> None:
    equals(lambda a: elementwise.power(a, float(n)), lambda a: a ** float(n), np.abs(random(2, 3)))


@pytest.mark.parametrize("n", [0, 1, 2])
def test_powers_at_zero(equals: Compare, n: int) -> None:
    equals(lambda a: elementwise.power(a, n), lambda a: a**n, np.zeros(3), gradcheck=False)


@pytest.mark.parametrize("base", [0.5, 1, 2, 10.0])
def test_exponential(equals: Compare, base: float) -> None:
    equals(lambda a: elementwise.exponential(a, base), lambda a: base**a, random(2, 3))


def test_relu_is_flat_at_zero(equals: Compare) -> None:
    equals(elementwise.relu, torch.relu, np.array([-1.0, 0.0, 1.0]), gradcheck=False)


def test_sigmoid_neither_overflows_nor_loses_small_numbers() -> None:
    a = np.array([-800.0, -700.0, -30.0, 0.0, 30.0, 800.0])
    y, pull = elementwise.sigmoid(a)
    expected = torch.sigmoid(torch.from_numpy(a)).numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    slope = expected * (1 - expected)
    np.testing.assert_allclose(pull(np.ones(6)), slope, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("rule", "reference"), BINARY)
def test_refuses_shapes_that_do_not_broadcast(rule: Any, reference: Any) -> None:
    sign = {torch.add: "+", torch.sub: "-", torch.mul: "*", torch.div: "/"}[reference]
    with pytest.raises(
        ValueError, match=re.escape(f"shapes (2, 3) and (2,) do not broadcast for {sign}:")
    ):
        rule(random(2, 3), random(2))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("exponent", [np.ones(3), "2", None])
def test_refuses_an_exponent_that_is_no_number(exponent: Any) -> None:
    with pytest.raises(TypeError, match=re.escape("write (b * a.log()).exp() where it varies")):
        elementwise.power(random(3), exponent)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("base", [0, -2.0, float("nan"), np.ones(3)])
def test_refuses_a_base_that_is_no_positive_number(base: Any) -> None:
    with pytest.raises(ValueError, match="base must be a positive number, not"):
        elementwise.exponential(random(3), base)
