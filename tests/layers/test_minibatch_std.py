"""The batch's spread equals torch's standard deviation, and pushes clones apart."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from linebyline.layers.minibatch_std import MinibatchStd, batch_spread

Numbers = Callable[..., Tensor]


def test_equals_torch(numbers: Numbers) -> None:
    for h in (numbers(6, 3, 2, 4), numbers(6, 3)):
        expected = h.std(0, correction=0).mean()
        torch.testing.assert_close(batch_spread(h), expected, rtol=1e-7, atol=0)


def test_by_hand() -> None:
    h = torch.tensor([[1.0, 0.0], [3.0, 0.0]])  # deviations 1 and 0, so the mean is a half
    assert batch_spread(h).item() == pytest.approx(0.5, abs=1e-4)
    assert batch_spread(torch.ones(4, 2)).item() == pytest.approx(1e-4)
    assert batch_spread(torch.ones(4, 2), eps=0.01).item() == pytest.approx(0.1)


def test_is_laid_beside_the_features(numbers: Numbers) -> None:
    h = numbers(6, 3, 2, 4)
    out = MinibatchStd()(h)
    assert out.shape == (6, 4, 2, 4)
    assert torch.equal(out[:, :3], h)
    assert torch.equal(out[:, 3], batch_spread(h).expand(6, 2, 4))
    assert MinibatchStd()(h[:, :, 0, 0]).shape == (6, 4)


def test_gradient_by_hand_and_by_differences(numbers: Numbers) -> None:
    assert gradcheck(batch_spread, numbers(4, 2, 2).requires_grad_())
    h = numbers(5, 1).requires_grad_()
    (slope,) = torch.autograd.grad(batch_spread(h), h)
    outward = (h - h.mean()) / (5 * h.std(correction=0))
    torch.testing.assert_close(slope, outward.detach())


def test_clones_have_a_finite_slope() -> None:
    h = torch.ones(4, 2, requires_grad=True)
    batch_spread(h).backward()
    assert torch.equal(h.grad, torch.zeros(4, 2))


def test_refuses(without_shape_checks: None) -> None:
    with pytest.raises(ValueError, match="eps must be above 0, not 0"):
        batch_spread(torch.ones(2, 2), eps=0)
    with pytest.raises(ValueError, match=r"h must have the shape .* not \(3,\)"):
        batch_spread(torch.ones(3))
