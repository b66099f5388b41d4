import copy

import pytest
import torch
from torch import nn

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.linear import Linear
from linebyline.layers.spectral_norm import SpectralNorm, spectral_norm


def from_seed(number):
    return torch.Generator().manual_seed(number)


LAYERS = {
    "linear": (lambda: Linear(5, 3, generator=from_seed(0)).double(), (4, 5)),
    "convolution": (lambda: Conv2d(2, 3, 3, generator=from_seed(0)).double(), (4, 2, 6, 6)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_equals_torch(name):
    make, shape = LAYERS[name]
    ours = spectral_norm(make(), generator=from_seed(1))
    theirs = torch.nn.utils.parametrizations.spectral_norm(make())
    theirs.load_state_dict(ours.state_dict())  # the names are torch's
    x = torch.randn(shape, dtype=torch.float64, generator=from_seed(2))
    for mode in (True, True, False):  # u and v go on from pass to pass, and then stand still
        answers = []
        for layer in (ours.train(mode), theirs.train(mode)):
            layer.zero_grad()
            y = layer(x)
            y.pow(3).sum().backward()
            answers.append((y, layer.parametrizations.weight.original.grad))
        torch.testing.assert_close(answers[0], answers[1], rtol=1e-12, atol=1e-12)
        buffers = [layer.parametrizations.weight[0]._u for layer in (ours, theirs)]
        torch.testing.assert_close(*buffers, rtol=1e-12, atol=1e-12)


def test_divides_by_the_largest_singular_value():
    w = torch.randn(6, 4, dtype=torch.float64, generator=from_seed(0))
    rule = SpectralNorm(w, generator=from_seed(1))
    before = torch.linalg.svdvals(rule.eval()(w))[0]
    rule.train()
    for _ in range(50):
        divided = rule(w)
    assert abs(torch.linalg.svdvals(divided)[0] - 1) < 1e-9
    assert 1 - 1e-9 < before < 1.2  # a product with two unit vectors is never above the value
    torch.testing.assert_close(divided * torch.linalg.svdvals(w)[0], w)


def test_gradient():
    w = torch.randn(4, 3, dtype=torch.float64, generator=from_seed(0))
    rule = SpectralNorm(w, generator=from_seed(1), iterations=200)
    rule(w)
    rule.eval()
    assert torch.autograd.gradcheck(rule, (w.clone().requires_grad_(),))
    assert torch.autograd.gradgradcheck(rule, (w.clone().requires_grad_(),))


def test_no_vector_is_stretched_while_it_learns_to_stretch():
    layer = spectral_norm(Linear(4, 4, generator=from_seed(0)), generator=from_seed(1))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    x = torch.randn(64, 4, generator=from_seed(2))
    for _ in range(100):
        optimizer.zero_grad()
        (-layer(x).square().mean()).backward()
        optimizer.step()
    a, b = x.split(32)
    stretched = (layer(a) - layer(b)).norm(dim=1) / (a - b).norm(dim=1)
    assert 0.9 < stretched.max() <= 1.01


def test_two_passes_before_one_backward():
    layer = spectral_norm(Linear(3, 2, generator=from_seed(0)))
    x = torch.randn(5, 3, generator=from_seed(1))
    (layer(x).mean() - layer(x + 1).square().mean()).backward()  # a critic prices two batches
    assert layer.parametrizations.weight.original.grad.abs().sum() > 0


def test_evaluation_changes_nothing():
    layer = spectral_norm(Linear(3, 2, generator=from_seed(0))).eval()
    state = copy.deepcopy(layer.state_dict())
    first = layer.weight
    assert torch.equal(first, layer.weight)
    assert all(torch.equal(value, state[name]) for name, value in layer.state_dict().items())
    layer.train()
    assert layer(torch.ones(1, 3)).shape == (1, 2)
    assert not torch.equal(
        layer.state_dict()["parametrizations.weight.0._u"], state["parametrizations.weight.0._u"]
    )


def test_refuses_by_name(without_shape_checks):
    with pytest.raises(ValueError, match=r"^iterations must be at least 1, not 0"):
        SpectralNorm(torch.ones(2, 2), iterations=0)
    with pytest.raises(ValueError, match=r"^weight must have two axes or more, not shape \(3,\)"):
        SpectralNorm(torch.ones(3))
    with pytest.raises(ValueError, match=r"^layer must have a parameter 'weight', and ReLU"):
        spectral_norm(nn.ReLU())
