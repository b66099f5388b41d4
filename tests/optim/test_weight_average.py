"""The average equals torch's, step by step, with buffers, and comes and goes without a trace."""

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import swa_utils

from linebyline.data.examples import Examples
from linebyline.losses.mse import mean_squared_error
from linebyline.optim.sgd import SGD
from linebyline.optim.weight_average import WeightAverage
from linebyline.training.loop import fit


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).double()


def train(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int, start: int = 0) -> Any:
    for step in range(start, start + steps):
        optimizer.zero_grad()
        mean_squared_error(net(random(8, 3, seed=step)), random(8, 2, seed=100 + step)).backward()
        optimizer.step()
        yield step


@pytest.mark.parametrize("decay", [0.9, 0.0, None])
@pytest.mark.parametrize("buffers", ["copy", "average"])
def test_equals_torch_step_by_step(decay: float | None, buffers: str) -> None:
    net = network()
    # Not their "multi" functions: that of the plain mean fails on whole numbers.
    kind = swa_utils.get_swa_avg_fn() if decay is None else swa_utils.get_ema_avg_fn(decay)
    theirs = swa_utils.AveragedModel(net, avg_fn=kind, use_buffers=buffers == "average")
    theirs.update_parameters(net)  # the first time it copies
    ours = WeightAverage(net, decay=decay, buffers=buffers)
    for _ in train(net, SGD(net.parameters(), lr=0.1), steps=6):
        theirs.update_parameters(net)
        ours.update()
        for name, value in theirs.module.state_dict().items():
            if value.is_floating_point():  # of their counters they take means too
                torch.testing.assert_close(ours.values[name], value, rtol=1e-13, atol=1e-13)
    assert ours.values["1.num_batches_tracked"] == 6
    x = random(5, 3, seed=9)
    own = copy.deepcopy(net.state_dict())
    net.eval()
    theirs.eval()
    with ours.applied() as averaged:
        torch.testing.assert_close(averaged(x), theirs(x), rtol=1e-12, atol=1e-13)
    for name, value in net.state_dict().items():
        assert torch.equal(value, own[name])


def test_by_hand() -> None:
    net = nn.Linear(1, 1, bias=False)
    weights = [8.0, 4.0, 0.0]
    for decay, expected in ((0.5, 3.0), (None, 4.0), (0.0, 0.0)):
        net.weight.data.fill_(weights[0])
        average = WeightAverage(net, decay=decay)
        for weight in weights[1:]:
            net.weight.data.fill_(weight)
            average.update()
        assert average.values["weight"].item() == pytest.approx(expected)
        assert net.weight.item() == weights[-1]


def test_follows_fit_and_touches_nothing() -> None:
    data = Examples(random(24, 3), random(24, 2, seed=1))
    with_average, without = network(), network()
    optimizer = SGD(with_average.parameters(), lr=0.1)
    average = WeightAverage(with_average, decay=0.8)
    handle = average.follow(optimizer)
    options: dict[str, Any] = {"epochs": 3, "batch_size": 8}
    fit(with_average, mean_squared_error, optimizer, data, **options)
    fit(without, mean_squared_error, SGD(without.parameters(), lr=0.1), data, **options)
    for a, b in zip(with_average.parameters(), without.parameters(), strict=True):
        assert torch.equal(a, b)
    assert average.count == 10
    handle.remove()
    optimizer.step()
    assert average.count == 10


def test_is_less_noisy_than_what_it_averages() -> None:
    """The variance of the mean of independent numbers is (1 - β)/(1 + β) of theirs."""
    net = nn.Linear(2000, 1, bias=False).double()
    net.weight.data.zero_()
    average = WeightAverage(net, decay=0.9)
    for step in range(200):
        net.weight.data.copy_(random(1, 2000, seed=step))
        average.update()
    assert average.values["weight"].var().item() == pytest.approx(0.1 / 1.9, rel=0.1)


def test_what_fails_inside_leaves_the_own_weights() -> None:
    net = network()
    average = WeightAverage(net)
    net[0].weight.data.fill_(7.0)
    with pytest.raises(RuntimeError), average.applied():
        net(torch.zeros(1))  # of another size
    assert (net[0].weight == 7).all()


def test_a_state_goes_on() -> None:
    net, twin = network(), network()
    rules = SGD(net.parameters(), lr=0.1), SGD(twin.parameters(), lr=0.1)
    whole, first = WeightAverage(net, decay=None), WeightAverage(twin, decay=None)
    for _ in train(net, rules[0], steps=6):
        whole.update()
    for _ in train(twin, rules[1], steps=3):
        first.update()
    second = WeightAverage(twin, decay=None)
    second.load_state_dict(first.state_dict())
    for _ in train(twin, rules[1], steps=3, start=3):
        second.update()
    assert second.count == whole.count
    for name, value in whole.values.items():
        torch.testing.assert_close(second.values[name], value)
    with pytest.raises(ValueError, match=r"this model, but they differ in 0.bias, 0.weight"):
        second.load_state_dict(WeightAverage(nn.Linear(2, 2)).state_dict())


def test_follows_the_model_to_another_precision() -> None:
    net = network()
    average = WeightAverage(net, decay=0.5)
    net.float()
    average.update()
    assert average.values["0.weight"].dtype == torch.float32


def test_a_shared_parameter_counts_once() -> None:
    layer = nn.Linear(2, 2)
    average = WeightAverage(nn.Sequential(layer, layer), decay=0.5)
    layer.weight.data.add_(1.0)
    expected = layer.weight.detach() - 0.5
    average.update()
    torch.testing.assert_close(average.values["0.weight"], expected)
    with average.applied():
        torch.testing.assert_close(layer.weight.detach(), expected)


@pytest.mark.parametrize("decay", [1.0, -0.1, math.nan])
def test_refuses_a_decay_that_is_none(decay: float) -> None:
    with pytest.raises(
        ValueError, match=f"decay must be at least 0 and below 1, or None, not {decay}"
    ):
        WeightAverage(nn.Linear(2, 2), decay=decay)


def test_refuses() -> None:
    with pytest.raises(ValueError, match="buffers must be 'copy' or 'average', not 'keep'"):
        WeightAverage(nn.Linear(2, 2), buffers="keep")
    with pytest.raises(ValueError, match="model must have parameters, and has none"):
        WeightAverage(nn.ReLU())
