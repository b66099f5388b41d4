"""The linear variational autoencoder: its bill is known before it is trained."""

from __future__ import annotations

import re

import pytest
import torch
from sklearn.decomposition import PCA
from torch import Generator, Tensor

from linebyline.generative.linear_vae import (
    LinearEncoder,
    linear_vae,
    ppca_log_likelihood,
    water_filling,
)
from linebyline.generative.vae import negative_bound


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def cloud(count: int = 400) -> Tensor:
    x = torch.randn(count, 5, generator=generator(), dtype=torch.float64)
    x = x * torch.tensor([3.0, 2.0, 1.0, 0.5, 0.5])
    mixed = torch.linalg.qr(torch.randn(5, 5, generator=generator(1), dtype=torch.float64)).Q
    return (x - x.mean(0)) @ mixed


def eigenvalues(x: Tensor) -> Tensor:
    return torch.linalg.eigvalsh(x.T @ x / len(x)).flip(0)


def test_the_encoder_gives_all_images_one_variance() -> None:
    encoder = LinearEncoder(5, 2, generator=generator()).double()
    x = cloud(3)
    encoder.log_variance.data = torch.tensor([0.3, -0.2], dtype=torch.float64)
    answer = encoder(x)
    torch.testing.assert_close(answer[:, :2], encoder.mean(x))
    assert torch.equal(answer[:, 2:], encoder.log_variance.expand(3, 2))


def test_water_fills_by_hand() -> None:
    nats, left = water_filling(torch.tensor([4.0, 1.0, 0.25], dtype=torch.float64), 1.0)
    torch.testing.assert_close(nats, torch.tensor([2.0, 1.0, 1.0]).double().log())
    assert left.tolist() == [1.0, 1.0, 0.25]


@pytest.mark.parametrize("level", [0.5, 2.0])
def test_no_other_bill_is_smaller(level: float) -> None:
    """What is left may be anything between 0 and λ: ½ log(λ / left) + left / (2 level)."""
    variance = torch.linspace(0.1, 5, 20, dtype=torch.float64)
    nats, left = water_filling(variance, level)
    tried = variance * torch.linspace(1e-3, 1, 4000, dtype=torch.float64)[:, None]
    bills = 0.5 * (variance / tried).log() + tried / (2 * level)
    torch.testing.assert_close(nats + left / (2 * level), bills.amin(0), rtol=1e-5, atol=0)


def test_a_trained_one_pays_what_was_foretold() -> None:
    x, beta, variance = cloud(), 2.0, 0.4
    model = linear_vae(5, 4, variance=variance, generator=generator()).double()
    adam = torch.optim.Adam(model.parameters(), lr=0.1)
    falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.0, total_iters=200)
    for step in range(200):
        adam.zero_grad()
        negative_bound(beta)(model(x, generator=generator(step))).backward()
        adam.step()
        falling.step()
    paid = model(x).kl.mean(0).sort(descending=True).values
    foretold = water_filling(eigenvalues(x), beta * variance).nats[:4]
    assert (foretold > 0).tolist() == [True, True, True, False]
    torch.testing.assert_close(paid, foretold, rtol=0, atol=0.06)


def test_the_likelihood_is_that_of_scikit_learn() -> None:
    x = cloud()
    x = x * (1 - 1 / len(x)) ** 0.5  # scikit-learn divides by one less, and so is told more
    value, noise = ppca_log_likelihood(eigenvalues(x) / (1 - 1 / len(x)), 2)
    theirs = PCA(2).fit(x.numpy())
    assert noise == pytest.approx(theirs.noise_variance_)
    # Their data have less variance than their model, by one part in 400, in each of 5 directions.
    assert value == pytest.approx(theirs.score(x.numpy()) - 0.5 * 5 / len(x))


def test_the_likelihood_is_that_of_a_normal() -> None:
    x = cloud()
    value, noise = ppca_log_likelihood(eigenvalues(x), 2)
    axes = torch.linalg.eigh(x.T @ x / len(x))
    kept = axes.eigenvalues.clamp(min=noise)
    kept[:3] = noise
    covariance = axes.eigenvectors @ torch.diag(kept) @ axes.eigenvectors.T
    exact = torch.distributions.MultivariateNormal(x.new_zeros(5), covariance).log_prob(x)
    assert value == pytest.approx(exact.mean().item())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: water_filling(torch.ones(2), 0.0), "level must be above 0, not 0.0"),
        (lambda: water_filling(torch.tensor([1.0, -1.0]), 1.0), "variances must not be negative"),
        (lambda: ppca_log_likelihood(torch.ones(3), 3), "width must be from 1 to 2, not 3"),
        (lambda: ppca_log_likelihood(torch.ones(3), 0), "width must be from 1 to 2, not 0"),
    ],
)
def test_bad_arguments_are_refused(call, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
