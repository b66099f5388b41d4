"""What is copied is copied whole, what is frozen stays, and each layer gets its rate."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from vision.conftest import generator, images

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.vision.transfer import freeze, graded_groups, transplant


def network(seed: int, *, width: int = 3) -> nn.Sequential:
    draw = generator(seed)
    first = nn.Sequential(Conv2d(2, width, 3, generator=draw), BatchNorm2d(width), nn.Dropout(0.5))
    second = nn.Sequential(nn.ReLU(), Conv2d(width, 2, 3, generator=draw), BatchNorm2d(2))
    last = Conv2d(2, 2, 1, generator=draw)
    return nn.Sequential(first, nn.ReLU(), second, last).double()


def state(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(value.equal(other[name]) for name, value in one.items())


def step(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(images(4, 2, 6, 6)).square().mean().backward()
    optimizer.step()


@pytest.mark.parametrize("parts", range(5))
def test_the_first_parts_are_copied_and_no_others(parts: int) -> None:
    source, target = network(0), network(1)
    step(source)  # so that its averages are its own
    before, given = state(target), state(source)
    assert transplant(source, target, parts) is target
    for name, value in target.state_dict().items():
        copied = int(name.split(".")[0]) < parts
        assert value.equal((given if copied else before)[name])
    step(target)
    assert equal(given, state(source))  # a copy, no second name


def test_a_frozen_part_does_not_change_and_the_others_do() -> None:
    model = network(0).train()
    assert freeze(model[0]) is model[0]
    before = [state(part) for part in model]
    x = images(4, 2, 6, 6)
    assert model[0](x).equal(model[0](x))  # no mask
    step(model)
    assert equal(before[0], state(model[0]))
    for number in (2, 3):
        now = state(model[number])
        assert not any(value.equal(before[number][name]) for name, value in now.items())


def test_rates_fall_from_layer_to_layer() -> None:
    model = network(0)
    groups = graded_groups(model, 0.26)
    assert [group["lr"] for group in groups] == pytest.approx([0.26 / 2.6**2, 0.1, 0.26])
    parameters = [p for group in groups for p in group["params"]]
    assert [id(p) for p in parameters] == [id(p) for p in model.parameters()]
    assert {group["lr"] for group in graded_groups(model, 0.1, 1)} == {0.1}
    before = [part[0].weight.clone() if number == 0 else None for number, part in enumerate(model)]
    optimizer = torch.optim.SGD(groups)
    model(images(4, 2, 6, 6)).square().mean().backward()
    gradient = model[0][0].weight.grad.clone()
    optimizer.step()
    torch.testing.assert_close(model[0][0].weight, before[0] - 0.26 / 2.6**2 * gradient)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name() -> None:
    for parts in (-1, 5):
        with pytest.raises(ValueError, match=rf"^parts must be from 0 to 4, not {parts}"):
            transplant(network(0), network(1), parts)
    with pytest.raises(ValueError, match=r"'0.weight' of part 0 is \(3, 2, 3, 3\) there and \(4,"):
        transplant(network(0), network(1, width=4), 1)
    other = network(1)
    other[0][1] = nn.GroupNorm(1, 3)
    with pytest.raises(ValueError, match=r"'1.running_mean' of part 0 is \(3,\) there and missing"):
        transplant(network(0), other, 1)
    for name in ("rate", "factor"):
        with pytest.raises(ValueError, match=rf"^{name} must be above 0, not 0"):
            graded_groups(network(0), **{"rate": 1, name: 0})


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("value", [-0.1, float("nan")])
@pytest.mark.parametrize("name", ["rate", "factor"])
def test_refuses_a_rate_below_nothing_and_one_that_is_no_number(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be above 0, not {value}"):
        graded_groups(network(0), **{"rate": 1, name: value})


def test_the_shorter_network_says_how_many_parts_there_are() -> None:
    for source, target in ((network(0)[:2], network(1)), (network(0), network(1)[:2])):
        with pytest.raises(ValueError, match=r"^parts must be from 0 to 2, not 3"):
            transplant(source, target, 3)
