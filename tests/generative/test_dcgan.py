"""Both networks equal torch's own, each rule can be taken away, and together they learn a game."""

import math

import pytest
import torch
from torch import nn

from linebyline.generative.dcgan import (
    DCGANDiscriminator,
    DCGANGenerator,
    Rules,
    draw_weights,
    products,
    uses,
)
from linebyline.generative.gan import discriminator_loss, non_saturating_loss, normal_noise
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.conv_transpose2d import ConvTranspose2d
from linebyline.layers.resize_conv2d import ResizeConv2d
from linebyline.training.adversarial import Player, play


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def copy(mine: nn.Module, theirs: nn.Sequential) -> None:
    """Our parameters and buffers to torch's layers, pair by pair."""
    layers = [m for m in theirs if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d)]
    ours: list[nn.Module] = []
    for layer, norm in zip(mine.layers, [*mine.norms, nn.Identity()], strict=False):
        ours += [layer] + [norm] * isinstance(norm, BatchNorm2d)
    for own, other in zip(ours, layers, strict=True):
        other.load_state_dict(own.state_dict())


def test_the_generator_is_what_torch_builds() -> None:
    mine = DCGANGenerator(5, (6, 4), side=12, generator=drawn())
    theirs = nn.Sequential(
        nn.ConvTranspose2d(5, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )
    copy(mine, theirs)
    # The order of parameters is ours layer by layer, torch's too once the norms come last.
    theirs_ordered = [
        p for m in theirs if not isinstance(m, nn.BatchNorm2d) for p in m.parameters()
    ]
    theirs_ordered += [p for m in theirs if isinstance(m, nn.BatchNorm2d) for p in m.parameters()]
    z = torch.randn(7, 5, generator=drawn(1)).double()
    found, wanted = mine.double()(z), theirs.double()(z[:, :, None, None])[:, 0]
    torch.testing.assert_close(found, wanted)
    weights = torch.randn(found.shape, generator=drawn(7)).double()
    for a, b in zip(
        torch.autograd.grad((found * weights).sum(), list(mine.parameters())),
        torch.autograd.grad((wanted * weights).sum(), theirs_ordered),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_the_discriminator_is_what_torch_builds() -> None:
    mine = DCGANDiscriminator((4, 6), side=12, generator=drawn())
    theirs = nn.Sequential(
        nn.Conv2d(1, 4, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4, 6, 4, stride=2, padding=1),
        nn.BatchNorm2d(6),
        nn.LeakyReLU(0.2),
        nn.Conv2d(6, 1, 3),
    )
    copy(mine, theirs)
    x = torch.randn(7, 12, 12, generator=drawn(1)).double().requires_grad_()
    found, wanted = mine.double()(x), theirs.double()(x[:, None]).flatten()
    torch.testing.assert_close(found, wanted)
    weights = torch.randn(7, generator=drawn(2)).double()
    for a, b in zip(
        torch.autograd.grad((found * weights).sum(), [x, *mine.layers.parameters()]),
        torch.autograd.grad(
            (wanted * weights).sum(),
            [x, *(p for place in (0, 2, 5) for p in theirs[place].parameters())],
        ),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_without_strides_the_critic_pools_and_the_generator_repeats() -> None:
    rules = Rules(strided=False, batch_norm="none", slope=0.0, squashed=False)
    D = DCGANDiscriminator((3,), side=6, rules=rules, generator=drawn())
    x = torch.randn(4, 6, 6, generator=drawn(1))
    first, last = D.layers
    h = torch.max_pool2d(torch.relu(torch.conv2d(x[:, None], first.weight, padding=1)), 2)
    wanted = torch.conv2d(h, last.weight).flatten()
    torch.testing.assert_close(D(x), wanted)
    G = DCGANGenerator(5, (3,), side=6, rules=rules, generator=drawn())
    z = torch.randn(4, 5, generator=drawn(2))
    h = torch.relu(torch.einsum("bn,ncij->bcij", z, G.layers[0].weight))
    h = h.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert isinstance(G.layers[1], ResizeConv2d)
    wanted = torch.conv2d(h, G.layers[1].conv.weight, padding=1)[:, 0]
    torch.testing.assert_close(G(z), wanted)


@pytest.mark.parametrize(("where", "in_g", "in_d"), [
    ("inside", [True, True, False], [False, True]),
    ("none", [False] * 3, [False] * 2),
    ("everywhere", [True] * 3, [True] * 2),
])  # fmt: skip
def test_where_norms_stand(where: str, in_g: list[bool], in_d: list[bool]) -> None:
    rules = Rules(batch_norm=where)
    for net, wanted in (
        (DCGANGenerator(5, (4, 3), side=8, rules=rules), in_g),
        (DCGANDiscriminator((3, 4), side=8, rules=rules), in_d),
    ):
        assert [isinstance(norm, BatchNorm2d) for norm in net.norms] == wanted


def test_a_hidden_layer_sees_the_whole_map() -> None:
    rules = Rules(hidden_units=9)
    G = DCGANGenerator(5, (4, 3), side=8, rules=rules)
    D = DCGANDiscriminator((3, 4), side=8, rules=rules)
    assert [tuple(layer.weight.shape) for layer in G.layers][:2] == [(5, 9, 1, 1), (9, 4, 2, 2)]
    assert [tuple(layer.weight.shape) for layer in D.layers][2:] == [(9, 4, 2, 2), (1, 9, 1, 1)]
    x = G(torch.randn(6, 5))
    assert x.shape == (6, 8, 8)
    assert D(x).shape == (6,)
    assert [tuple(h.shape[1:]) for h in G.maps(torch.randn(2, 5))] == [
        (9, 1, 1), (4, 2, 2), (3, 4, 4), (1, 8, 8)
    ]  # fmt: skip
    maps = [tuple(h.shape[1:]) for h in D.maps(x)]
    assert maps == [(3, 4, 4), (4, 2, 2), (9, 1, 1)]


def test_images_are_squashed_unless_told_otherwise() -> None:
    z = torch.randn(3, 5)
    plain = DCGANGenerator(5, (4,), side=4, rules=Rules(squashed=False), generator=drawn())
    squashed = DCGANGenerator(5, (4,), side=4, generator=drawn())
    torch.testing.assert_close(squashed(z), plain(z).tanh())


def test_products_are_counted() -> None:
    assert products(Conv2d(3, 5, 4, stride=2)) == 48
    assert products(ConvTranspose2d(3, 5, 4, stride=2)) == 12
    assert products(ConvTranspose2d(3, 5, 7)) == 3  # one pixel is all that it is given
    assert products(ResizeConv2d(3, 5, 3)) == 27
    # The number of products is the variance of the output where weights and inputs have variance 1.
    layer = ConvTranspose2d(8, 64, 4, stride=2, padding=1, bias=False)
    layer.weight.data.normal_(generator=drawn())
    inside = layer(torch.randn(16, 8, 9, 9, generator=drawn(1)))[:, :, 2:-2, 2:-2]
    assert inside.square().mean().item() == pytest.approx(products(layer), rel=0.1)


def test_uses_are_counted() -> None:
    assert uses(Conv2d(3, 5, 4, stride=2, padding=1)) == 20
    assert uses(Conv2d(3, 5, 3, padding=1)) == 45
    assert uses(Conv2d(3, 5, 7)) == 5
    assert uses(ConvTranspose2d(3, 5, 4, stride=2, padding=1)) == 80
    assert uses(ResizeConv2d(3, 5, 3)) == 180
    # It is the variance of the gradient at the input where weights and the output's have 1.
    layers = [Conv2d(64, 8, 4, stride=2, padding=1), ResizeConv2d(64, 8, 3)]
    for layer in [*layers, ConvTranspose2d(64, 8, 4, stride=2, padding=1)]:
        next(layer.parameters()).data.normal_(generator=drawn())
        x = torch.zeros(16, 64, 16, 16, requires_grad=True)
        y = layer(x)
        (slope,) = torch.autograd.grad((y * torch.randn(y.shape, generator=drawn(1))).sum(), x)
        inside = slope[:, :, 2:-2, 2:-2].square().mean().item()
        assert inside == pytest.approx(uses(layer), rel=0.1)


def test_first_weights_have_the_deviation_that_is_asked_for() -> None:
    layers = [Conv2d(1, 32, 4), Conv2d(32, 64, 4)]
    draw_weights(layers, torch.relu, 0.02, drawn())
    assert [layer.weight.std().item() for layer in layers] == pytest.approx([0.02] * 2, rel=0.05)
    draw_weights(layers, torch.relu, None, drawn())
    wanted = [1 / 4, math.sqrt(2 / 512)]
    assert [layer.weight.std().item() for layer in layers] == pytest.approx(wanted, rel=0.05)
    assert all((layer.bias == 0).all() for layer in layers)
    again = [Conv2d(1, 32, 4), Conv2d(32, 64, 4)]
    draw_weights(again, torch.relu, None, drawn())
    for one, two in zip(layers, again, strict=True):
        torch.testing.assert_close(one.weight, two.weight, rtol=0, atol=0)


def test_weights_of_the_right_size_keep_a_signal() -> None:
    rules = Rules(batch_norm="none", squashed=False, deviation=None)
    G = DCGANGenerator(64, (64, 64), side=16, rules=rules, generator=drawn())
    x = G(torch.randn(64, 64, generator=drawn(1)))[:, 2:-2, 2:-2]
    assert x.square().mean().item() == pytest.approx(1, rel=0.35)


def test_gradients_are_the_numerical_ones() -> None:
    rules = Rules(deviation=None)
    G = DCGANGenerator(2, (2,), side=4, rules=rules, generator=drawn()).double()
    D = DCGANDiscriminator((2,), side=4, rules=rules, generator=drawn()).double()
    z = torch.randn(3, 2, generator=drawn(1)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: D(G(z)), z)


def test_a_game_of_both_learns() -> None:
    """Squares on the left or on the right: samples come to have ink where the data have it."""
    data = torch.full((64, 8, 8), -1.0)
    data[:32, 2:6, :3] = 1
    data[32:, 2:6, 5:] = 1
    G = DCGANGenerator(4, (12,), side=8, generator=drawn(1))
    D = DCGANDiscriminator((12,), side=8, generator=drawn(2))
    sides = [
        Player(net, loss, torch.optim.Adam(net.parameters(), lr=4e-3, betas=(0.5, 0.999)))
        for net, loss in ((D, discriminator_loss), (G, non_saturating_loss))
    ]

    def off() -> float:
        with torch.no_grad():
            made = G.eval()(torch.randn(256, 4, generator=drawn(3)))
        G.train()
        return (made.mean(0) - data.mean(0)).square().mean().item()

    before = off()
    play(*sides, data, normal_noise(4), rounds=120, batch_size=16, device="cpu")
    assert off() < 0.35 * before


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Rules(batch_norm="outside"), "batch_norm must be one of"),
    (lambda: Rules(hidden_units=-1), "hidden_units must be at least 0, not -1"),
    (lambda: Rules(slope=1.0), "slope must be at least 0 and below 1, not 1.0"),
    (lambda: Rules(deviation=0.0), "deviation must be above 0, or None, not 0.0"),
    (lambda: DCGANGenerator(0, (4,)), "noise_size must be at least 1, not 0"),
    (lambda: DCGANGenerator(4, (4, 0)), r"widths\[1\] must be at least 1, not 0"),
    (lambda: DCGANGenerator(4, (4, 4, 4)), "side must be a multiple of 2 .* is 3 .* not 28"),
    (lambda: DCGANDiscriminator(()), "number of widths, which is 0"),
    (lambda: DCGANDiscriminator((4,), side=0), "side must be at least 1, not 0"),
])  # fmt: skip
def test_bad_arguments_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_pooling_ends_before_a_hidden_layer() -> None:
    rules = Rules(strided=False, hidden_units=6)
    D = DCGANDiscriminator([4, 8], side=28, rules=rules, generator=drawn())
    maps = D.maps(torch.rand(3, 28, 28))
    assert [tuple(m.shape[1:]) for m in maps] == [(4, 14, 14), (8, 7, 7), (6, 1, 1)]
    assert D(torch.rand(3, 28, 28)).shape == (3,)
