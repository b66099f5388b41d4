"""Penalties equal their formulas and their gradients, spare biases, and train with `fit`."""

import math
import re
from collections.abc import Callable

import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from linebyline.data.examples import Examples
from linebyline.losses.mse import MeanSquaredError
from linebyline.losses.penalties import Penalized, l1_penalty, l2_penalty, weights_of
from linebyline.training.loop import fit


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def model(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    parts = nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(27, 2)
    return nn.Sequential(*parts).double()


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
def test_equals_torch_norms(penalty: Callable[..., Tensor]) -> None:
    ours = [random(3, 4).requires_grad_(), random(5, seed=1).requires_grad_()]
    theirs = [w.detach().clone().requires_grad_() for w in ours]
    flat = torch.cat([w.flatten() for w in theirs])
    norm = torch.linalg.vector_norm
    expected = norm(flat, 1) if penalty is l1_penalty else norm(flat, 2) ** 2 / 2
    value = penalty(ours)
    torch.testing.assert_close(value, expected, rtol=1e-13, atol=0)
    value.backward()
    expected.backward()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-13, atol=1e-13)


def test_by_hand() -> None:
    w = torch.tensor([[3.0, -1.0, 0.0]], requires_grad=True)
    assert l1_penalty([w]).item() == 4.0
    assert l2_penalty(iter([w, w])).item() == 10.0
    (l1_penalty([w]) + l2_penalty([w])).backward()
    assert w.grad is not None
    assert w.grad.tolist() == [[4.0, -2.0, 0.0]]  # sign(w) + w, and 0 at the kink


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
def test_gradient(penalty: Callable[..., Tensor]) -> None:
    weights = [random(3, 4).requires_grad_(), random(5, seed=1).requires_grad_()]
    assert torch.autograd.gradcheck(lambda *w: penalty(w), weights)


def test_the_choice_is_weights_without_biases_and_normalization() -> None:
    net = model()
    assert [tuple(w.shape) for w in weights_of(net)] == [(3, 1, 2, 2), (2, 27)]
    net[0].weight.requires_grad_(False)
    assert weights_of(net) == [net[3].weight]
    net.append(net[3])  # used twice
    assert len(weights_of(net)) == 1


def test_adds_to_the_loss_and_has_its_gradient() -> None:
    net, x, y = model(), random(4, 1, 4, 4), random(4, 2, seed=1)
    loss = Penalized(mse_loss, net, l1=0.3, l2=0.7)
    value = loss(net(x), y)
    first, last = net[0].weight, net[3].weight
    extra = 0.3 * (first.abs().sum() + last.abs().sum())
    extra = extra + 0.35 * (first.square().sum() + last.square().sum())
    torch.testing.assert_close(value, mse_loss(net(x), y) + extra, rtol=1e-13, atol=0)
    torch.testing.assert_close(loss.penalty(), extra, rtol=1e-13, atol=0)
    grads = torch.autograd.grad(value - mse_loss(net(x), y), [first, last, net[3].bias])
    for w, grad in zip((first, last), grads, strict=False):
        torch.testing.assert_close(grad, 0.3 * w.sign() + 0.7 * w, rtol=1e-11, atol=1e-13)
    assert grads[2].abs().max() < 1e-14


def test_of_tensors_of_your_own_choice() -> None:
    net = nn.Linear(2, 2)
    loss = Penalized(mse_loss, [net.bias], l2=1.0)
    torch.testing.assert_close(loss.penalty(), net.bias.square().sum() / 2)
    assert Penalized(mse_loss, net.parameters()).penalty() == 0


def test_a_penalty_that_is_off_is_not_computed() -> None:
    endless = [torch.tensor([math.inf])]
    assert Penalized(mse_loss, endless).penalty() == 0
    assert Penalized(mse_loss, [torch.zeros(2)], l1=1.0).penalty() == 0


@pytest.mark.parametrize("penalty", [l1_penalty, l2_penalty])
def test_weights_on_several_devices_are_added_on_the_first(penalty: Callable[..., Tensor]) -> None:
    there, here = torch.ones(2, device="meta"), torch.ones(3)
    assert penalty([there, here]).device == there.device
    assert Penalized(mse_loss, [there, here], l1=1.0, l2=1.0).penalty().device == there.device


def test_holds_the_loss_as_its_part_and_no_parameter() -> None:
    loss = Penalized(nn.CrossEntropyLoss(weight=torch.ones(2)), model(), l1=1.0)
    assert not list(loss.parameters())
    assert len(list(loss.buffers())) == 1  # so that weights of classes move with it
    assert repr(loss).startswith("Penalized(\n  l1=1.0, l2=0.0, tensors=2\n")


def test_learns_what_ridge_regression_finds() -> None:
    """The mean over N examples with α has the minimum of half the sum with Nα/2."""
    x, y = random(30, 4), random(30, 1, seed=1)
    net = nn.Linear(4, 1).double()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    loss = Penalized(MeanSquaredError(), net, l2=0.5)
    history = fit(
        net, loss, optimizer, Examples(x, y), epochs=300, batch_size=30, metrics={"mse": mse_loss}
    )
    ridge = Ridge(alpha=30 * 0.5 / 2).fit(x.numpy(), y.squeeze(1).numpy())
    torch.testing.assert_close(net.weight[0].detach(), torch.tensor(ridge.coef_))
    torch.testing.assert_close(net.bias.detach(), torch.tensor([ridge.intercept_]))
    assert history.train_loss[-1] > history.train_metrics["mse"][-1]


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("alpha", [-0.1, math.inf, math.nan])
def test_refuses_a_strength_that_is_none(name: str, alpha: float) -> None:
    expected = f"{name} must be a finite number, zero or more, not {alpha}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        Penalized(mse_loss, model(), **{name: alpha})


def test_refuses_nothing_to_penalize() -> None:
    with pytest.raises(ValueError, match="model must have a trainable parameter of two axes"):
        Penalized(mse_loss, nn.BatchNorm1d(3), l1=1.0)
    for give in (l1_penalty, l2_penalty, lambda w: Penalized(mse_loss, w)):
        with pytest.raises(ValueError, match="weights must hold a tensor, and are empty"):
            give([])
