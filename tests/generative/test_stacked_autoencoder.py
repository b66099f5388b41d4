import pytest
import torch
from torch import nn

from linebyline.generative.stacked_autoencoder import greedy_layers, unroll
from linebyline.generative.tied_autoencoder import TiedAutoencoder


def seeded(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


X = torch.rand(20, 6, generator=seeded(0))


def stack(learn=lambda layer, x: None) -> list[TiedAutoencoder]:
    return greedy_layers([6, 5, 3], X, learn, generator=seeded(1))


def test_each_layer_learns_from_the_codes_of_the_one_before():
    seen = []

    def learn(layer, x):
        seen.append(x)
        with torch.no_grad():
            layer.linear.bias.add_(1)  # what is learned must be in what comes next

    first, second = stack(learn)
    assert seen[0] is X
    torch.testing.assert_close(seen[1], first.encoder(X).detach())
    assert not seen[1].requires_grad
    assert (first.linear.out_features, second.linear.out_features) == (5, 3)
    assert isinstance(first.decoder[1], nn.Identity)
    assert isinstance(second.decoder[1], nn.Sigmoid)


def test_unrolled_it_is_the_layers_one_inside_the_other():
    layers = stack()
    with torch.no_grad():
        for number, layer in enumerate(layers):
            layer.back.bias.normal_(generator=seeded(number))
    first, second = layers
    model = unroll(layers)
    code = second.encoder(first.encoder(X))
    torch.testing.assert_close(model.encoder(X), code)
    torch.testing.assert_close(model(X), first.decoder(second.decoder(code)))


def test_unrolled_weights_are_copies_and_no_longer_tied():
    layers = stack()
    before = layers[0].linear.weight.clone()
    model = unroll(layers)
    model(X).square().sum().backward()
    assert len(list(model.parameters())) == 8
    with torch.no_grad():
        for parameter in model.parameters():
            assert parameter.grad is not None
            parameter.zero_()
    assert layers[0].linear.weight.equal(before)
    assert unroll([TiedAutoencoder(3, 2).double()]).encoder[0].weight.dtype == torch.float64


def test_it_learns():
    model = unroll(stack())
    search = torch.optim.Adam(model.parameters(), lr=0.03)
    losses = []
    for _ in range(100):
        search.zero_grad()
        loss = (model(X) - X).square().sum(1).mean()
        loss.backward()
        search.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="sizes must name"):
        greedy_layers([6], X, lambda layer, x: None)
    with pytest.raises(ValueError, match="sizes must begin with an input's length, 6"):
        greedy_layers([5, 3], X, lambda layer, x: None)
    with pytest.raises(ValueError, match="layers must hold"):
        unroll([])
    with pytest.raises(ValueError, match="layers must meet"):
        unroll([TiedAutoencoder(6, 5), TiedAutoencoder(4, 3)])
