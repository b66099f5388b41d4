"""Pull and pushes are the derivative of NT-Xent, and each of their laws is seen."""

import math
import re

import pytest
import torch
from torch import Tensor

from linebyline.losses.contrast_forces import (
    chances,
    forces,
    gradient,
    heard,
    least_loss,
    wrong_answers,
)
from linebyline.losses.nt_xent import nt_xent, partners, similarities

PLACES = torch.tensor([[1.0, 0.0], [0.6, -0.8], [0.8, 0.6], [0.0, 1.0]], dtype=torch.float64)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(("pairs", "features"), [(2, 2), (5, 3), (9, 16)])
def test_the_gradient_is_autograds(temperature: float, pairs: int, features: int) -> None:
    z = random(2 * pairs, features).requires_grad_()
    first, second = z.chunk(2)
    nt_xent(first, second, temperature=temperature).backward()
    ours = gradient(first.detach(), second.detach(), temperature=temperature)
    torch.testing.assert_close(ours, z.grad)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_forces_are_the_derivative_by_the_cosines(temperature: float) -> None:
    first, second = random(2, 4, 3)
    s = similarities(torch.cat([first, second])).requires_grad_()
    logits = (s / temperature).masked_fill(torch.eye(8, dtype=torch.bool), -math.inf)
    torch.nn.functional.cross_entropy(logits, partners(4), reduction="sum").backward()
    assert s.grad is not None
    pull, push = forces(first, second, temperature=temperature)
    torch.testing.assert_close(push, s.grad.masked_fill(~wrong_answers(4), 0) * temperature)
    torch.testing.assert_close(pull, -s.grad[torch.arange(8), partners(4)] * temperature)


def test_chances_are_those_of_the_loss() -> None:
    first, second = random(2, 6, 3)
    p = chances(first, second, temperature=0.3)
    torch.testing.assert_close(p.sum(1), torch.ones(12, dtype=torch.float64))
    assert p.diagonal().tolist() == [0.0] * 12
    loss = -p[torch.arange(12), partners(6)].log().mean()
    torch.testing.assert_close(loss, nt_xent(first, second, temperature=0.3))


def test_by_hand() -> None:
    """The first view's cosines: 0.8 with its partner, 0.6 and 0 with the wrong answers."""
    pull, push = forces(*PLACES.chunk(2), temperature=0.2)
    total = math.exp(4) + math.exp(3) + 1
    assert push[0].tolist() == pytest.approx([0, math.exp(3) / total, 0, 1 / total])
    assert pull[0].item() == pytest.approx(1 - math.exp(4) / total)


def test_wrong_answers_are_all_but_itself_and_its_partner() -> None:
    wrong = wrong_answers(3)
    assert wrong.sum(1).tolist() == [4] * 6
    assert torch.equal(wrong, wrong.T)
    assert not wrong[1, 1]
    assert not wrong[1, 4]


def test_who_pushes_alike_is_counted() -> None:
    push = torch.tensor([[0.2, 0.2, 0.2, 0.0], [0.5, 0.0, 0.0, 0.0], [0.1, 0.1, 0.1, 0.1]])
    torch.testing.assert_close(heard(push), torch.tensor([3.0, 1.0, 4.0]))


def test_fewer_are_heard_at_lower_temperatures_as_predicted() -> None:
    """Normally distributed cosines: n exp(-σ² / 2τ²)."""
    s = 0.2 * random(50, 20_000)
    for temperature in (1.0, 0.4, 0.2):
        count = heard((s / temperature).softmax(1)).mean().item()
        expected = 20_000 * math.exp(-(0.2**2) / (2 * temperature**2))
        assert count == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("pairs", [2, 5])
def test_the_least_loss_is_a_regular_simplexs(temperature: float, pairs: int) -> None:
    corners = torch.eye(pairs, dtype=torch.float64) - 1 / pairs
    least = least_loss(pairs, temperature)
    assert nt_xent(corners, corners, temperature=temperature).item() == pytest.approx(least)
    worse = corners + 0.1 * random(pairs, pairs)
    assert nt_xent(worse, worse, temperature=temperature).item() > least


def test_no_views_fall_below_the_least_loss() -> None:
    z = random(2, 6, 5).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        loss = nt_xent(z[0], z[1], temperature=1.0)
        loss.backward()
        optimizer.step()
    least = least_loss(6, 1.0)
    assert least < loss.item() < least + 0.02


@pytest.mark.parametrize("call", [chances, forces, gradient])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_no_pairs(call) -> None:
    message = "first is (1, 3) and second is (1, 3)"
    with pytest.raises(ValueError, match=re.escape(message)):
        call(random(1, 3), random(1, 3))
    with pytest.raises(ValueError, match=re.escape("first is (2, 3) and second is (3, 3)")):
        call(random(2, 3), random(3, 3))
    with pytest.raises(ValueError, match="temperature must be above 0, and finite, not 0"):
        call(random(2, 3), random(2, 3), temperature=0)


def test_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="pairs must be at least 2, not 1"):
        least_loss(1, 0.5)
    with pytest.raises(ValueError, match="temperature must be above 0, and finite, not inf"):
        least_loss(3, math.inf)
    for push in (torch.zeros(2, 3), torch.tensor([[0.5, -0.1]])):
        with pytest.raises(ValueError, match="push must hold no number below 0"):
            heard(push)
