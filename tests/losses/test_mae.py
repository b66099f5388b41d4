"""The mean absolute error equals torch's on both paths, ends at the median, broadcasts nothing."""

import re

import pytest
import torch
from torch import Tensor

from linebyline.losses.mae import MeanAbsoluteError, mean_absolute_error

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(), (6,), (6, 1), (4, 3, 2)])
def test_equals_torch(path: str, reduction: str, shape: tuple[int, ...]) -> None:
    target = random(*shape, seed=1)
    ours = random(*shape).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    loss = getattr(MeanAbsoluteError(reduction=reduction), path)(ours, target)
    expected = torch.nn.functional.l1_loss(theirs, target, reduction=reduction)
    torch.testing.assert_close(loss, expected, rtol=1e-13, atol=1e-13)
    loss.pow(2).sum().backward()
    expected.pow(2).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-13, atol=1e-13)


@PATHS
def test_by_hand(path: str) -> None:
    prediction = torch.tensor([1.0, 4.0, 5.0, -9.0], requires_grad=True)
    loss = getattr(MeanAbsoluteError(), path)(prediction, torch.tensor([0.0, 2.0, 5.0, -8.0]))
    loss.backward()
    assert loss.item() == (1 + 2 + 0 + 1) / 4
    assert prediction.grad is not None
    assert prediction.grad.tolist() == [0.25, 0.25, 0.0, -0.25]  # 1/n sign(ŷ - y)


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradient(path: str, reduction: str) -> None:
    loss = getattr(MeanAbsoluteError(reduction=reduction), path)
    prediction, target = random(3, 2).requires_grad_(), random(3, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(loss, (prediction, target))


@PATHS
def test_its_least_is_the_median(path: str) -> None:
    target = torch.tensor([[1.0], [2.0], [4.0], [9.0], [1000.0]])
    constant = torch.zeros((), requires_grad=True)
    loss = getattr(MeanAbsoluteError(), path)
    for _ in range(100):
        (gradient,) = torch.autograd.grad(loss(constant.expand(5, 1), target), constant)
        constant = (constant - 0.25 * gradient).detach().requires_grad_()
    assert constant.item() == pytest.approx(4, abs=0.05)


@PATHS
@pytest.mark.parametrize("dtype", [torch.int64, torch.float64])
def test_targets_are_read_in_the_precision_of_the_prediction(path: str, dtype: torch.dtype) -> None:
    target = torch.tensor([0, 1, 1], dtype=dtype)
    prediction = random(3).float().requires_grad_()
    loss = getattr(MeanAbsoluteError(), path)(prediction, target)
    torch.testing.assert_close(loss, (prediction - target.float()).abs().mean())
    loss.backward()


@pytest.mark.parametrize(
    "loss", [mean_absolute_error, MeanAbsoluteError(), MeanAbsoluteError().explicit]
)
def test_refuses_a_column_against_a_row(loss: MeanAbsoluteError) -> None:
    expected = "prediction is (6, 1) and target is (6,); target.reshape((6, 1)) lays them"
    with pytest.raises(ValueError, match=re.escape(expected)):
        loss(random(6, 1), random(6))


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
def test_refuses_whole_numbers_and_the_mean_of_nothing(path: str) -> None:
    loss = getattr(MeanAbsoluteError(), path)
    with pytest.raises(ValueError, match="prediction must be of a floating-point type, not torch"):
        loss(torch.ones(3, dtype=torch.int64), torch.ones(3))
    with pytest.raises(ValueError, match=re.escape("prediction is empty, of shape (0, 2)")):
        loss(random(0, 2), random(0, 2))


def test_refuses_an_unknown_reduction() -> None:
    message = "reduction must be one of 'mean', 'sum', 'none', not 'average'"
    with pytest.raises(ValueError, match=message):
        MeanAbsoluteError(reduction="average")
    with pytest.raises(ValueError, match=message):
        mean_absolute_error(random(3), random(3), reduction="average")


def test_prints_its_reduction() -> None:
    assert repr(MeanAbsoluteError(reduction="sum")) == "MeanAbsoluteError(reduction='sum')"
