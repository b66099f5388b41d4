from copy import deepcopy

import pytest
import torch
from torch import nn

from linebyline.generative.tied_autoencoder import TiedAutoencoder, TransposedLinear
from linebyline.layers.linear import Linear


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_it_equals_torchs_layers_with_one_weight_and_sums_both_gradients():
    ours = TiedAutoencoder(5, 7, generator=seeded(0)).double()
    with torch.no_grad():
        ours.back.bias.normal_(generator=seeded(1))
    W, b = ours.linear.weight, ours.linear.bias
    there, back = nn.Linear(5, 7).double(), nn.Linear(7, 5).double()
    with torch.no_grad():
        there.weight.copy_(W)
        there.bias.copy_(b)
        back.weight.copy_(W.T)
        back.bias.copy_(ours.back.bias)
    x = torch.randn(4, 5, generator=seeded(2)).double()
    theirs = back(there(x).sigmoid())
    torch.testing.assert_close(ours(x), theirs)
    ours(x).square().sum().backward()
    theirs.square().sum().backward()
    torch.testing.assert_close(W.grad, there.weight.grad + back.weight.grad.T)
    torch.testing.assert_close(ours.back.bias.grad, back.bias.grad)


def test_its_gradient_is_the_numerical_one():
    model = TiedAutoencoder(3, 4, generator=seeded(0)).double()
    x = torch.randn(2, 3, generator=seeded(1)).double().requires_grad_()
    assert torch.autograd.gradcheck(model, (x,))


def test_the_weight_is_one_parameter_and_stays_one_in_a_copy():
    model = TiedAutoencoder(5, 7, generator=seeded(0))
    assert sum(p.numel() for p in model.parameters()) == 5 * 7 + 7 + 5
    assert set(model.state_dict()) == {"encoder.0.weight", "encoder.0.bias", "decoder.0.bias"}
    other = deepcopy(model)
    with torch.no_grad():
        other.linear.weight.zero_()
    x = torch.ones(2, 5)
    assert other(x).abs().max() == 0
    assert model(x).abs().max() > 0


def test_activation_and_output_are_what_was_asked_for():
    x = torch.randn(3, 5, generator=seeded(0))
    model = TiedAutoencoder(
        5, 4, activation=nn.Identity(), output=nn.Sigmoid(), generator=seeded(1)
    )
    W, b = model.linear.weight, model.linear.bias
    torch.testing.assert_close(model(x), ((x @ W.T + b) @ W).sigmoid())


def test_it_learns():
    x = torch.randn(16, 6, generator=seeded(0))
    model = TiedAutoencoder(6, 12, generator=seeded(1))
    search = torch.optim.Adam(model.parameters(), lr=0.03)
    losses = []
    for _ in range(150):
        search.zero_grad()
        loss = (model(x) - x).square().mean()
        loss.backward()
        search.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.usefixtures("without_shape_checks")
def test_it_refuses_codes_of_another_width():
    with pytest.raises(ValueError, match="h must have 4 units"):
        TransposedLinear(Linear(3, 4))(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="out_features must be at least 1"):
        TiedAutoencoder(3, 0)
