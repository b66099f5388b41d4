"""Alignment and uniformity equal the authors' few lines, and stand where they are known."""

import math
import re

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from linebyline.losses.alignment_uniformity import alignment, uniformity


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_alignment_is_two_less_twice_the_cosine() -> None:
    first, second = random(2, 7, 4)
    cosines = functional.cosine_similarity(first, second)
    torch.testing.assert_close(alignment(first, second), (2 - 2 * cosines).mean())
    assert alignment(first, 3 * first).item() == pytest.approx(0, abs=1e-12)
    assert alignment(first, -first).item() == pytest.approx(4)


@pytest.mark.parametrize("t", [0.5, 2.0, 5.0])
def test_uniformity_is_the_sum_over_pairs(t: float) -> None:
    z = random(6, 3)
    s = functional.cosine_similarity(z[:, None], z[None], dim=2)
    others = ~torch.eye(6, dtype=torch.bool)
    expected = (-t * (2 - 2 * s[others])).exp().mean().log()
    torch.testing.assert_close(uniformity(z, t=t), expected)


def test_known_places() -> None:
    one = random(1, 5)
    assert uniformity(one.repeat(9, 1)).item() == pytest.approx(0, abs=1e-9)
    heaps = torch.cat([one.repeat(500, 1), -one.repeat(500, 1)])
    assert uniformity(heaps).item() == pytest.approx(math.log(0.5), abs=2e-3)
    assert uniformity(random(500, 4000)).item() == pytest.approx(-4, abs=0.02)


def test_gradients() -> None:
    assert torch.autograd.gradcheck(alignment, tuple(random(2, 4, 3).requires_grad_()))
    assert torch.autograd.gradcheck(uniformity, random(4, 3).requires_grad_())


def test_uniformity_learns_to_spread() -> None:
    z = (random(8, 4) * 0.1 + 1).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        uniformity(z).backward()
        optimizer.step()
    assert uniformity(z).item() < -3


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses() -> None:
    with pytest.raises(ValueError, match=re.escape("first is (2, 3) and second is (3, 3)")):
        alignment(random(2, 3), random(3, 3))
    with pytest.raises(ValueError, match=re.escape("first is (0, 3)")):
        alignment(random(0, 3), random(0, 3))
    with pytest.raises(ValueError, match="z must have at least two rows, not 1"):
        uniformity(random(1, 3))
    with pytest.raises(ValueError, match="t must be above 0, not 0"):
        uniformity(random(2, 3), t=0)
