"""Residual blocks equal their equations, written with torch's functions, outputs and gradients."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.vision.residual_blocks import (
    BasicBlock,
    Bottleneck,
    PaddingShortcut,
    ResidualBlock,
    convolution,
)

State = dict[str, Tensor]
KINDS = pytest.mark.parametrize("kind", [BasicBlock, Bottleneck])
SHORTCUTS = pytest.mark.parametrize("shortcut", ["projection", "padding", "none"])


def unlike_at_first(block: nn.Module) -> nn.Module:
    """Scales and shifts that are not 1 and 0, so that none of them can be forgotten unnoticed."""
    g = generator(7)
    for name, parameter in block.named_parameters():
        if parameter.ndim == 1:
            middle = 1.0 if name.endswith("weight") else 0.0
            nn.init.normal_(parameter, middle, 0.3, generator=g)
    return block.double()


def norm(x: Tensor, state: State, name: str) -> Tensor:
    return functional.batch_norm(
        x, None, None, state[f"{name}.weight"], state[f"{name}.bias"], True
    )


def by_equation(x: Tensor, state: State, kind: type, stride: int, shortcut: str) -> Tensor:
    """The ReLU of F(x) + shortcut(x), in functions; the stride sits in the first 3 x 3."""
    if kind is BasicBlock:
        h = functional.conv2d(x, state["conv1.weight"], stride=stride, padding=1)
        h = functional.conv2d(
            functional.relu(norm(h, state, "bn1")), state["conv2.weight"], padding=1
        )
        h = norm(h, state, "bn2")
    else:
        h = functional.relu(norm(functional.conv2d(x, state["conv1.weight"]), state, "bn1"))
        h = functional.conv2d(h, state["conv2.weight"], stride=stride, padding=1)
        h = functional.conv2d(functional.relu(norm(h, state, "bn2")), state["conv3.weight"])
        h = norm(h, state, "bn3")
    if shortcut == "none":
        return functional.relu(h)
    if "downsample.0.weight" in state:
        carried = functional.conv2d(x, state["downsample.0.weight"], stride=stride)
        return functional.relu(h + norm(carried, state, "downsample.1"))
    carried = functional.max_pool2d(x, 1, stride)
    zeros = torch.zeros_like(h[:, carried.shape[1] :])
    return functional.relu(h + torch.cat([carried, zeros], dim=1))


@KINDS
@SHORTCUTS
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("in_channels", [4, 8])
def test_equals_the_equation(
    same_as_equation: Callable[..., None],
    kind: type[ResidualBlock],
    shortcut: str,
    stride: int,
    in_channels: int,
) -> None:
    options = {"stride": stride, "shortcut": shortcut, "generator": generator()}
    block = unlike_at_first(kind(in_channels, 8 // kind.expansion, **options))
    x = images(3, in_channels, 5, 6)
    equation = partial(by_equation, kind=kind, stride=stride, shortcut=shortcut)
    same_as_equation(block, equation, x)
    assert block(x).shape == (3, 8, -(-5 // stride), -(-6 // stride))


@KINDS
def test_projects_only_where_x_does_not_fit(kind: type[ResidualBlock]) -> None:
    assert kind(8, 8 // kind.expansion).downsample is None
    assert kind(8, 8 // kind.expansion, stride=2).downsample is not None
    assert kind(4, 8 // kind.expansion).downsample is not None
    names = [name for name in kind(4, 8).state_dict() if name.startswith("downsample")]
    assert names[:3] == ["downsample.0.weight", "downsample.1.weight", "downsample.1.bias"]


@KINDS
def test_attention_stands_at_the_end_of_the_branch(kind: type[ResidualBlock]) -> None:
    class Halve(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.channels = channels

        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[1] == self.channels
            return x / 2

    out = 4 * kind.expansion
    plain = unlike_at_first(kind(out, 4, generator=generator()))
    halved = unlike_at_first(kind(out, 4, attention=Halve, generator=generator()))
    assert halved.attention.channels == out
    assert plain.state_dict().keys() == halved.state_dict().keys()
    x = images(2, out, 4, 4)
    residual = plain.residual(x)
    assert (residual < 0).any()  # no ReLU before the addition
    torch.testing.assert_close(halved(x), torch.relu(x + residual / 2))


@KINDS
def test_a_zero_branch_is_the_identity_for_what_is_not_negative(kind: type[ResidualBlock]) -> None:
    block = kind(8, 8 // kind.expansion, generator=generator()).double()
    block.zero_branch()
    x = images(2, 8, 4, 4).requires_grad_()
    torch.testing.assert_close(block(x), torch.relu(x), rtol=0, atol=0)
    (gradient,) = torch.autograd.grad(block(x).sum(), x)
    assert torch.equal(gradient, (x > 0).double())


@KINDS
@SHORTCUTS
def test_gradient(kind: type[ResidualBlock], shortcut: str) -> None:
    block = kind(2, 4 // kind.expansion, stride=2, shortcut=shortcut, generator=generator())
    unlike_at_first(block)

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return block(x)

    x = images(2, 2, 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(run, (x, *block.parameters()))


@KINDS
def test_learns(kind: type[ResidualBlock]) -> None:
    block = kind(4, 4 // kind.expansion, generator=generator())
    x, wanted = images(8, 4, 3, 3).float(), images(8, 4, 3, 3, seed=2).float().relu()
    optimizer = torch.optim.Adam(block.parameters(), lr=0.02)
    losses = []
    for _ in range(80):
        optimizer.zero_grad()
        loss = (block(x) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_padding_takes_every_other_pixel_and_adds_zeros() -> None:
    x = torch.arange(9.0).view(1, 1, 3, 3)
    y = PaddingShortcut(1, 3, stride=2)(x)
    assert y[0, 0].tolist() == [[0.0, 2.0], [6.0, 8.0]]
    assert y.shape == (1, 3, 2, 2)
    assert not y[0, 1:].any()
    assert not list(PaddingShortcut(1, 3).parameters())


def test_convolutions_keep_the_size_and_the_gradient() -> None:
    conv = convolution(8, 64, 3, generator=generator())
    assert conv.bias is None
    assert conv(torch.zeros(1, 8, 5, 7)).shape == (1, 64, 5, 7)
    assert conv.weight.var().item() == pytest.approx(2 / (64 * 9), rel=0.05)  # by fan-out
    assert torch.equal(conv.weight, convolution(8, 64, 3, generator=generator()).weight)


def test_a_generator_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    Bottleneck(4, 4, stride=2, generator=generator())
    assert torch.equal(before, torch.get_rng_state())


@KINDS
def test_refuses_by_name(kind: type[ResidualBlock]) -> None:
    for name in ("in_channels", "channels", "stride"):
        sizes = {"in_channels": 4, "channels": 4, name: 0}
        with pytest.raises(ValueError, match=rf"^{name} must be at least 1, not 0"):
            kind(**sizes)
    with pytest.raises(ValueError, match=r"^shortcut must be one of projection, .* not 'identity'"):
        kind(4, 4, shortcut="identity")
    with pytest.raises(ValueError, match=r"^out_channels must be at least in_channels, 32, .*not"):
        kind(32, 4, shortcut="padding")


@pytest.mark.parametrize(("kind", "last"), [(BasicBlock, "bn2"), (Bottleneck, "bn3")])
def test_zero_branch_zeroes_the_last_norm_only(kind, last) -> None:
    block = kind(8, 8)
    block.zero_branch()
    zero = [n for n, p in block.named_parameters() if n.endswith("weight") and not p.any()]
    assert zero == [f"{last}.weight"]


def test_a_padded_shortcut_keeps_the_size_unless_told() -> None:
    assert PaddingShortcut(1, 2)(torch.zeros(1, 1, 4, 4)).shape == (1, 2, 4, 4)


@pytest.mark.parametrize("missing", ["add_branch", "branch"])
def test_a_block_must_say_what_its_branch_is(missing) -> None:
    said = {"add_branch": BasicBlock.add_branch, "branch": BasicBlock.branch}
    del said[missing]
    kind = type("Silent", (ResidualBlock,), said)
    with pytest.raises(TypeError, match=rf"abstract.* '?{missing}\b"):
        kind(4, 4)
