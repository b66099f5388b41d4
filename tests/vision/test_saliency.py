"""Saliency maps by hand, against autograd, and what they cannot be asked."""

import pytest
import torch
from torch import Tensor, nn
from vision.conftest import generator, images

from linebyline.layers.rectifiers import ReLU
from linebyline.vision.lenet import LeNet
from linebyline.vision.saliency import grad_cam, gradient_saliency, guided_backpropagation


@pytest.fixture
def model() -> LeNet:
    arguments = {
        "channels": (2, 3),
        "kernel_size": 3,
        "padding": 1,
        "hidden": (5,),
        "num_classes": 4,
    }
    return LeNet(8, in_channels=2, generator=generator(), **arguments).double()


class Scores(nn.Module):
    """A network small enough for paper: maps, relu, and a sum of each map with a factor a class."""

    def __init__(self, factors: Tensor) -> None:
        super().__init__()
        self.maps = nn.Identity()
        self.relu = ReLU()
        self.register_buffer("factors", factors)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.maps(x)).sum((2, 3)) @ self.factors.T


def test_a_linear_models_saliency_is_its_weights() -> None:
    line = nn.Linear(2 * 3 * 3, 4).double()
    model = nn.Sequential(nn.Flatten(), line)
    classes = torch.tensor([2, 0, 3])
    expected = line.weight[classes].reshape(3, 2, 3, 3).abs().amax(1)
    saliency = gradient_saliency(model, images(3, 2, 3, 3), classes)
    torch.testing.assert_close(saliency, expected)


def test_the_gradient_is_the_difference_quotient(model: LeNet) -> None:
    x, classes, h = images(1, 2, 8, 8, seed=1), torch.tensor([2]), 1e-6
    saliency = gradient_saliency(model, x, classes)
    for row, column in ((0, 0), (3, 4), (7, 5)):
        quotients = []
        for channel in range(2):
            up, down = x.clone(), x.clone()
            up[0, channel, row, column] += h
            down[0, channel, row, column] -= h
            quotients.append((model(up) - model(down))[0, 2].abs().item() / (2 * h))
        assert saliency[0, row, column].item() == pytest.approx(max(quotients), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize(
    "method",
    [
        gradient_saliency,
        guided_backpropagation,
        lambda m, x, classes=None: grad_cam(m, m.features[3], x, classes),
    ],
)
class TestEach:
    def test_without_classes_it_is_the_largest_score(self, method, model) -> None:
        x = images(6, 2, 8, 8)
        answer = method(model, x)
        torch.testing.assert_close(answer, method(model, x, model(x).argmax(1)))
        assert answer.shape == (6, 8, 8)
        assert (answer >= 0).all()
        assert not torch.allclose(answer, method(model, x, model(x).argmin(1)))

    def test_classes_may_be_of_any_whole_numbers(self, method, model) -> None:
        x, classes = images(3, 2, 8, 8), torch.tensor([2, 0, 3])
        torch.testing.assert_close(method(model, x, classes.int()), method(model, x, classes))

    def test_no_images_have_no_maps(self, method, model) -> None:
        x = images(0, 2, 8, 8)
        assert method(model, x, torch.zeros(0).long()).shape == (0, 8, 8)

    def test_an_image_does_not_know_of_the_others(self, method, model) -> None:
        x = images(5, 2, 8, 8)
        torch.testing.assert_close(method(model, x)[3:4], method(model, x[3:4]))

    def test_leaves_all_as_it_was(self, method, model) -> None:
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        x = images(2, 2, 8, 8)
        with torch.no_grad():
            before, saliency = model(x), method(model, x)
        assert not saliency.requires_grad
        assert not method(model, x).requires_grad
        assert not x.requires_grad
        assert x.grad is None
        assert all(torch.equal(p.grad, torch.ones_like(p)) for p in model.parameters())
        torch.testing.assert_close(model(x), before)
        torch.testing.assert_close(gradient_saliency(model, x), _plain(model, x))  # no hook is left

    def test_frozen_weights_do_not_matter(self, method, model) -> None:
        x = images(2, 2, 8, 8)
        expected = method(model, x)
        torch.testing.assert_close(method(model.requires_grad_(False), x), expected)

    @pytest.mark.usefixtures("without_shape_checks")
    def test_refuses(self, method, model) -> None:
        x = images(3, 2, 8, 8)
        with pytest.raises(ValueError, match=r"images must have shape \(batch, channels, height"):
            method(model, x[0])
        with pytest.raises(ValueError, match=r"classes must have shape \(3,\), not \(2,\)"):
            method(model, x, torch.tensor([0, 1]))
        for wrong in (-1, 4):
            with pytest.raises(ValueError, match="classes must be from 0 to 3, but reach from"):
                method(model, x, torch.tensor([0, wrong, 1]))


def _plain(model: nn.Module, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x).amax(1).sum(), x)
    return gradient.abs().amax(1)


def test_a_model_without_scores_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model must answer scores \(2, classes\) for 2 images"):
        gradient_saliency(nn.Identity(), images(2, 1, 3, 3))
    with pytest.raises(ValueError, match=r"model must answer .* but answered \(6, 9\)"):
        gradient_saliency(lambda x: x.flatten(0, 1).flatten(1), images(2, 3, 3, 3))


def test_grad_cam_by_hand() -> None:
    """Two maps, factors 1 and -1: α is a map's factor times the share of its places that are on."""
    maps = torch.tensor([[[[3.0, -1.0], [1.0, 2.0]], [[1.0, 0.5], [4.0, 1.0]]]])
    model = Scores(torch.tensor([[1.0, -1.0], [0.0, 2.0]]))
    heat = grad_cam(model, model.relu, maps, torch.tensor([0]))
    # At the relu's outputs every gradient is the factor: 3 - 1, 0 - ½, 1 - 4, 2 - 1, then relu.
    assert heat.tolist() == [[[2.0, 0.0], [0.0, 1.0]]]
    heat = grad_cam(model, model.maps, maps, torch.tensor([0]))
    # Before the relu, one place of map 0 is off: α_0 = ¾.
    assert heat.tolist() == [[[0.75 * 3 - 1, 0.0], [0.0, 0.75 * 2 - 1]]]
    assert grad_cam(model, model.relu, maps, torch.tensor([1])).tolist() == [[[2, 1], [8, 2]]]


def test_grad_cam_against_its_equations(model: LeNet) -> None:
    x, classes = images(3, 2, 8, 8), torch.tensor([1, 0, 3])
    maps = model.features[:5](x).detach().requires_grad_()  # behind the second relu
    scores = model.classifier(model.features[5](maps).flatten(1))
    rows = []
    for image in range(3):
        (gradient,) = torch.autograd.grad(scores[image, classes[image]], maps, retain_graph=True)
        alpha = gradient[image].mean((1, 2))
        rows.append(torch.einsum("k,khw->hw", alpha, maps[image]).relu())
    expected = nn.functional.interpolate(torch.stack(rows)[:, None], size=(8, 8), mode="bilinear")
    torch.testing.assert_close(grad_cam(model, model.features[4], x, classes), expected[:, 0])


def test_grad_cam_is_as_high_and_wide_as_the_images() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert grad_cam(model, model[0], torch.ones(2, 1, 9, 15)).shape == (2, 9, 15)


def test_grad_cam_refuses_a_layer_that_is_used_twice() -> None:
    stage = nn.Identity()
    model = nn.Sequential(stage, stage, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match="layer must be used once when the model answers, not 2"):
        grad_cam(model, stage, images(2, 3, 4, 4))


def test_grad_cam_refuses_a_layer_that_has_no_maps(model: LeNet) -> None:
    x = images(2, 2, 8, 8)
    with pytest.raises(ValueError, match="layer must be used once when the model answers, not 0"):
        grad_cam(model, nn.ReLU(), x)
    with pytest.raises(ValueError, match=r"layer must answer maps .*, not \(2, 5\)"):
        grad_cam(model, model.classifier.layers[0], x)
    assert not model.classifier.layers[0]._forward_hooks  # taken away all the same


def test_guided_backpropagation_by_hand() -> None:
    """On and wanted passes; off does not; on but unwanted does not, where the gradient would."""
    x = torch.tensor([[[[2.0, -1.0]], [[3.0, 4.0]]]])
    model = Scores(torch.tensor([[1.5, -2.0]]))
    channels = torch.tensor([0])
    assert gradient_saliency(model, x, channels).tolist() == [[[2.0, 2.0]]]
    assert guided_backpropagation(model, x, channels).tolist() == [[[1.5, 0.0]]]


def test_guided_backpropagation_masks_every_relu(model: LeNet) -> None:
    """Against a backward pass written out: through the MLP's relu, then through the two stages."""
    x, classes = images(2, 2, 8, 8).requires_grad_(), torch.tensor([0, 3])
    stage = [x]
    for layer in model.features:
        stage.append(layer(stage[-1]))
    first, last = model.classifier.layers
    z = first(stage[-1].flatten(1))

    def back(output: Tensor, inputs: Tensor, g: Tensor) -> Tensor:
        return torch.autograd.grad(output, inputs, g, retain_graph=True)[0]

    g = last.weight[classes].relu() * (z > 0)
    g = back(z, stage[6], g)
    for i in (5, 4, 3, 2, 1, 0):
        g = g.relu() * (stage[i] > 0) if i in (1, 4) else back(stage[i + 1], stage[i], g)
    torch.testing.assert_close(guided_backpropagation(model, x, classes), g.abs().amax(1))


def test_guided_backpropagation_needs_modules() -> None:
    with pytest.raises(ValueError, match="model must have rectifiers that are modules"):
        guided_backpropagation(
            nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), torch.zeros(1, 1, 2, 2)
        )
    torchs = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    assert guided_backpropagation(torchs, torch.ones(1, 1, 2, 2)).shape == (1, 2, 2)


def test_the_map_finds_the_square_that_decides() -> None:
    """A network that was taught whether the upper left is bright looks at the upper left."""
    g = generator()
    x = torch.rand(200, 1, 8, 8, generator=g)
    target = (x[:, 0, :4, :4].mean((1, 2)) > 0.5).long()
    model = LeNet(8, channels=(4,), kernel_size=3, hidden=(), num_classes=2, generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), target).backward()
        optimizer.step()
    saliency = gradient_saliency(model, x)
    assert saliency[:, :4, :4].mean() > 3 * saliency[:, 4:, 4:].mean()
