import pytest
import torch
from torch import nn

from linebyline.generative.autoencoder import Autoencoder, linear_autoencoder, mlp_autoencoder


def rows(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def from_seed(seed):
    return torch.Generator().manual_seed(seed)


def test_the_decoder_sees_only_the_code():
    encoder, decoder = nn.Linear(5, 2), nn.Linear(2, 5)
    x = rows(3, 5).float()
    torch.testing.assert_close(Autoencoder(encoder, decoder)(x), decoder(encoder(x)))


def test_an_answer_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"decoder must answer .* \(3, 5\), .* \(3, 1\)"):
        Autoencoder(nn.Linear(5, 2), nn.Linear(2, 1))(rows(3, 5).float())


def test_linear_equals_torch_with_gradients():
    ours = linear_autoencoder(6, 2, generator=from_seed(0)).double()
    theirs = nn.Sequential(nn.Linear(6, 2), nn.Linear(2, 6)).double()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(mine.data)
    x = rows(4, 6)
    torch.testing.assert_close(ours(x), theirs(x))
    (ours(x) - x).square().sum().backward()
    (theirs(x) - x).square().sum().backward()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad)


def test_linear_starts_with_a_decoder_as_large_as_its_encoder():
    model = linear_autoencoder(6, 1, generator=from_seed(0))
    assert torch.equal(model.decoder.weight, model.encoder.weight.T)
    assert model.decoder.weight is not model.encoder.weight
    assert (model.decoder.bias == 0).all()
    assert linear_autoencoder(6, 1, bias=False).decoder.bias is None


def test_mlp_equals_torch_in_mirrored_layers():
    ours = mlp_autoencoder(6, (5, 4), 2, generator=from_seed(0)).double()
    layers = [(6, 5), (5, 4), (4, 2), (2, 4), (4, 5), (5, 6)]
    theirs = nn.Sequential()
    for before, after in layers:
        theirs.append(nn.Linear(before, after))
        if after not in (2, 6):  # neither the code nor the outputs
            theirs.append(nn.ReLU())
    theirs = theirs.double()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        other.data.copy_(mine.data)
    x = rows(7, 6)
    torch.testing.assert_close(ours(x), theirs(x))
    assert ours.encoder(x).shape == (7, 2)


def test_gradient():
    model = mlp_autoencoder(3, (4,), 2, activation=torch.tanh, generator=from_seed(1)).double()
    assert torch.autograd.gradcheck(model, rows(2, 3).requires_grad_())


def test_without_an_activation_it_is_a_linear_map():
    model = mlp_autoencoder(6, (5, 4), 2, activation=nn.Identity(), generator=from_seed(0)).double()
    x, y = rows(3, 6), rows(3, 6, seed=1)
    torch.testing.assert_close(model((x + y) / 2), (model(x) + model(y)) / 2)


def test_a_generator_decides_the_weights():
    one, same, other = (mlp_autoencoder(6, (5,), 2, generator=from_seed(s)) for s in (0, 0, 1))
    state = torch.random.get_rng_state()
    mlp_autoencoder(6, (5,), 2, generator=from_seed(0))
    assert torch.equal(state, torch.random.get_rng_state())
    x = rows(3, 6).float()
    assert torch.equal(one(x), same(x))
    assert not torch.equal(one(x), other(x))


def test_it_learns_a_batch_by_heart_through_a_code_that_is_wide_enough():
    x = rows(8, 4).float()
    model = mlp_autoencoder(4, (32,), 3, generator=from_seed(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        loss = (model(x) - x).square().mean()
        loss.backward()
        optimizer.step()
    assert loss < 0.01


@pytest.mark.parametrize("make", [linear_autoencoder, lambda n, k: mlp_autoencoder(n, (3,), k)])
@pytest.mark.parametrize(("size", "width", "name"), [(0, 2, "size"), (4, 0, "width")])
def test_refuses_sizes(make, size, width, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1"):
        make(size, width)


def test_refuses_a_hidden_layer_without_units():
    with pytest.raises(ValueError, match="sizes must all be at least 1"):
        mlp_autoencoder(4, (0,), 2)
