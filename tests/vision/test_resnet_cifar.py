"""The networks for CIFAR-10 have the depths and sizes of the paper's table 6."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.linear import Linear
from linebyline.vision.preactivation import PreActivationBlock, PreActivationBottleneck
from linebyline.vision.residual_blocks import Bottleneck
from linebyline.vision.resnet_cifar import resnet_cifar

PUBLISHED = {20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85, 110: 1.7, 1202: 19.4}
EXACT = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962, 1202: 19_421_274}


@pytest.mark.parametrize("depth", PUBLISHED)
def test_has_the_published_size_with_and_without_shortcuts(depth: int) -> None:
    for shortcut in ("padding", "none"):
        with torch.device("meta"):
            net = resnet_cifar(depth, shortcut=shortcut)
        count = sum(p.numel() for p in net.parameters())
        assert count == EXACT[depth]
        digits = 1 if depth > 100 else 2
        assert round(count / 1e6, digits) == PUBLISHED[depth]
        weighted = [m for m in net.modules() if isinstance(m, Conv2d | Linear)]
        assert len(weighted) == depth


def by_equation(x: Tensor, state: dict[str, Tensor], depth: int) -> Tensor:
    """The whole network in functions, from the paper's description."""

    def norm(x: Tensor, name: str) -> Tensor:
        return functional.batch_norm(
            x, None, None, state[f"{name}.weight"], state[f"{name}.bias"], True
        )

    x = functional.relu(norm(functional.conv2d(x, state["conv1.weight"], padding=1), "bn1"))
    for stage in (1, 2, 3):
        for place in range((depth - 2) // 6):
            name = f"layer{stage}.{place}"
            stride = 2 if stage > 1 and place == 0 else 1
            h = functional.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
            h = functional.conv2d(
                functional.relu(norm(h, f"{name}.bn1")), state[f"{name}.conv2.weight"], padding=1
            )
            if stride == 2:
                x = x[:, :, ::2, ::2]
                x = torch.cat([x, torch.zeros_like(x)], dim=1)
            x = functional.relu(x + norm(h, f"{name}.bn2"))
    return functional.linear(x.mean((2, 3)), state["fc.weight"], state["fc.bias"])


def test_equals_the_papers_description(same_as_equation: Callable[..., None]) -> None:
    net = resnet_cifar(14, channels=4, generator=generator()).double()
    same_as_equation(net, partial(by_equation, depth=14), images(3, 3, 16, 16))


def test_small_ones_and_pre_activated_ones() -> None:
    x = torch.zeros(2, 1, 8, 8)
    sizes = {"channels": 4, "in_channels": 1, "num_classes": 7, "generator": generator()}
    assert resnet_cifar(8, **sizes)(x).shape == (2, 7)
    net = resnet_cifar(8, block=PreActivationBlock, shortcut="projection", zero_init=True, **sizes)
    assert net(x).shape == (2, 7)
    assert not net.layer3[0].conv2.weight.any()


def test_refuses_by_name() -> None:
    for depth in (2, 18, 1):
        with pytest.raises(ValueError, match=rf"^depth must be 6n \+ 2, .* not {depth}"):
            resnet_cifar(depth)
    for block in (Bottleneck, PreActivationBottleneck):
        with pytest.raises(ValueError, match=rf"^block must have two .* not be {block.__name__}"):
            resnet_cifar(20, block=block)
