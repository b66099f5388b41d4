"""The variational autoencoder: its two items, against torch's distributions and by drawing."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Generator, Tensor, nn
from torch.distributions import Bernoulli, Normal, kl_divergence
from torch.nn import functional

from linebyline.data.digits import digits
from linebyline.data.examples import Examples
from linebyline.generative.vae import (
    VAE,
    BernoulliPixels,
    EvidenceBound,
    GaussianPixels,
    kl_to_prior,
    negative_bound,
)
from linebyline.layers.linear import Linear
from linebyline.training.loop import fit

IMAGES = digits().train.inputs[:64].flatten(1)


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def small(width: int = 3, pixels: int = 64, **options) -> VAE:
    encoder, decoder = (
        Linear(i, o, generator=generator(i)) for i, o in ((pixels, 2 * width), (width, pixels))
    )
    return VAE(encoder, decoder, width=width, **options)


def test_the_price_of_a_code_is_that_of_torch() -> None:
    mean, log_variance = normal(5, 3), normal(5, 3, seed=1)
    theirs = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_to_prior(mean, log_variance), theirs.double())
    inputs = mean.requires_grad_(), log_variance.requires_grad_()
    assert torch.autograd.gradcheck(kl_to_prior, inputs)


def test_the_price_of_a_code_is_a_mean_over_draws() -> None:
    mean, log_variance = normal(1, 2), normal(1, 2, seed=1)
    z = small(2).sample(mean, log_variance, count=100_000, generator=generator())
    drawn = Normal(mean, (log_variance / 2).exp()).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    spread = drawn.std(0) / math.sqrt(len(z))
    assert ((drawn.mean(0) - kl_to_prior(mean, log_variance)).abs() < 4 * spread).all()


@pytest.mark.parametrize("draws", [(), (4,)])
def test_pixels_are_judged_as_torch_does(draws: tuple[int, ...]) -> None:
    answer, x = normal(*draws, 5, 2, 3), normal(5, 2, 3, seed=1).sigmoid()
    ink = (x > 0.5).double()
    for likelihood, theirs, seen in (
        (BernoulliPixels(), Bernoulli(logits=answer), ink),
        (GaussianPixels(0.3).double(), Normal(answer, math.sqrt(0.3)), x),
    ):
        nats = likelihood(answer, seen)
        torch.testing.assert_close(nats, -theirs.log_prob(seen).sum((-2, -1)), rtol=1e-6, atol=0)
        torch.testing.assert_close(likelihood.mean(answer), theirs.mean)


def test_a_grey_pixel_pays_the_mean_of_its_draws() -> None:
    answer, x = normal(1, 1), torch.full((1, 1), 0.3, dtype=torch.float64)
    ink, none = (BernoulliPixels()(answer, torch.full_like(x, value)) for value in (1.0, 0.0))
    torch.testing.assert_close(BernoulliPixels()(answer, x), 0.3 * ink + 0.7 * none)


def test_a_drawn_code_has_the_mean_and_spread_that_were_asked() -> None:
    mean, log_variance = normal(2, 3), normal(2, 3, seed=1)
    z = small().sample(mean, log_variance, count=40_000, generator=generator())
    assert z.shape == (40_000, 2, 3)
    torch.testing.assert_close(z.mean(0), mean, rtol=0, atol=0.05)
    torch.testing.assert_close(z.var(0), log_variance.exp(), rtol=0.05, atol=0)


def test_gradients_pass_through_the_draw() -> None:
    inputs = normal(2, 3).requires_grad_(), normal(2, 3, seed=1).requires_grad_()
    draw = small().sample
    assert torch.autograd.gradcheck(lambda m, v: draw(m, v, count=2, generator=generator()), inputs)
    torch.testing.assert_close(
        draw(*inputs, generator=generator()), draw(*inputs, count=1, generator=generator())[0]
    )


def test_the_bill_is_put_together_from_the_parts() -> None:
    model = small(likelihood=GaussianPixels(0.1, learned=True)).double()
    x = IMAGES[:5].double()
    bound = model(x, generator=generator())
    mean, log_variance = model.encode(x)
    z = model.sample(mean, log_variance, generator=generator())
    log_joint = Normal(model.decode(z), math.sqrt(0.1)).log_prob(x).sum(1)
    kl = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(bound.value, log_joint - kl.double(), rtol=1e-6, atol=0)
    loss = negative_bound(2.5)(bound, x)
    torch.testing.assert_close(loss, (2.5 * kl - log_joint).mean(), rtol=1e-6, atol=0)
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_in_the_mean_the_bound_is_below_the_evidence() -> None:
    """A linear model with normal pixels has a likelihood in closed form: N(b, W Wᵀ + σ² I)."""
    model = small(2, 4, likelihood=GaussianPixels(0.5)).double()
    x, w = normal(3, 4), model.decoder.weight
    covariance = w @ w.T + 0.5 * torch.eye(4)
    exact = torch.distributions.MultivariateNormal(model.decoder.bias, covariance).log_prob(x)
    values = [model(x, generator=generator(s)).value for s in range(400)]
    assert (torch.stack(values).mean(0) < exact).all()
    # With the posterior as the encoder it is not below, but equal.
    inverse = torch.linalg.inv(w.T @ w / 0.5 + torch.eye(2))
    with torch.no_grad():  # axes along which the posterior is diagonal
        _, axes = torch.linalg.eigh(inverse)
        model.decoder.weight.copy_(w @ axes)
        w, inverse = model.decoder.weight, axes.T @ inverse @ axes
        model.encoder.weight[:2] = inverse @ w.T / 0.5
        model.encoder.weight[2:] = 0
        model.encoder.bias[:2] = -model.encoder.weight[:2] @ model.decoder.bias
        model.encoder.bias[2:] = inverse.diagonal().log()
        mean, log_variance = model.encode(x)
        z = model.sample(mean, log_variance, count=4, generator=generator())
        posterior = Normal(mean, (log_variance / 2).exp()).log_prob(z).sum(-1)
        joint = Normal(0.0, 1.0).log_prob(z).sum(-1) - model.likelihood(model.decode(z), x)
    torch.testing.assert_close(joint - posterior, exact.expand(4, 3))


def test_it_learns_digits_and_gives_them_back() -> None:
    model = small(8, likelihood=BernoulliPixels())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    history = fit(model, negative_bound(), optimizer, Examples(IMAGES, IMAGES), epochs=80)
    assert history.train_loss[-1] < 0.8 * history.train_loss[0]
    before = functional.mse_loss(IMAGES.mean(0).expand_as(IMAGES), IMAGES)
    assert functional.mse_loss(model.reconstruct(IMAGES), IMAGES) < 0.7 * before
    made = model.generate(6, generator=generator())
    assert made.shape == (6, 64)
    assert made.min() >= 0
    assert made.max() <= 1
    assert torch.equal(made, model.generate(6, generator=generator()))


def test_images_keep_their_axes() -> None:
    model = VAE(
        nn.Sequential(nn.Flatten(), Linear(64, 4)),
        nn.Sequential(Linear(2, 64), nn.Unflatten(1, (1, 8, 8))),
        width=2,
    )
    x = IMAGES[:3].view(3, 1, 8, 8)
    bound = model(x)
    assert isinstance(bound, EvidenceBound)
    assert (bound.reconstruction.shape, bound.kl.shape) == ((3,), (3, 2))
    assert model.decode(torch.zeros(4, 3, 2)).shape == (4, 3, 1, 8, 8)
    assert model.likelihood(model.decode(torch.zeros(4, 3, 2)), x).shape == (4, 3)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: VAE(Linear(64, 6), Linear(3, 64), width=0), "width must be at least 1, not 0"),
        (lambda: small()(IMAGES * 2), "x must lie in [0, 1] for a Bernoulli decoder, but reaches"),
        (lambda: small()(IMAGES - 1), "take GaussianPixels"),
        (lambda: small()(IMAGES * math.nan), "x must lie in [0, 1]"),
        (lambda: small().decode(torch.zeros(2, 4)), "z must be codes of width 3, (images, 3)"),
        (lambda: small().decode(torch.zeros(3)), "z must be codes of width 3"),
        (lambda: small().generate(0), "count must be at least 1, not 0"),
        (lambda: small().sample(*torch.zeros(2, 1, 3), count=0), "count must be at least 1"),
        (lambda: GaussianPixels(0.0), "variance must be above 0, not 0.0"),
        (lambda: negative_bound(-1), "beta must be at least 0"),
        (lambda: negative_bound(math.nan), "beta must be at least 0"),
        (
            lambda: VAE(Linear(64, 3), Linear(3, 64), width=3)(IMAGES),
            "encoder must answer with 6 numbers for each of 64 images",
        ),
        (
            lambda: VAE(Linear(64, 6), Linear(3, 32), width=3)(IMAGES),
            "decoder must answer in the images' shape, (64, 64)",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_new_images_are_decoded_from_the_prior():
    """A decoder that hands the codes on shows what was drawn: N(0, I)."""
    model = VAE(nn.Linear(3, 6), nn.Linear(3, 3), width=3, likelihood=GaussianPixels())
    with torch.no_grad():
        model.decoder.weight.copy_(torch.eye(3))
        model.decoder.bias.zero_()
    z = model.generate(20_000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=0.03, rtol=0)
    torch.testing.assert_close(torch.cov(z.T), torch.eye(3), atol=0.04, rtol=0)
