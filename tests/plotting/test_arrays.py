import numpy as np
import pytest
import torch

from linebyline.plotting.arrays import to_numpy


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_a_tensor_with_gradient_comes_out_as_float64_without_rounding(dtype):
    values = torch.tensor([0.5, -1.25, 3.0], dtype=dtype, requires_grad=True)
    array = to_numpy(values, "values", ("n",))
    assert array.dtype == np.float64
    assert array.tolist() == [0.5, -1.25, 3.0]


def test_no_digit_of_a_double_is_lost():
    assert to_numpy(torch.tensor([0.1], dtype=torch.float64), "values", (1,)).item() == 0.1


def test_whole_numbers_and_bools_stay_what_they_are():
    assert to_numpy(torch.tensor([1, 2]), "ids", (2,)).dtype.kind == "i"
    assert to_numpy(np.array([True, False]), "ids", ("n",)).dtype == bool


def test_a_list_of_losses_with_gradients_is_read():
    losses = [torch.tensor(2.0, requires_grad=True), torch.tensor(1.0), 0.5]
    assert to_numpy(losses, "losses", ("n",)).tolist() == [2.0, 1.0, 0.5]


def test_one_of_several_shapes_is_enough():
    assert to_numpy(3, "bias", (), (1,)).shape == ()
    assert to_numpy([3], "bias", (), (1,)).shape == (1,)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("values", "shapes", "error", "message"),
    [
        (torch.ones(3), [("n", 2)], ValueError, r"dots must have shape \(n, 2\).*has shape \(3,\)"),
        (torch.ones(4, 3), [("n", 2)], ValueError, r"dots must have .*has shape \(4, 3\)"),
        (torch.ones(4), [(2,), ("n", 2)], ValueError, r"dots must have shape \(2\) or \(n, 2\)"),
        (torch.ones(0, 2), [("n", 2)], ValueError, "dots is empty"),
        ([[1, 2], [3]], [("n", 2)], ValueError, "dots must be a full array"),
        (["a", "b"], [("n",)], TypeError, "dots must hold real numbers"),
        (torch.ones(2, dtype=torch.complex64), [("n",)], TypeError, "dots must hold real numbers"),
    ],
)
def test_refuses_by_name(values, shapes, error, message):
    with pytest.raises(error, match=message):
        to_numpy(values, "dots", *shapes)
