"""The parts by path length are the paths, added up one by one, and sum to the gradient."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn
from vision.conftest import generator, images

from linebyline.vision.path_lengths import gradient_by_path_length
from linebyline.vision.preactivation import PreActivationBlock
from linebyline.vision.residual_blocks import BasicBlock, Bottleneck, ResidualBlock


def some_blocks(shortcut: str = "projection") -> list[ResidualBlock]:
    g = generator()
    blocks = [
        BasicBlock(4, 4, generator=g),
        BasicBlock(4, 8, stride=2, shortcut=shortcut, generator=g),
        Bottleneck(8, 2, generator=g),
    ]
    return [block.double() for block in blocks]


def loss(h: Tensor) -> Tensor:
    return h.pow(3).sum()


@pytest.mark.parametrize("shortcut", ["projection", "padding"])
def test_the_parts_add_up_to_the_gradient(shortcut: str) -> None:
    blocks = some_blocks(shortcut)
    h = images(3, 4, 6, 6).relu().requires_grad_()
    (whole,) = torch.autograd.grad(loss(nn.Sequential(*blocks)(h)), h)
    parts = gradient_by_path_length(blocks, h, loss)
    assert parts.shape == (4, *h.shape)
    torch.testing.assert_close(parts.sum(0), whole, rtol=1e-10, atol=1e-10)
    assert h.grad is None
    assert all(p.grad is None for block in blocks for p in block.parameters())


@pytest.mark.parametrize("shortcut", ["projection", "padding"])
def test_equals_all_paths_one_by_one(shortcut: str) -> None:
    """Each of the 2³ paths alone: the other way is cut by `detach`, so values stay as they are."""
    blocks = some_blocks(shortcut)
    start = images(3, 4, 6, 6).relu()
    expected = torch.zeros(4, *start.shape, dtype=torch.float64)
    for choice in product((False, True), repeat=3):
        x = start.clone().requires_grad_()
        h = x
        for block, through in zip(blocks, choice, strict=True):
            carried = h if block.downsample is None else block.downsample(h)
            branch = block.residual(h)
            carried, branch = (carried.detach(), branch) if through else (carried, branch.detach())
            h = torch.relu(carried + branch)
        (gradient,) = torch.autograd.grad(loss(h), x)
        expected[sum(choice)] += gradient
    parts = gradient_by_path_length(blocks, start, loss)
    torch.testing.assert_close(parts, expected, rtol=1e-10, atol=1e-10)
    assert not start.requires_grad
    assert not parts.requires_grad


def test_silent_branches_leave_the_shortest_path_alone() -> None:
    blocks = some_blocks()
    for block in blocks:
        block.zero_branch()
    h = images(2, 4, 4, 4).relu().requires_grad_()
    parts = gradient_by_path_length(blocks, h, loss)
    assert parts[0].any()
    assert not parts[1:].any()
    # Where h is 0, so is the sum behind it, and a relu at 0 lets nothing through.
    (whole,) = torch.autograd.grad(nn.Sequential(*blocks)(h).sum(), h)
    assert not whole[h == 0].any()
    torch.testing.assert_close(gradient_by_path_length(blocks, h, torch.sum)[0], whole)


def test_refuses_by_name() -> None:
    h = images(2, 4, 4, 4)
    with pytest.raises(ValueError, match=r"^blocks must be at least one"):
        gradient_by_path_length([], h, loss)
    plain = BasicBlock(4, 4, shortcut="none").double()
    with pytest.raises(ValueError, match=r"^blocks must add .* but blocks\[1\] is plain"):
        gradient_by_path_length([some_blocks()[0], plain], h, loss)
    with pytest.raises(ValueError, match=r"^blocks must add .* but blocks\[0\] is pre-activated"):
        gradient_by_path_length([PreActivationBlock(4, 4)], h, loss)
