"""Residual networks with gates: as many parameters as published, and gates that can be held."""

import pytest
import torch
from torch import Tensor, nn
from vision.conftest import generator

from linebyline.layers.squeeze_excitation import SqueezeExcitation
from linebyline.vision.resnet import BasicBlock, ResNet
from linebyline.vision.senet import (
    extra_weights,
    fixed_gates,
    gates_by_block,
    se_resnet18,
    se_resnet34,
    se_resnet50,
    se_resnet101,
    squeeze_excitation,
)


def small(attention: object = None, seed: int = 0, **options: object) -> ResNet:
    options = {"channels": 8, "in_channels": 1, "num_classes": 3, "small_images": True} | options
    made = squeeze_excitation(reduction=2, generator=generator(seed + 1))
    return ResNet(
        BasicBlock, (2, 1), attention=attention or made, generator=generator(seed), **options
    ).eval()


def images(count: int = 4, seed: int = 0) -> Tensor:
    return torch.rand(count, 1, 8, 8, generator=generator(seed))


@pytest.mark.parametrize(
    ("make", "published", "plain", "channels"),
    [
        (se_resnet18, 11_778_592, 11_689_512, (64, 64, 128, 128, 256, 256, 512, 512)),
        (se_resnet34, 21_958_868, 21_797_672, (64,) * 3 + (128,) * 4 + (256,) * 6 + (512,) * 3),
        (se_resnet50, 28_088_024, 25_557_032, (256,) * 3 + (512,) * 4 + (1024,) * 6 + (2048,) * 3),
        (
            se_resnet101,
            49_326_872,
            44_549_160,
            (256,) * 3 + (512,) * 4 + (1024,) * 23 + (2048,) * 3,
        ),
    ],
)
def test_has_as_many_parameters_as_published(
    make: object, published: int, plain: int, channels: tuple[int, ...]
) -> None:
    with torch.device("meta"):  # shapes without numbers
        model, bare = make(), make(bias=False)
    count = sum(p.numel() for p in model.parameters())
    assert count == published == plain + extra_weights(channels)
    assert sum(p.numel() for p in bare.parameters()) == plain + extra_weights(channels, bias=False)


def test_equation_five_for_fifty_layers() -> None:
    stages = ((3, 256), (4, 512), (6, 1024), (3, 2048))
    by_hand = 2 / 16 * sum(n * c**2 for n, c in stages)
    assert extra_weights([c for n, c in stages for _ in range(n)], bias=False) == by_hand == 2514944


def test_options_reach_the_gates_and_the_network() -> None:
    model = se_resnet18(
        channels=8, num_classes=5, small_images=True, reduction=4, squeeze="max", bias=False
    )
    layers = [m for m in model.modules() if isinstance(m, SqueezeExcitation)]
    assert [layer.channels for layer in layers] == [8, 8, 16, 16, 32, 32, 64, 64]
    assert all((m.reduction, m.squeeze, m.fc1.bias) == (4, "max", None) for m in layers)
    assert model(torch.rand(2, 3, 8, 8)).shape == (2, 5)


def test_the_gate_multiplies_the_branch_and_not_the_shortcut() -> None:
    model = small()
    block = next(model.blocks())
    x = torch.randn(2, 8, 4, 4, generator=generator())
    branch = block.branch(x)
    s = block.attention.gates(branch)[:, :, None, None]
    torch.testing.assert_close(block(x), torch.relu(x + s * branch))


def test_a_generator_draws_what_it_drew() -> None:
    before = torch.get_rng_state()
    options = {"channels": 8, "small_images": True, "reduction": 4, "num_classes": 2}
    first, second = (se_resnet18(generator=generator(3), **options) for _ in "ab")
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_gates_by_block_are_those_that_the_layers_used() -> None:
    model, x = small(), images()
    gates = gates_by_block(model, x)
    assert [tuple(s.shape) for s in gates] == [(4, 8), (4, 8), (4, 16)]
    h = torch.relu(model.bn1(model.conv1(x)))
    for block, s in zip(model.blocks(), gates, strict=True):
        torch.testing.assert_close(block.attention.gates(block.branch(h)), s)
        h = block(h)
    assert all(not layer._forward_hooks for layer in model.modules())


def test_gates_held_at_one_leave_the_plain_network() -> None:
    model, x = small(), images()
    plain = small(attention=lambda _: nn.Identity())
    plain.load_state_dict(model.state_dict(), strict=False)
    own = model(x)
    with fixed_gates(model, [torch.ones(8), torch.ones(8), torch.ones(16)]):
        torch.testing.assert_close(model(x), plain(x))
    torch.testing.assert_close(model(x), own)
    assert (own - plain(x)).abs().max() > 1e-3


def test_gates_held_at_what_one_image_gets_change_nothing_for_it() -> None:
    model, x = small(), images(1)
    held = [s[0] for s in gates_by_block(model, x)]
    own = model(x)
    with fixed_gates(model, held):
        torch.testing.assert_close(model(x), own)
    with fixed_gates(model, [None, torch.zeros(8), None]):
        assert (model(x) - own).abs().max() > 1e-3


def test_learns() -> None:
    x, y = images(12), torch.arange(12) % 3
    model = small().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01
    assert all(p.grad.abs().max() > 0 for p in model.parameters())


@pytest.mark.parametrize("reduction", [0, 65])
def test_extra_weights_refuses_a_reduction_without_a_unit(reduction: int) -> None:
    with pytest.raises(ValueError, match=f"reduction must be from 1 to 64.*not {reduction}"):
        extra_weights((64, 128), reduction=reduction)


def test_refuses_a_model_without_gates_and_too_few_gates() -> None:
    with pytest.raises(ValueError, match="model must hold SqueezeExcitation layers"):
        gates_by_block(nn.Linear(2, 2), images())
    held = fixed_gates(small(), [None, None])
    with pytest.raises(ValueError, match="gates must be 3, one entry for each block, not 2"):
        held.__enter__()
