"""The mean squared error equals torch's, written out as well as fused, and refuses to broadcast."""

import re

import pytest
import torch
from torch import Tensor

from linebyline.losses.mse import MeanSquaredError, mean_squared_error


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("path", ["forward", "explicit"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(), (6,), (6, 1), (4, 3, 2)])
def test_equals_torch(path: str, reduction: str, shape: tuple[int, ...]) -> None:
    target = random(*shape, seed=1)
    ours = random(*shape).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    loss = getattr(MeanSquaredError(reduction=reduction), path)(ours, target)
    expected = torch.nn.functional.mse_loss(theirs, target, reduction=reduction)
    torch.testing.assert_close(loss, expected, rtol=1e-13, atol=1e-13)
    loss.pow(2).sum().backward()
    expected.pow(2).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_by_hand(path: str) -> None:
    prediction = torch.tensor([1.0, 4.0], requires_grad=True)
    loss = getattr(MeanSquaredError(), path)(prediction, torch.tensor([0.0, 2.0]))
    loss.backward()
    assert loss.item() == (1 + 4) / 2
    assert prediction.grad is not None
    assert prediction.grad.tolist() == [1.0, 2.0]  # 2/n (ŷ - y)


@pytest.mark.parametrize("path", ["forward", "explicit"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradient(path: str, reduction: str) -> None:
    loss = getattr(MeanSquaredError(reduction=reduction), path)
    target = random(3, 2, seed=1)
    prediction = random(3, 2).requires_grad_()
    assert torch.autograd.gradcheck(loss, (prediction, target.requires_grad_()))


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_its_least_is_the_mean(path: str) -> None:
    target = random(20, 1, seed=2)
    constant = torch.zeros((), dtype=torch.float64, requires_grad=True)
    loss = getattr(MeanSquaredError(), path)
    for _ in range(100):
        (gradient,) = torch.autograd.grad(loss(constant.expand(20, 1), target), constant)
        constant = (constant - 0.2 * gradient).detach().requires_grad_()
    torch.testing.assert_close(constant.detach(), target.mean())


@pytest.mark.parametrize("path", ["forward", "explicit"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.float64])
def test_targets_are_read_in_the_precision_of_the_prediction(path: str, dtype: torch.dtype) -> None:
    target = torch.tensor([0, 1, 1], dtype=dtype)
    prediction = random(3).float().requires_grad_()
    loss = getattr(MeanSquaredError(), path)(prediction, target)
    torch.testing.assert_close(loss, (prediction - target.float()).pow(2).mean())
    loss.backward()


@pytest.mark.parametrize(
    "loss", [mean_squared_error, MeanSquaredError(), MeanSquaredError().explicit]
)
def test_refuses_a_column_against_a_row(loss: MeanSquaredError) -> None:
    expected = (
        "prediction and target must have the same shape, but prediction is (6, 1) and "
        "target is (6,); target.reshape((6, 1)) lays them side by side"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        loss(random(6, 1), random(6))


@pytest.mark.parametrize("target", [(), (1,), (3, 1), (1, 2), (2, 3)])
def test_refuses_whatever_would_be_broadcast(target: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"prediction is (3, 2) and target is {target}")):
        mean_squared_error(random(3, 2), random(*target))


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_refuses_the_mean_of_nothing(path: str) -> None:
    with pytest.raises(ValueError, match=re.escape("prediction is empty, of shape (0, 2)")):
        getattr(MeanSquaredError(), path)(random(0, 2), random(0, 2))
    assert getattr(MeanSquaredError(reduction="sum"), path)(random(0, 2), random(0, 2)).item() == 0


def test_refuses_an_unknown_reduction() -> None:
    with pytest.raises(
        ValueError, match=r"reduction must be one of 'mean', 'sum', 'none', not 'average'"
    ):
        MeanSquaredError(reduction="average")
    with pytest.raises(ValueError, match=r"not 'average'"):
        mean_squared_error(random(3), random(3), reduction="average")


def test_prints_its_reduction() -> None:
    assert repr(MeanSquaredError(reduction="sum")) == "MeanSquaredError(reduction='sum')"
