"""Held averages stay whatever comes; settled ones are those of what came."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.batch_norm import BatchNorm1d, BatchNorm2d
from linebyline.layers.batch_statistics import hold_statistics, settle_statistics
from linebyline.layers.conv2d import Conv2d

NORMS = pytest.mark.parametrize("norm", [BatchNorm2d, nn.BatchNorm2d])


def network(norm: type[nn.Module], *, dropout: float = 0.0) -> nn.Sequential:
    """Two norms, one behind the other, the second with scales that are not 1."""
    draw = torch.Generator().manual_seed(0)
    first = nn.Sequential(Conv2d(2, 3, 3, generator=draw), norm(3), nn.Dropout(dropout))
    second = nn.Sequential(nn.ReLU(), Conv2d(3, 2, 3, generator=draw), norm(2, momentum=0.3))
    return nn.Sequential(first, second).double()


def images(count: int) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(count, 2, 6, 6, dtype=torch.float64, generator=draw)


@NORMS
def test_held_statistics_stay_while_scale_and_shift_learn(norm: type[nn.Module]) -> None:
    model = network(norm, dropout=0.5).train()
    assert hold_statistics(model) is model
    assert model[0][2].training  # dropout goes on
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(images(4)).square().mean().backward()
    optimizer.step()
    for name, value in model.state_dict().items():
        buffer = "running" in name or "tracked" in name
        # A bias before a norm is taken away by batch statistics, not by held ones.
        assert value.equal(before[name]) == buffer


@NORMS
def test_settled_statistics_are_those_of_the_inputs(norm: type[nn.Module]) -> None:
    model, x = network(norm), images(50)
    model(images(4) + 3)  # what was there before is gone afterwards
    assert settle_statistics(model, x) is model
    assert not any(part.training for part in model.modules())
    h = x
    for conv, place in ((model[0][0], model[0][1]), (model[1][1], model[1][2])):
        h = conv(h if place is model[0][1] else h.relu())
        torch.testing.assert_close(place.running_mean, h.mean((0, 2, 3)))
        torch.testing.assert_close(place.running_var, h.var((0, 2, 3)))
        h = functional.batch_norm(h, None, None, place.weight, place.bias, training=True)
    assert [model[0][1].momentum, model[1][2].momentum] == [0.1, 0.3]
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (BatchNorm1d(2), (5, 2)),
        (nn.BatchNorm1d(2), (5, 2)),
        (nn.BatchNorm3d(2), (5, 2, 3, 3, 3)),
    ],
    ids=lambda it: type(it).__name__,
)
def test_norms_of_other_dimensions_are_norms_too(norm: nn.Module, shape: tuple[int, ...]) -> None:
    x = 3 + torch.randn(shape, generator=torch.Generator().manual_seed(0))
    model = settle_statistics(nn.Sequential(norm), x)
    others = [axis for axis in range(x.ndim) if axis != 1]
    torch.testing.assert_close(norm.running_mean, x.mean(others))
    settled = norm.running_mean.clone()
    hold_statistics(model.train())(x + 1)
    assert norm.running_mean.equal(settled)


def test_nothing_is_kept_for_gradients() -> None:
    seen: list[bool] = []
    model = network(BatchNorm2d)
    model.register_forward_hook(lambda *args: seen.append(args[2].requires_grad))
    settle_statistics(model, images(4))
    assert seen == [False]
