"""Pre-activation blocks equal their equation, and carry x through a network untouched."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.vision.preactivation import PreActivationBlock, PreActivationBottleneck
from linebyline.vision.resnet import ResNet

KINDS = pytest.mark.parametrize("kind", [PreActivationBlock, PreActivationBottleneck])


def made(kind: type, *sizes: int, **options: object) -> nn.Module:
    block = kind(*sizes, generator=generator(), **options)
    for name, parameter in block.named_parameters():
        if parameter.ndim == 1:
            middle = 1.0 if name.endswith("weight") else 0.0
            nn.init.normal_(parameter, middle, 0.3, generator=generator(7))
    return block.double()


def by_equation(x: Tensor, state: dict[str, Tensor], stride: int, shortcut: str) -> Tensor:
    """The sum x + F(x), F being norm, ReLU, convolution, as often as there are convolutions."""
    count = sum(name.startswith("conv") for name in state)
    strided = {2: 1, 3: 2}[count]  # the first convolution of 3 x 3
    h, activated = x, x
    for i in range(1, count + 1):
        scale, shift = state[f"bn{i}.weight"], state[f"bn{i}.bias"]
        h = functional.relu(functional.batch_norm(h, None, None, scale, shift, True))
        activated = h if i == 1 else activated
        weight = state[f"conv{i}.weight"]
        step = stride if i == strided else 1
        h = functional.conv2d(h, weight, stride=step, padding=weight.shape[-1] // 2)
    if shortcut == "none":
        return h
    if "downsample.weight" in state:
        return h + functional.conv2d(activated, state["downsample.weight"], stride=stride)
    carried = functional.max_pool2d(x, 1, stride)
    return h + torch.cat([carried, torch.zeros_like(h[:, carried.shape[1] :])], dim=1)


@KINDS
@pytest.mark.parametrize("shortcut", ["projection", "padding", "none"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("in_channels", [4, 8])
def test_equals_the_equation(
    same_as_equation: Callable[..., None], kind: type, shortcut: str, stride: int, in_channels: int
) -> None:
    block = made(kind, in_channels, 8 // kind.expansion, stride=stride, shortcut=shortcut)
    equation = partial(by_equation, stride=stride, shortcut=shortcut)
    same_as_equation(block, equation, images(3, in_channels, 5, 6))


@KINDS
def test_gradient(kind: type) -> None:
    block = made(kind, 2, 4 // kind.expansion, stride=2)

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return block(x)

    assert torch.autograd.gradcheck(run, (images(2, 2, 4, 4).requires_grad_(), *block.parameters()))


@KINDS
def test_the_sum_of_all_branches_arrives_unbent(kind: type) -> None:
    """Equation 4 of the paper: x_L = x_0 + F(x_0) + F(x_1) + ..., negative numbers and all."""
    blocks = [made(kind, 8, 8 // kind.expansion) for _ in range(3)]
    x = start = images(2, 8, 4, 4)
    branches = torch.zeros_like(x)
    for block in blocks:
        branches = branches + block.residual(torch.relu(block.bn1(x)))
        x = block(x)
    torch.testing.assert_close(x, start + branches)
    assert (x < 0).any()


@KINDS
def test_a_zero_branch_is_the_identity(kind: type) -> None:
    block = made(kind, 8, 8 // kind.expansion)
    block.zero_branch()
    x = images(2, 8, 4, 4)
    assert torch.equal(block(x), x)


@KINDS
def test_in_a_network_the_first_norm_stands_before_both_paths(kind: type) -> None:
    options = {"in_channels": 1, "num_classes": 3, "small_images": True, "generator": generator()}
    net = ResNet(kind, (2, 1), channels=4, **options).double()
    x = images(2, 1, 6, 6)
    h = torch.relu(net.bn1(net.conv1(x)))
    first = net.layer1[0]
    carried = h if first.downsample is None else first.downsample(h)
    torch.testing.assert_close(first(h), carried + first.residual(h))
    top = net.layer2(net.layer1(h))
    expected = net.fc(torch.relu(net.norm(top)).mean((2, 3)))
    torch.testing.assert_close(net(x), expected)
    assert not any(name.startswith("layer1.0.bn1") for name in net.state_dict())


@KINDS
def test_learns(kind: type) -> None:
    options = {"in_channels": 1, "num_classes": 2, "small_images": True, "generator": generator()}
    net = ResNet(kind, (1, 1), channels=4, **options)
    x, y = images(16, 1, 4, 4).float(), torch.arange(16) % 2
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@KINDS
def test_refuses_by_name(kind: type) -> None:
    with pytest.raises(ValueError, match=r"^stride must be at least 1, not 0"):
        kind(4, 4, stride=0)
    with pytest.raises(ValueError, match=r"^shortcut must be one of"):
        kind(4, 4, shortcut="both")


@KINDS
def test_a_generator_leaves_the_global_one_alone(kind) -> None:
    before = torch.get_rng_state()
    kind(4, 4, stride=2, generator=generator())
    assert torch.equal(before, torch.get_rng_state())
