"""A copy in float64 that cannot be written into, of real numbers only."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from linebyline.autograd.read_only import read_only


@pytest.mark.parametrize(
    "data", [3, 2.5, True, [1, 2], [[1.0], [2.0]], np.arange(3), np.float32([1.5, 2])]
)
def test_keeps_the_numbers_and_cannot_be_written_into(data: Any) -> None:
    array = read_only(data)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, np.asarray(data, dtype=float))
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0.0


def test_is_a_copy() -> None:
    """A view or the array itself could be changed under its other name."""
    data = np.zeros(3)
    array = read_only(data)
    data[0] = 1.0
    assert array.tolist() == [0, 0, 0]
    assert data.flags.writeable
    assert read_only(array) is not array


@pytest.mark.parametrize("data", ["3", ["a", "b"], None, 1j, {"a": 1}, [Decimal(1)]])
def test_refuses_what_are_no_real_numbers(data: Any) -> None:
    with pytest.raises(TypeError, match="are real numbers, not"):
        read_only(data)


def test_refuses_rows_of_different_length() -> None:
    with pytest.raises(ValueError, match="data must be a full array, its rows of one length"):
        read_only([[1, 2], [3]])
