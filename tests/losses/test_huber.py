"""Huber's loss equals torch's on both paths, clips the gradient, withstands outliers, refuses."""

import math
import re

import pytest
import torch
from torch import Tensor

from linebyline.losses.huber import HuberLoss, huber_loss
from linebyline.losses.mae import mean_absolute_error
from linebyline.losses.mse import mean_squared_error

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@PATHS
@pytest.mark.parametrize("delta", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(), (20,), (20, 1), (4, 3, 2)])
def test_equals_torch(path: str, delta: float, reduction: str, shape: tuple[int, ...]) -> None:
    target = random(*shape, seed=1)
    ours = random(*shape).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    loss = getattr(HuberLoss(delta=delta, reduction=reduction), path)(ours, target)
    expected = torch.nn.functional.huber_loss(theirs, target, delta=delta, reduction=reduction)
    torch.testing.assert_close(loss, expected, rtol=1e-13, atol=1e-13)
    loss.pow(2).sum().backward()
    expected.pow(2).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-13, atol=1e-13)


@PATHS
def test_by_hand(path: str) -> None:
    prediction = torch.tensor([1.0, 2.0, -3.0, 1e30, 0.0], requires_grad=True)
    losses = getattr(HuberLoss(delta=2.0, reduction="none"), path)(prediction, torch.zeros(5))
    losses.sum().backward()
    # ½ · 1², ½ · 2² where the pieces meet, 2 (3 - 1), far out no infinity, and nothing at 0
    assert losses.tolist() == pytest.approx([0.5, 2.0, 4.0, 2e30, 0.0])
    assert prediction.grad is not None
    assert prediction.grad.tolist() == [1.0, 2.0, -2.0, 2.0, 0.0]  # the error, clipped


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradient(path: str, reduction: str) -> None:
    loss = getattr(HuberLoss(delta=0.7, reduction=reduction), path)
    prediction, target = random(3, 2).requires_grad_(), random(3, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(loss, (prediction, target))


@PATHS
def test_lies_between_half_the_squared_and_the_absolute_error(path: str) -> None:
    prediction, target = random(30), random(30, seed=1)
    wide = getattr(HuberLoss(delta=100.0), path)(prediction, target)
    torch.testing.assert_close(wide, mean_squared_error(prediction, target) / 2)
    narrow = getattr(HuberLoss(delta=1e-6), path)(prediction, target) / 1e-6
    torch.testing.assert_close(narrow, mean_absolute_error(prediction, target), rtol=1e-5, atol=0)


@PATHS
def test_over_delta_it_is_the_smooth_l1_loss(path: str) -> None:
    prediction, target = random(30), random(30, seed=1)
    smooth = torch.nn.functional.smooth_l1_loss(prediction, target, beta=0.4)
    torch.testing.assert_close(
        getattr(HuberLoss(delta=0.4), path)(prediction, target) / 0.4, smooth
    )


@PATHS
def test_learns_a_line_past_an_outlier(path: str) -> None:
    x = torch.linspace(-1, 1, 21)
    y = 2 * x + 1
    y[3] = 500.0
    weights = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.5)
    for _ in range(300):
        optimizer.zero_grad()
        getattr(HuberLoss(delta=0.1), path)(weights[0] * x + weights[1], y).backward()
        optimizer.step()
    assert weights.tolist() == pytest.approx([2, 1], abs=0.05)


@PATHS
@pytest.mark.parametrize("dtype", [torch.int64, torch.float64])
def test_targets_are_read_in_the_precision_of_the_prediction(path: str, dtype: torch.dtype) -> None:
    prediction = random(3).float().requires_grad_()
    loss = getattr(HuberLoss(), path)(prediction, torch.tensor([0, 1, 1], dtype=dtype))
    assert loss.dtype == torch.float32
    loss.backward()


@pytest.mark.parametrize("loss", [huber_loss, HuberLoss(), HuberLoss().explicit])
def test_refuses_a_column_against_a_row(loss: HuberLoss) -> None:
    expected = "prediction is (6, 1) and target is (6,); target.reshape((6, 1)) lays them"
    with pytest.raises(ValueError, match=re.escape(expected)):
        loss(random(6, 1), random(6))


@PATHS
def test_refuses_the_mean_of_nothing(path: str) -> None:
    with pytest.raises(ValueError, match=re.escape("prediction is empty, of shape (0, 2)")):
        getattr(HuberLoss(), path)(random(0, 2), random(0, 2))


@pytest.mark.parametrize("delta", [0.0, -1.0, math.nan, math.inf])
def test_refuses_a_delta_that_is_not_positive(delta: float) -> None:
    message = f"delta must be positive and finite, not {delta}"
    with pytest.raises(ValueError, match=message):
        HuberLoss(delta=delta)
    with pytest.raises(ValueError, match=message):
        huber_loss(random(3), random(3), delta=delta)


def test_refuses_an_unknown_reduction() -> None:
    message = "reduction must be one of 'mean', 'sum', 'none', not 'average'"
    with pytest.raises(ValueError, match=message):
        HuberLoss(reduction="average")
    with pytest.raises(ValueError, match=message):
        huber_loss(random(3), random(3), reduction="average")


def test_prints_its_options() -> None:
    assert repr(HuberLoss(delta=2.0)) == "HuberLoss(delta=2.0, reduction='mean')"
