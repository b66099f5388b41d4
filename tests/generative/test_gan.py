"""Losses equal PyTorch's cross-entropy and their printed forms; the two networks learn a game."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from linebyline.generative.gan import (
    Discriminator,
    Generator,
    discriminator_loss,
    discriminator_loss_explicit,
    minimax_loss,
    non_saturating_loss,
    normal_noise,
)


def logits(seed: int = 0, count: int = 7) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    values = 2 * torch.randn(count, generator=draw, dtype=torch.float64)
    return values.requires_grad_()


def test_the_discriminators_loss_is_cross_entropy() -> None:
    real, made = logits(0), logits(1, 5)
    theirs = bce(real, torch.ones_like(real)) + bce(made, torch.zeros_like(made))
    for ours in (discriminator_loss(real, made), discriminator_loss_explicit(real, made)):
        torch.testing.assert_close(ours, theirs)
        for mine, wanted in zip(
            torch.autograd.grad(ours, (real, made)),
            torch.autograd.grad(theirs, (real, made), retain_graph=True),
            strict=True,
        ):
            torch.testing.assert_close(mine, wanted)


def test_the_generators_losses_are_what_is_printed() -> None:
    made = logits(1)
    d = made.sigmoid()
    torch.testing.assert_close(minimax_loss(made), (1 - d).log().mean())
    torch.testing.assert_close(non_saturating_loss(made), -d.log().mean())
    (saturating,) = torch.autograd.grad(minimax_loss(made), made)
    (other,) = torch.autograd.grad(non_saturating_loss(made), made)
    torch.testing.assert_close(saturating, -d / 7)
    torch.testing.assert_close(saturating, other * made.exp())  # the ratio, sample by sample


def test_gradients_are_the_numerical_ones() -> None:
    assert torch.autograd.gradcheck(discriminator_loss, (logits(0), logits(1)))
    assert torch.autograd.gradcheck(minimax_loss, (logits(2),))
    assert torch.autograd.gradcheck(non_saturating_loss, (logits(3),))


def test_no_logit_makes_a_loss_infinite() -> None:
    far = torch.tensor([-200.0, 200.0])
    assert discriminator_loss(far, -far).item() == pytest.approx(200)
    assert minimax_loss(far).item() == pytest.approx(-100)
    assert non_saturating_loss(far).item() == pytest.approx(100)
    assert math.isinf(discriminator_loss_explicit(far, -far).item())


def test_a_generator_gives_data_of_its_shape() -> None:
    z = torch.randn(3, 5)
    draw = torch.Generator().manual_seed(0)
    plain = Generator(5, (8,), (2, 3), generator=draw)
    squashed = Generator(5, (8,), (2, 3), output=torch.sigmoid)
    squashed.load_state_dict(plain.state_dict())
    assert plain(z).shape == (3, 2, 3)
    torch.testing.assert_close(squashed(z), plain(z).sigmoid())
    torch.testing.assert_close(plain(z).flatten(1), plain.network(z))
    again = Generator(5, (8,), (2, 3), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(again(z), plain(z), rtol=0, atol=0)


def test_a_generator_may_be_normalized() -> None:
    model = Generator(5, (8, 6), (2,), batch_norm=True)
    first, second, last = model.network.layers
    z = torch.randn(16, 5)
    theirs = nn.Sequential(
        first, nn.BatchNorm1d(8), nn.ReLU(), second, nn.BatchNorm1d(6), nn.ReLU(), last
    )
    torch.testing.assert_close(model(z), theirs(z))
    torch.testing.assert_close(model.eval()(z), theirs.eval()(z))  # their averages, too


def test_a_discriminator_gives_one_logit_for_each() -> None:
    judge = Discriminator((2, 3), (8,), activation=torch.tanh)
    x = torch.randn(4, 2, 3)
    assert judge(x).shape == (4,)
    torch.testing.assert_close(judge(x)[1:2], judge(x[1:2]))
    first, last = judge.network.layers
    torch.testing.assert_close(judge(x), last(first(x.flatten(1)).tanh())[:, 0])


def test_a_discriminator_learns_to_tell() -> None:
    """Two Gaussians that hardly overlap: the loss falls far below log 4."""
    draw = torch.Generator().manual_seed(0)
    real, made = torch.randn(64, 2, generator=draw) + 2, torch.randn(64, 2, generator=draw) - 2
    judge = Discriminator((2,), (16,), generator=draw)
    optimizer = torch.optim.Adam(judge.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = discriminator_loss(judge(real), judge(made))
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * math.log(4)


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"noise_size must be at least 1 throughout, not \[0\]"):
        Generator(0, (8,), (2,))
    with pytest.raises(ValueError, match=r"hidden must be at least 1 throughout, not \[8, 0\]"):
        Discriminator((2,), (8, 0))
    with pytest.raises(ValueError, match=r"shape must be at least 1 throughout, not \[2, 0\]"):
        Generator(3, (8,), (2, 0))
    none = torch.zeros(0)
    with pytest.raises(ValueError, match="made_logits must hold at least one number"):
        discriminator_loss(torch.zeros(2), none)
    with pytest.raises(ValueError, match="real_logits must hold at least one number"):
        discriminator_loss(none, torch.zeros(2))
    for loss in (minimax_loss, non_saturating_loss):
        with pytest.raises(ValueError, match="made_logits must hold at least one number"):
            loss(none)


def test_both_are_modules_with_parameters_of_one_network() -> None:
    for model in (Generator(3, (4,), (2,)), Discriminator((2,), (4,))):
        assert isinstance(model, nn.Module)
        assert all(name.startswith("network.layers.") for name, _ in model.named_parameters())


def test_noise_is_drawn_from_the_generator_that_is_handed_over() -> None:
    first, second = (normal_noise(3)(5, torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(first, torch.randn(5, 3, generator=torch.Generator().manual_seed(4)))


@pytest.mark.parametrize("make", [Generator, Discriminator])
def test_first_weights_and_bends_are_those_asked_for(make: Any) -> None:
    sizes: Any = (3, (4,), (2,)) if make is Generator else ((2,), (4,))
    x = torch.randn(6, sizes[0] if make is Generator else 2)

    def built(seed: int, **options: Any) -> nn.Module:
        return make(*sizes, generator=torch.Generator().manual_seed(seed), **options)

    assert torch.equal(built(1)(x), built(1)(x))
    assert not torch.equal(built(1)(x), built(2)(x))
    bent = built(1, activation=torch.tanh)
    first, last = bent.network.layers
    wanted = last(torch.tanh(first(x)))
    torch.testing.assert_close(bent(x).view_as(wanted), wanted)
