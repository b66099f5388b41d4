"""The scaler makes the steps of torch's, skips where torch's skips, and changes no digit."""

import pytest
import torch
from torch import nn

from linebyline.training.loss_scaling import LossScaler


def model() -> nn.Linear:
    line = nn.Linear(3, 2)
    with torch.no_grad():
        for theta in line.parameters():
            theta.copy_(torch.linspace(-1, 1, theta.numel()).view_as(theta))
    return line


def test_equals_torchs_over_overflows_and_calm() -> None:
    mine, yours = model(), model()
    ours = torch.optim.SGD(mine.parameters(), lr=0.1, momentum=0.9)
    theirs = torch.optim.SGD(yours.parameters(), lr=0.1, momentum=0.9)
    scaler = LossScaler(ours, factor=2.0**10, patience=3)
    grad_scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=3)
    made = []
    for step in range(20):
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(step))
        if step in (0, 1, 9):
            x[0, 0] = float("inf")  # stands for an overflow
        for net, optimizer in ((mine, ours), (yours, theirs)):
            optimizer.zero_grad()
            loss = net(x).square().mean()
            (scaler if optimizer is ours else grad_scaler).scale(loss).backward()
        made.append(scaler.step())
        grad_scaler.step(theirs)
        grad_scaler.update()
        assert scaler.factor == grad_scaler.get_scale()
        for a, b in zip(mine.parameters(), yours.parameters(), strict=True):
            assert torch.equal(a, b)
            assert torch.equal(a.grad, b.grad) or not a.grad.isfinite().all()
    assert [step for step, done in enumerate(made) if not done] == [0, 1, 9]
    assert scaler.factor > 2.0**10  # halved thrice, doubled more often


def test_begins_as_torchs_does() -> None:
    theirs = torch.amp.GradScaler("cpu")
    ours = LossScaler(torch.optim.SGD(model().parameters(), lr=0.1))
    assert ours.factor == theirs.get_scale()
    assert ours.patience == theirs.get_growth_interval()


@pytest.mark.parametrize("overflow", [float("inf"), -float("inf"), float("nan")])
@pytest.mark.parametrize("place", [0, 1])
def test_one_number_that_overflowed_holds_all_back(overflow: float, place: int) -> None:
    net = model()
    groups = [{"params": [theta]} for theta in net.parameters()]
    scaler = LossScaler(torch.optim.SGD(groups, lr=0.1))
    for theta in net.parameters():
        theta.grad = torch.ones_like(theta)
    list(net.parameters())[place].grad.view(-1)[0] = overflow
    before = [theta.detach().clone() for theta in net.parameters()]
    assert not scaler.step()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_every_group_is_unscaled() -> None:
    net = model()
    groups = [{"params": [theta]} for theta in net.parameters()]
    scaler = LossScaler(torch.optim.SGD(groups, lr=0.1), factor=4.0)
    for theta in net.parameters():
        theta.grad = torch.full_like(theta, 4.0)
    assert scaler.step()
    assert all((theta.grad == 1).all() for theta in net.parameters())


def test_a_power_of_two_changes_no_digit() -> None:
    first, second = model(), model()
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    for net, factor in ((first, 1.0), (second, 2.0**13)):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        scaler = LossScaler(optimizer, factor=factor, patience=None)
        scaler.scale(net(x).square().mean()).backward()
        assert scaler.step()
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a.grad, b.grad)


def test_a_fixed_factor_stays() -> None:
    net = model()
    scaler = LossScaler(torch.optim.SGD(net.parameters(), lr=0.1), factor=8.0, patience=None)
    before = [theta.detach().clone() for theta in net.parameters()]
    scaler.scale(net(torch.full((1, 3), float("inf"))).square().mean()).backward()
    assert not scaler.step()
    assert scaler.factor == 8.0
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_a_parameter_without_gradient_is_passed_over() -> None:
    net = model()
    net.bias.requires_grad_(False)
    scaler = LossScaler(torch.optim.SGD(net.parameters(), lr=0.1))
    scaler.scale(net(torch.ones(1, 3)).sum()).backward()
    assert scaler.step()


@pytest.mark.parametrize(
    "factor", [0.0, -2.0, 3.0, 1000.0, 2.0**24 + 1, float("inf"), float("nan")]
)
def test_refuses_what_is_no_power_of_two(factor: float) -> None:
    with pytest.raises(ValueError, match=f"factor must be a power of two, not {factor}"):
        LossScaler(torch.optim.SGD(model().parameters(), lr=0.1), factor=factor)


def test_refuses_no_patience() -> None:
    with pytest.raises(ValueError, match="patience must be at least 1 or None, not 0"):
        LossScaler(torch.optim.SGD(model().parameters(), lr=0.1), patience=0)
