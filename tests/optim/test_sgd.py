"""SGD equals torch's step by step, on both of its paths, and refuses rates that are none."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from linebyline.optim import sgd
from linebyline.optim.sgd import SGD, sgd_explicit, sgd_foreach

SHAPES = [(3, 4), (3,), (2, 3), (2,), ()]


def parameters(seed: int = 0) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [
        nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=generator))
        for shape in SHAPES
    ]


def loss_at(thetas: list[nn.Parameter], step: int) -> Tensor:
    """A curved loss, another one at each step, as a batch's is."""
    generator = torch.Generator().manual_seed(1000 + step)
    loss = torch.zeros((), dtype=torch.float64)
    for theta in thetas:
        pull = torch.randn(theta.shape, dtype=torch.float64, generator=generator)
        loss = loss + (theta - pull).pow(2).mean() + (theta * pull).sin().mean()
    return loss


def descend(
    make: Callable[..., torch.optim.Optimizer],
    groups: Callable[[list[nn.Parameter]], Any],
    **options: Any,
) -> list[list[Tensor]]:
    """All parameters after each of 100 steps."""
    thetas = parameters()
    optimizer = make(groups(thetas), **options)
    path = []
    for step in range(100):
        optimizer.zero_grad()
        # From step to step other parameters have no gradient, and one never has.
        used = [theta for index, theta in enumerate(thetas[:-1]) if (step + index) % 4]
        loss_at(used, step).backward()
        optimizer.step()
        path.append([theta.detach().clone() for theta in thetas])
    return path


def two_groups(thetas: list[nn.Parameter]) -> list[dict[str, Any]]:
    return [
        {"params": thetas[:2], "lr": 0.1, "weight_decay": 0.2},
        {"params": thetas[2:], "weight_decay": 0.0},
    ]


@pytest.mark.parametrize("foreach", [True, False])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("groups", [list, two_groups])
def test_equals_torch_step_by_step(
    foreach: bool, weight_decay: float, groups: Callable[[list[nn.Parameter]], Any]
) -> None:
    options = {"lr": 0.05, "weight_decay": weight_decay}
    ours = descend(SGD, groups, foreach=foreach, **options)
    theirs = descend(torch.optim.SGD, groups, **options)
    for mine, yours in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, yours, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("update", [sgd_explicit, sgd_foreach])
def test_by_hand(update: Callable[..., None]) -> None:
    theta, gradient = torch.tensor([10.0, -4.0]), torch.tensor([1.0, 2.0])
    update([theta], [gradient], lr=0.5, weight_decay=0.25)
    # 10 - ½(1 + ¼·10) and -4 - ½(2 + ¼·(-4))
    assert theta.tolist() == [8.25, -4.5]
    assert gradient.tolist() == [1.0, 2.0]  # the gradient is read, not changed


@pytest.mark.parametrize(("foreach", "taken"), [(True, "sgd_foreach"), (False, "sgd_explicit")])
def test_each_group_takes_the_path_it_names(
    foreach: bool, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("sgd_foreach", "sgd_explicit"):
        monkeypatch.setattr(sgd, name, lambda *_, _name=name, **__: calls.append(_name))
    thetas = parameters()
    loss_at(thetas, 0).backward()
    SGD([{"params": thetas, "foreach": foreach}], lr=0.1, foreach=not foreach).step()
    assert calls == [taken]


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_both_paths_are_one_rule(weight_decay: float) -> None:
    thetas, gradients = parameters(1), [theta.detach() for theta in parameters(2)]
    together = [theta.detach().clone() for theta in thetas]
    one_by_one = [theta.detach().clone() for theta in thetas]
    sgd_foreach(together, gradients, lr=0.1, weight_decay=weight_decay)
    sgd_explicit(one_by_one, gradients, lr=0.1, weight_decay=weight_decay)
    torch.testing.assert_close(together, one_by_one, rtol=1e-14, atol=1e-14)


def test_weight_decay_is_the_gradient_of_a_penalty() -> None:
    decayed, penalised = parameters(), parameters()
    loss_at(decayed, 0).backward()
    penalty = sum(((theta**2).sum() for theta in penalised), start=torch.zeros(()))
    (loss_at(penalised, 0) + 0.5 * 0.3 * penalty).backward()
    SGD(decayed, lr=0.1, weight_decay=0.3).step()
    SGD(penalised, lr=0.1).step()
    torch.testing.assert_close(decayed, penalised, rtol=1e-12, atol=1e-12)


def test_a_step_passes_gradcheck() -> None:
    """θ after a step, as a function of θ and g, has the derivatives 1 - ηλ and -η."""
    theta, gradient = (parameters(seed)[0] for seed in (1, 2))

    def stepped(theta: Tensor, gradient: Tensor) -> Tensor:
        after = theta.clone()
        sgd_explicit([after], [gradient], lr=0.1, weight_decay=0.5)
        return after

    assert torch.autograd.gradcheck(stepped, (theta, gradient))
    d_theta, d_gradient = torch.autograd.grad(stepped(theta, gradient).sum(), (theta, gradient))
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


def test_closure_is_called_with_gradients_and_its_loss_returned() -> None:
    theta = nn.Parameter(torch.tensor(3.0))
    optimizer = SGD([theta], lr=0.1)

    def closure() -> float:
        optimizer.zero_grad()
        loss = theta**2
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) == 9.0
    assert theta.item() == pytest.approx(3 - 0.1 * 6)
    assert optimizer.step() is None


def test_state_dict_carries_the_groups() -> None:
    first = SGD(two_groups(parameters()), lr=0.05, foreach=False)
    second = SGD(two_groups(parameters()), lr=0.9)
    second.load_state_dict(first.state_dict())
    assert [group["lr"] for group in second.param_groups] == [0.1, 0.05]
    assert [group["weight_decay"] for group in second.param_groups] == [0.2, 0.0]
    assert [group["foreach"] for group in second.param_groups] == [False, False]


def test_a_schedule_may_change_the_rate() -> None:
    theta = nn.Parameter(torch.zeros(()))
    optimizer = SGD([theta], lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    for _ in range(3):
        theta.grad = torch.ones(())
        optimizer.step()
        schedule.step()
    assert theta.item() == -(1 + 0.5 + 0.25)


def test_a_step_without_any_gradient_changes_nothing() -> None:
    thetas, before = parameters(), parameters()
    SGD(thetas, lr=0.1, weight_decay=0.5).step()
    torch.testing.assert_close(thetas, before, rtol=0, atol=0)


def test_groups_may_mix_precisions() -> None:
    single, double = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3, dtype=torch.float64))
    for theta in (single, double):
        theta.grad = torch.ones_like(theta)
    SGD([single, double], lr=0.5, weight_decay=1.0).step()
    assert single.tolist() == double.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_refuses_rates_that_are_none(name: str, value: float) -> None:
    message = re.escape(f"{name} must be a finite number, zero or more, not {value}")
    options = {"lr": 0.1, name: value}
    with pytest.raises(ValueError, match=message):
        SGD(parameters(), **options)
    with pytest.raises(ValueError, match=message):
        SGD([{"params": parameters(), name: value}], lr=0.1)


@pytest.mark.parametrize("update", [sgd_explicit, sgd_foreach])
def test_refuses_fewer_gradients_than_parameters(update: Callable[..., None]) -> None:
    with pytest.raises((ValueError, RuntimeError), match=r"same number|shorter"):
        update([torch.zeros(3), torch.zeros(2)], [torch.zeros(3)], lr=0.1)
