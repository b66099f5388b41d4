import pytest
import torch
from torch import nn

from linebyline.generative.contractive_autoencoder import (
    jacobian_penalty,
    jacobians,
    sigmoid_penalty,
    singular_values,
)
from linebyline.generative.tied_autoencoder import TiedAutoencoder


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


@pytest.fixture
def model() -> TiedAutoencoder:
    return TiedAutoencoder(4, 6, generator=seeded(0)).double()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(5, 4, generator=seeded(1)).double()


def test_jacobians_are_autograds(model, x):
    found = jacobians(model.encoder, x)
    for row, jacobian in zip(x, found, strict=True):
        theirs = torch.autograd.functional.jacobian(lambda r: model.encoder(r[None])[0], row)
        torch.testing.assert_close(jacobian, theirs)


def test_the_closed_form_is_the_general_one_with_its_gradients(model, x):
    weights = list(model.encoder.parameters())
    closed = sigmoid_penalty(model.linear.weight, model.encoder(x))
    general = jacobian_penalty(model.encoder, x)
    torch.testing.assert_close(closed, general)
    for a, b in zip(
        torch.autograd.grad(closed, weights), torch.autograd.grad(general, weights), strict=True
    ):
        torch.testing.assert_close(a, b)


def test_gradients_are_the_numerical_ones(x):
    W = torch.randn(3, 4, generator=seeded(2)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda w: sigmoid_penalty(w, (x @ w.T).sigmoid()), (W,))
    assert torch.autograd.gradcheck(lambda w: jacobian_penalty(lambda r: (r @ w.T).tanh(), x), (W,))


def test_of_a_linear_map_it_is_the_weights_square(x):
    linear = nn.Linear(4, 3).double()
    torch.testing.assert_close(jacobian_penalty(linear, x), linear.weight.square().sum())
    theirs = torch.linalg.svdvals(linear.weight).expand(5, 3)
    torch.testing.assert_close(singular_values(linear, x), theirs)
    assert not singular_values(linear, x).requires_grad


def test_it_learns_to_stand_still(x):
    model = TiedAutoencoder(4, 6, generator=seeded(0)).double()
    before = jacobian_penalty(model.encoder, x).item()
    search = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(30):
        search.zero_grad()
        sigmoid_penalty(model.linear.weight, model.encoder(x)).backward()
        search.step()
    assert jacobian_penalty(model.encoder, x).item() < 0.1 * before


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="x must be"):
        jacobians(nn.Identity(), torch.zeros(2, 3, 3))
    with pytest.raises(ValueError, match="code must have a unit for each"):
        sigmoid_penalty(torch.zeros(3, 4), torch.zeros(2, 4))
