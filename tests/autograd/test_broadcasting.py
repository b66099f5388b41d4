"""Shapes fit exactly when NumPy broadcasts them; the gradient sums over what was copied."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from linebyline.autograd.broadcasting import check_broadcast, sum_to

SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)


@settings(deadline=None)
@given(SHAPES, SHAPES)
def test_accepts_what_numpy_broadcasts(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    try:
        np.broadcast_shapes(left, right)
    except ValueError:
        with pytest.raises(ValueError, match="do not broadcast for"):
            check_broadcast("+", left, right)
    else:
        check_broadcast("+", left, right)


def test_names_both_shapes_and_the_operation() -> None:
    expected = (
        "shapes (2, 3) and (2,) do not broadcast for *: from the last axis on, sizes are "
        "equal or one is 1, but here 3 and 2"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        check_broadcast("*", (2, 3), (2,))


@settings(deadline=None)
@given(st.data())
def test_sums_as_torch_does(data: st.DataObject) -> None:
    shapes = data.draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3))
    shape, result = shapes.input_shapes[0], shapes.result_shape
    operand = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    gradient = np.random.default_rng(0).normal(size=result)
    operand.expand(result).backward(torch.from_numpy(gradient))
    ours = sum_to(gradient, shape)
    assert ours.shape == shape
    np.testing.assert_allclose(ours, operand.grad.numpy(), rtol=1e-13, atol=1e-13)


def test_by_hand() -> None:
    gradient = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert sum_to(gradient, (3,)).tolist() == [5, 7, 9]
    assert sum_to(gradient, (2, 1)).tolist() == [[6], [15]]
    assert sum_to(gradient, ()) == 21
    assert sum_to(gradient, (2, 3)) is gradient
    assert sum_to(np.zeros((0, 3)), (3,)).tolist() == [0, 0, 0]  # no copy was made, nobody pays


@pytest.mark.parametrize("shape", [(2,), (3, 1), (1, 2, 3), (2, 3, 1)])
def test_refuses_an_operand_that_was_not_broadcast_so(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"shape {shape} is not broadcast to (2, 3)")):
        sum_to(np.zeros((2, 3)), shape)
