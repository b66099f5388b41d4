from itertools import pairwise
from math import log, pi

import pytest
import torch
from scipy.stats import multivariate_normal
from torch import nn

from linebyline.generative.conditional_vae import ConditionalVAE
from linebyline.generative.importance_weighted import (
    importance_bound,
    log_weights,
    normal_log_density,
)
from linebyline.generative.vae import VAE, GaussianPixels

VARIANCE = 0.5


def seeded(number=0):
    return torch.Generator().manual_seed(number)


def linear_vae(*, width=2, pixels=3, exact=False):
    """The linear model x = A z + noise: the one of which log p(x) and the posterior are known."""
    torch.manual_seed(1)
    encoder = nn.Linear(pixels, 2 * width).double()
    decoder = nn.Linear(width, pixels).double()
    if exact:  # the columns of A are orthogonal, so that the posterior is diagonal
        a = torch.zeros(pixels, width, dtype=torch.float64)
        a[0, 0], a[1, 1] = 2.0, 1.0
        precision = 1 + a.square().sum(0) / VARIANCE
        with torch.no_grad():
            decoder.weight.copy_(a)
            encoder.weight.zero_()
            encoder.weight[:width] = (a / VARIANCE / precision).T
            encoder.bias[:width] = -encoder.weight[:width] @ decoder.bias
            encoder.bias[width:] = -precision.log()
    return VAE(encoder, decoder, width=width, likelihood=GaussianPixels(VARIANCE)).double()


def exact_log_likelihood(vae, x):
    a, b = vae.decoder.weight.detach(), vae.decoder.bias.detach()
    covariance = a @ a.T + VARIANCE * torch.eye(len(a), dtype=torch.float64)
    return torch.tensor(multivariate_normal(b.numpy(), covariance.numpy()).logpdf(x.numpy()))


def data(count=2):
    return torch.randn(count, 3, generator=seeded(3), dtype=torch.float64)


def test_the_density_is_scipys():
    z, mean, log_variance = torch.randn(3, 4, 2, generator=seeded(), dtype=torch.float64)
    found = normal_log_density(z, mean, log_variance)
    for i in range(4):
        reference = multivariate_normal(mean[i], torch.diag(log_variance[i].exp()).numpy())
        assert found[i].item() == pytest.approx(reference.logpdf(z[i]))


def test_with_the_true_posterior_every_weight_is_the_likelihood():
    vae, x = linear_vae(exact=True), data()
    found = log_weights(vae, x, count=5, generator=seeded())
    torch.testing.assert_close(found, exact_log_likelihood(vae, x).expand(5, -1))


def test_the_mean_weight_is_the_likelihood_with_any_encoder():
    vae, x = linear_vae(), data()
    with torch.no_grad():
        found = log_weights(vae, x, count=300_000, generator=seeded())
    torch.testing.assert_close(
        importance_bound(found), exact_log_likelihood(vae, x), rtol=0, atol=0.02
    )


def test_the_bound_rises_to_the_likelihood():
    vae, x = linear_vae(), data()
    with torch.no_grad():
        weights = log_weights(vae, x, count=64_000, generator=seeded())
    bounds = [importance_bound(weights.view(k, -1, 2)).mean(0) for k in (1, 4, 16, 64)]
    bounds.append(exact_log_likelihood(vae, x))
    for lower, higher in pairwise(bounds):
        assert (lower < higher).all()
    torch.testing.assert_close(bounds[0], weights.mean(0))  # K = 1 is the evidence lower bound


def test_no_weight_is_too_small_and_the_gradient_is_right():
    small = torch.tensor([[-1000.0], [-1001.0]], dtype=torch.float64)
    expected = -1000 + log((1 + 2.718281828459045**-1) / 2)
    assert importance_bound(small).item() == pytest.approx(expected)
    tensor = torch.randn(3, 2, generator=seeded(), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(importance_bound, tensor)
    (gradient,) = torch.autograd.grad(importance_bound(tensor).sum(), tensor)
    torch.testing.assert_close(gradient, tensor.softmax(0))


def test_gradients_reach_both_halves():
    vae, x = linear_vae(), data()
    importance_bound(log_weights(vae, x, count=3, generator=seeded())).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in (*vae.encoder.parameters(),))
    assert all(p.grad.abs().sum() > 0 for p in (*vae.decoder.parameters(),))


def test_a_label_that_is_told_reaches_the_weights():
    torch.manual_seed(0)
    told = ConditionalVAE(nn.Linear(5, 4), nn.Linear(4, 3), width=2, classes=2)
    x = torch.rand(2, 3, generator=seeded())
    first, other = (
        log_weights(told.given(torch.tensor(labels)), x, count=4, generator=seeded())
        for labels in ([0, 1], [1, 1])
    )
    assert first.shape == (4, 2)
    assert not torch.equal(first[:, 0], other[:, 0])
    torch.testing.assert_close(first[:, 1], other[:, 1])


@pytest.mark.usefixtures("without_shape_checks")
def test_no_draw_is_refused():
    for weights in (torch.zeros(0, 2), torch.zeros(())):
        with pytest.raises(ValueError, match="one draw at least"):
            importance_bound(weights)
    assert 0.5 * log(2 * pi) == pytest.approx(-normal_log_density(*torch.zeros(3, 1, 1)).item())
