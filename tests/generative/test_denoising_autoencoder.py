import pytest
import torch
from torch import nn

from linebyline.generative.denoising_autoencoder import (
    GaussianNoise,
    Masking,
    SaltAndPepper,
    denoising_loss,
)


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


GREY = torch.full((200, 50), 0.4)


def test_gaussian_noise_has_its_spread():
    noise = GaussianNoise(0.3)(GREY, seeded(0)) - GREY
    assert noise.mean().item() == pytest.approx(0, abs=0.01)
    assert noise.std().item() == pytest.approx(0.3, rel=0.03)
    assert GaussianNoise(0.0)(GREY, seeded(0)).equal(GREY)


def test_masking_hides_a_share_and_leaves_the_rest():
    spoiled = Masking(0.3)(GREY, seeded(0))
    assert (spoiled == 0).double().mean().item() == pytest.approx(0.3, abs=0.02)
    assert spoiled[spoiled != 0].eq(0.4).all()
    assert Masking(1.0)(GREY, seeded(0)).abs().max() == 0


def test_salt_and_pepper_share_alike():
    spoiled = SaltAndPepper(0.4)(GREY, seeded(0))
    for value in (0.0, 1.0):
        share = spoiled.eq(value).double().mean().item()
        assert share == pytest.approx(0.2, abs=0.02)
    assert spoiled[(spoiled != 0) & (spoiled != 1)].eq(0.4).all()


@pytest.mark.parametrize("corruption", [GaussianNoise(0.5), Masking(0.5), SaltAndPepper(0.5)])
def test_a_corruption_follows_its_generator_and_spares_its_input(corruption):
    x = GREY.clone()
    first = corruption(x, seeded(0))
    assert first.equal(corruption(x, seeded(0)))
    assert not first.equal(corruption(x, seeded(1)))
    assert x.equal(GREY)


def test_the_loss_compares_with_the_clean_input():
    x = torch.rand(6, 3, 4, generator=seeded(0)).double()
    corruption = Masking(0.5)
    loss = denoising_loss(nn.Identity(), x, corruption, seeded(1))
    by_hand = (corruption(x, seeded(1)) - x).square().sum() / 6
    torch.testing.assert_close(loss, by_hand)
    assert denoising_loss(nn.Identity(), x, GaussianNoise(0), seeded(1)) == 0


def test_its_gradient_is_the_numerical_one():
    x = torch.rand(3, 4, generator=seeded(0)).double()
    W = torch.rand(4, 4, generator=seeded(1)).double().requires_grad_()

    def loss(w: torch.Tensor) -> torch.Tensor:
        return denoising_loss(lambda s: s @ w, x, GaussianNoise(0.2), seeded(2))

    assert torch.autograd.gradcheck(loss, (W,))


def test_the_best_linear_denoiser_is_wieners():
    x = torch.randn(4000, 1, generator=seeded(0)) * 2
    w = torch.ones((), requires_grad=True)
    search = torch.optim.SGD([w], lr=0.02)
    g, seen = seeded(1), []
    for _ in range(200):
        search.zero_grad()
        denoising_loss(lambda s: w * s, x, GaussianNoise(1.0), g).backward()
        search.step()
        seen.append(w.item())
    assert sum(seen[-100:]) / 100 == pytest.approx(4 / 5, abs=0.02)  # λ / (λ + σ²)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="std must be a finite number"):
        GaussianNoise(-0.1)
    for corruption in (Masking, SaltAndPepper):
        with pytest.raises(ValueError, match="share must be from 0 to 1"):
            corruption(1.1)
    with pytest.raises(ValueError, match="model must answer in the shape"):
        denoising_loss(lambda s: s[:, :1], torch.zeros(2, 3), Masking(0.5), seeded(0))
