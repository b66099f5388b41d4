"""The focal loss equals kornia's and binary cross-entropy, far out too, learns, refuses."""

import math
import re

import pytest
import torch
from kornia.losses import binary_focal_loss_with_logits
from torch import Tensor

from linebyline.losses.focal import FocalLoss, focal_loss

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def yes_or_no(*shape: int) -> Tensor:
    return (random(*shape, seed=1) > 0).double()


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("alpha", [None, 0.25, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_equals_kornia(path: str, gamma: float, alpha: float | None, reduction: str) -> None:
    target = yes_or_no(4, 3, 2)
    ours = (3 * random(4, 3, 2)).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    loss = getattr(FocalLoss(gamma=gamma, alpha=alpha, reduction=reduction), path)(ours, target)
    expected = binary_focal_loss_with_logits(
        theirs, target, alpha=alpha, gamma=gamma, reduction=reduction
    )
    torch.testing.assert_close(loss, expected, rtol=1e-10, atol=1e-12)
    loss.pow(2).sum().backward()
    expected.pow(2).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-12)


@PATHS
def test_without_gamma_and_alpha_it_is_cross_entropy(path: str) -> None:
    z, y = random(6, 2), yes_or_no(6, 2)
    loss = getattr(FocalLoss(gamma=0, alpha=None), path)(z, y)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
    torch.testing.assert_close(loss, expected)


@PATHS
def test_by_hand(path: str) -> None:
    z = torch.tensor([math.log(9.0), math.log(9.0)], dtype=torch.float64)  # p = 0.9
    y = torch.tensor([1, 0])
    losses = getattr(FocalLoss(alpha=None, reduction="none"), path)(z, y)
    assert losses.tolist() == pytest.approx([-0.01 * math.log(0.9), -0.81 * math.log(0.1)])
    weighed = getattr(FocalLoss(alpha=0.25, reduction="none"), path)(z, y)
    assert (weighed / losses).tolist() == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logits_that_overflow_an_exponential(gamma: float, dtype: torch.dtype) -> None:
    z = torch.tensor([-1e4, 1e4, -1e4, 1e4], dtype=dtype, requires_grad=True)
    y = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=dtype)
    losses = focal_loss(z, y, gamma=gamma, alpha=None, reduction="none")
    assert losses.tolist() == [0, 0, 1e4, 1e4]
    losses.sum().backward()
    assert z.grad is not None
    assert z.grad.tolist() == [0, 0, -1, 1]


@PATHS
@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_gradient(path: str, gamma: float) -> None:
    loss = getattr(FocalLoss(gamma=gamma), path)
    assert torch.autograd.gradcheck(
        lambda z: loss(z, yes_or_no(3, 2)), (random(3, 2).requires_grad_(),)
    )


@PATHS
def test_learns_a_rare_yes(path: str) -> None:
    x = torch.linspace(-1, 1, 21)
    target = (x > 0.75).float()
    weight = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=0.5)
    for _ in range(300):
        optimizer.zero_grad()
        getattr(FocalLoss(reduction="sum"), path)(weight[0] * x + weight[1], target).backward()
        optimizer.step()
    assert torch.equal(weight[0] * x + weight[1] > 0, target > 0)


@PATHS
@pytest.mark.parametrize("wrong", [0.5, 2.0, -1.0, math.nan])
def test_refuses_targets_that_are_neither(path: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"target must be 0 or 1, but one is {wrong:g}")):
        getattr(FocalLoss(), path)(random(3), torch.tensor([0.0, wrong, 1.0]))


@PATHS
def test_refuses_a_column_against_a_row(path: str) -> None:
    with pytest.raises(ValueError, match=r"logits is \(6, 1\) and target is \(6,\)"):
        getattr(FocalLoss(), path)(random(6, 1), torch.ones(6))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma": -1}, "gamma must be zero or more, and finite, not -1"),
        ({"gamma": math.inf}, "gamma must be zero or more, and finite, not inf"),
        ({"alpha": 1.5}, "alpha must be from 0 to 1, or None, not 1.5"),
        ({"reduction": "average"}, "reduction must be one of 'mean', 'sum', 'none', not 'average'"),
    ],
)
def test_refuses_options(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        FocalLoss(**options)
    with pytest.raises(ValueError, match=re.escape(message)):
        focal_loss(random(3), torch.ones(3), **options)


@PATHS
def test_waits_for_no_other_device(path: str) -> None:
    nowhere = torch.zeros(3, device="meta")
    assert getattr(FocalLoss(), path)(nowhere, nowhere).is_meta


def test_prints_its_options() -> None:
    assert repr(FocalLoss()) == "FocalLoss(gamma=2.0, alpha=0.25, reduction='mean')"
