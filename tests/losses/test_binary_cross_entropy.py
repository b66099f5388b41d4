"""Binary cross-entropy equals torch's on both paths, far out and at zero, learns, refuses."""

import math
import re

import pytest
import torch
from torch import Tensor

from linebyline.losses.binary_cross_entropy import BinaryCrossEntropy, binary_cross_entropy

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(), (6,), (6, 1), (4, 3, 2)])
def test_equals_torch(path: str, reduction: str, shape: tuple[int, ...]) -> None:
    target = torch.sigmoid(random(*shape, seed=1)).round(decimals=1)  # 0 and 1 and between
    ours = (3 * random(*shape)).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    loss = getattr(BinaryCrossEntropy(reduction=reduction), path)(ours, target)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        theirs, target, reduction=reduction
    )
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-14)
    loss.pow(2).sum().backward()
    expected.pow(2).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-14)


@PATHS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logits_that_overflow_an_exponential(path: str, dtype: torch.dtype) -> None:
    z = torch.tensor([-1e4, 1e4, -1e4, 1e4, -800.0, 800.0], dtype=dtype, requires_grad=True)
    y = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.5, 0.25], dtype=dtype)
    losses = getattr(BinaryCrossEntropy(reduction="none"), path)(z, y)
    assert losses.tolist() == [0, 0, 1e4, 1e4, 400, 600]
    losses.sum().backward()
    assert z.grad is not None
    assert z.grad.tolist() == [0, 0, -1, 1, -0.5, 0.75]  # p - y


@PATHS
def test_the_gradient_is_the_error_at_zero_too(path: str) -> None:
    z = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    loss = getattr(BinaryCrossEntropy(), path)(z, torch.tensor([0.0, 1.0]))
    assert loss.item() == pytest.approx(math.log(2))
    (gradient,) = torch.autograd.grad(loss, z, create_graph=True)
    assert gradient.tolist() == [0.25, -0.25]  # 1/n (½ - y)
    (curvature,) = torch.autograd.grad(gradient[0], z)
    assert curvature.tolist() == pytest.approx([0.125, 0])  # 1/n p (1 - p)


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradient(path: str, reduction: str) -> None:
    loss = getattr(BinaryCrossEntropy(reduction=reduction), path)
    z, y = random(3, 2).requires_grad_(), torch.sigmoid(random(3, 2, seed=1)).requires_grad_()
    assert torch.autograd.gradcheck(loss, (z, y))
    assert torch.autograd.gradgradcheck(loss, (z, y.detach()))


@PATHS
def test_its_least_is_the_share_of_yes(path: str) -> None:
    target = torch.tensor([[1], [0], [0], [1], [0]])
    logit = torch.zeros((), requires_grad=True)
    loss = getattr(BinaryCrossEntropy(), path)
    for _ in range(200):
        (gradient,) = torch.autograd.grad(loss(logit.expand(5, 1), target), logit)
        logit = (logit - gradient).detach().requires_grad_()
    assert torch.sigmoid(logit).item() == pytest.approx(0.4, abs=1e-4)


@PATHS
@pytest.mark.parametrize("dtype", [torch.int64, torch.float64])
def test_targets_are_read_in_the_precision_of_the_logits(path: str, dtype: torch.dtype) -> None:
    logits = random(3).float().requires_grad_()
    target = torch.tensor([0, 1, 1], dtype=dtype)
    loss = getattr(BinaryCrossEntropy(), path)(logits, target)
    p = torch.sigmoid(logits)
    torch.testing.assert_close(loss, -((1 - p[0]).log() + p[1:].log().sum()) / 3)
    loss.backward()


@pytest.mark.parametrize(
    "loss", [binary_cross_entropy, BinaryCrossEntropy(), BinaryCrossEntropy().explicit]
)
def test_refuses_a_column_against_a_row(loss: BinaryCrossEntropy) -> None:
    expected = "logits is (6, 1) and target is (6,); target.reshape((6, 1)) lays them"
    with pytest.raises(ValueError, match=re.escape(expected)):
        loss(random(6, 1), torch.ones(6))


@PATHS
@pytest.mark.parametrize(
    ("wrong", "said"),
    [(1.1, "1.1"), (2, "2"), (-0.1, "-0.1"), (math.nan, "nan"), (-1, "-1; from -1 and +1 make")],
)
def test_refuses_targets_that_are_no_probabilities(path: str, wrong: float, said: str) -> None:
    message = f"target must be from 0 to 1, but one is {said}"
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(BinaryCrossEntropy(), path)(random(3), torch.tensor([0.0, wrong, 1.0]))


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
def test_refuses_whole_numbers_and_the_mean_of_nothing(path: str) -> None:
    loss = getattr(BinaryCrossEntropy(), path)
    with pytest.raises(ValueError, match=r"logits must be of a floating-point .* logits.float\(\)"):
        loss(torch.ones(3, dtype=torch.int64), torch.ones(3))
    with pytest.raises(ValueError, match=re.escape("logits is empty, of shape (0, 2)")):
        loss(random(0, 2), random(0, 2))


@PATHS
def test_waits_for_no_other_device(path: str) -> None:
    """Numbers on the meta device cannot be looked at: to try would raise."""
    nowhere = torch.zeros(3, device="meta")
    assert getattr(BinaryCrossEntropy(), path)(nowhere, nowhere).is_meta


def test_refuses_an_unknown_reduction() -> None:
    message = "reduction must be one of 'mean', 'sum', 'none', not 'average'"
    with pytest.raises(ValueError, match=message):
        BinaryCrossEntropy(reduction="average")
    with pytest.raises(ValueError, match=message):
        binary_cross_entropy(random(3), torch.ones(3), reduction="average")


def test_prints_its_reduction() -> None:
    assert repr(BinaryCrossEntropy(reduction="sum")) == "BinaryCrossEntropy(reduction='sum')"
