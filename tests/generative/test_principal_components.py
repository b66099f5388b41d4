import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from linebyline.generative.autoencoder import linear_autoencoder
from linebyline.generative.principal_components import principal_components


def data(n=40, d=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scale = torch.arange(d, 0, -1, dtype=torch.float64)
    mixed = torch.randn(d, d, generator=generator, dtype=torch.float64)
    return (torch.randn(n, d, generator=generator, dtype=torch.float64) * scale) @ mixed + 3


@pytest.mark.parametrize(("n", "d"), [(40, 6), (5, 9)])
def test_equals_scikit_learn(n, d):
    x = data(n, d)
    ours, theirs = principal_components(x), PCA(svd_solver="full").fit(x.numpy())
    np.testing.assert_allclose(ours.mean, theirs.mean_)
    np.testing.assert_allclose(ours.variances * n / (n - 1), theirs.explained_variance_, atol=1e-9)
    k = min(n - 1, d)  # with few examples the last direction is arbitrary
    signs = (ours.directions.numpy() * theirs.components_).sum(1, keepdims=True).round()
    np.testing.assert_allclose(
        ours.directions[:k].numpy(), (signs * theirs.components_)[:k], atol=1e-9
    )
    largest = ours.directions.abs().argmax(1, keepdim=True)
    assert (ours.directions.gather(1, largest) > 0).all()


def test_the_network_encodes_and_decodes_as_scikit_learn_does():
    x = data()
    found, theirs = principal_components(x), PCA(3).fit(x.numpy())
    model = found.network(3)
    np.testing.assert_allclose(model.encoder(x).detach().abs(), abs(theirs.transform(x.numpy())))
    again = theirs.inverse_transform(theirs.transform(x.numpy()))
    np.testing.assert_allclose(model(x).detach(), again)


@pytest.mark.parametrize("chosen", [2, [0, 2], [3, 1, 4], [5]])
def test_what_is_left_out_is_the_error(chosen):
    x = data()
    found = principal_components(x)
    error = (found.network(chosen)(x) - x).square().sum(1).mean()
    assert error.item() == pytest.approx(found.left_out(chosen))


def test_a_number_means_the_first():
    found = principal_components(data())
    assert found.left_out(2) == found.left_out([0, 1])
    assert found.left_out(0) == pytest.approx(found.variances.sum().item())
    assert found.left_out(6) == 0


def test_on_chosen_directions_the_gradient_is_zero():
    x = data()
    model = principal_components(x).network([1, 3])
    (model(x) - x).square().sum(1).mean().backward()
    for parameter in model.parameters():
        torch.testing.assert_close(parameter.grad, torch.zeros_like(parameter), atol=1e-9, rtol=0)


def test_a_linear_autoencoder_learns_the_span():
    x = data()
    found = principal_components(x)
    model = linear_autoencoder(6, 2, generator=torch.Generator().manual_seed(0)).double()
    search = torch.optim.LBFGS(model.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def error():
        search.zero_grad()
        value = (model(x) - x).square().sum(1).mean()
        value.backward()
        return value

    search.step(error)
    assert error().item() == pytest.approx(found.left_out(2), rel=1e-6)
    angles = subspace_angles(model.decoder.weight.detach().numpy(), found.directions[:2].T.numpy())
    assert angles.max() < 1e-3


def test_single_precision_stays():
    found = principal_components(data().float())
    assert found.network(2).encoder.weight.dtype == torch.float32


@pytest.mark.parametrize("chosen", [7, -1, [6], [-1], [1, 1]])
@pytest.mark.parametrize("method", ["left_out", "network"])
def test_refuses_directions(chosen, method):
    found = principal_components(data())
    with pytest.raises(ValueError, match=r"^chosen must"):
        getattr(found, method)(chosen)


def test_refuses_a_network_on_nothing():
    with pytest.raises(ValueError, match="chosen must name at least one"):
        principal_components(data()).network([])


def test_refuses_data():
    with pytest.raises(ValueError, match="x must hold at least two examples"):
        principal_components(data()[:1])
    x = data()
    x[3, 2] = float("nan")
    with pytest.raises(ValueError, match="x holds NaN"):
        principal_components(x)
