"""SGD equals torch's step by step, on both of its paths."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.optim.sgd import SGD, sgd_explicit, sgd_foreach


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("grouped", [False, True])
def test_equals_torch_step_by_step(
    agree: Callable[..., None], grouped: bool, weight_decay: float
) -> None:
    agree(SGD, torch.optim.SGD, grouped=grouped, lr=0.05, weight_decay=weight_decay)


@pytest.mark.parametrize("update", [sgd_explicit, sgd_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    theta, gradient = torch.tensor([10.0, -4.0]), torch.tensor([1.0, 2.0])
    update([theta], [gradient], lr=0.5, weight_decay=0.25)
    # 10 - ½(1 + ¼·10) and -4 - ½(2 + ¼·(-4))
    assert theta.tolist() == [8.25, -4.5]
    assert gradient.tolist() == [1.0, 2.0]  # the gradient is read, not changed


def test_a_step_has_the_derivatives_of_its_formula(
    parameters: Callable[..., list[nn.Parameter]],
) -> None:
    """θ after a step, as a function of θ and g, has the derivatives 1 - ηλ and -η."""
    theta, gradient = (parameters(seed)[0] for seed in (1, 2))
    after = theta.clone()
    sgd_explicit([after], [gradient], lr=0.1, weight_decay=0.5)
    d_theta, d_gradient = torch.autograd.grad(after.sum(), (theta, gradient))
    torch.testing.assert_close(d_theta, torch.full_like(theta, 1 - 0.1 * 0.5))
    torch.testing.assert_close(d_gradient, torch.full_like(theta, -0.1))


def test_descends_a_bowl_at_the_rate_that_theory_says() -> None:
    theta = nn.Parameter(torch.tensor([1.0, 1.0], dtype=torch.float64))
    curvature = torch.tensor([1.0, 5.0], dtype=torch.float64)
    optimizer = SGD([theta], lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (0.5 * curvature * theta**2).sum().backward()
        optimizer.step()
    torch.testing.assert_close(theta.detach(), (1 - 0.1 * curvature) ** 20)


def test_remembers_nothing(
    parameters: Callable[..., list[nn.Parameter]],
    loss_at: Callable[[list[nn.Parameter], int], Tensor],
) -> None:
    thetas = parameters()
    optimizer = SGD(thetas, lr=0.1)
    loss_at(thetas, 0).backward()
    optimizer.step()
    assert not optimizer.state


@pytest.mark.parametrize("foreach", [True, False])
def test_the_flag_chooses_the_path(monkeypatch: pytest.MonkeyPatch, foreach: bool) -> None:
    """Both come out alike, so only a look inside tells which of them ran."""
    taken = []
    multiply = torch._foreach_mul_
    monkeypatch.setattr(torch, "_foreach_mul_", lambda *a: (taken.append(a), multiply(*a)))
    theta = nn.Parameter(torch.ones(3))
    theta.grad = torch.ones(3)
    SGD([theta], lr=0.1, weight_decay=0.5, foreach=foreach).step()
    assert bool(taken) == foreach


@pytest.mark.parametrize("update", [sgd_explicit, sgd_foreach])
def test_each_parameter_needs_a_gradient(update: Callable[..., None]) -> None:
    thetas = [torch.ones(2), torch.ones(2)]
    with pytest.raises((ValueError, RuntimeError)):
        update(thetas, [torch.ones(2)], lr=0.1)
