"""Layer normalization equals torch's on both paths, and treats each example by itself."""

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.layer_norm import LayerNorm

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 + 3 * torch.randn(shape, dtype=torch.float64, generator=generator)


@PATHS
@pytest.mark.parametrize("lengths", [4, (4,), (3, 4)], ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"eps": 0.1}, {"bias": False}, {"elementwise_affine": False}], ids=str
)
def test_equals_torch(
    path: str, lengths: int | tuple[int, ...], options: dict[str, object]
) -> None:
    theirs = nn.LayerNorm(lengths, **options).double()
    for number, parameter in enumerate(theirs.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    ours = LayerNorm(lengths, **options).double()
    ours.load_state_dict(theirs.state_dict())
    x_ours = random(2, 3, 4).requires_grad_()
    x_theirs = x_ours.detach().clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-10, atol=1e-11)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(ours.get_parameter(name).grad, parameter.grad)


@PATHS
def test_an_example_is_by_itself(path: str) -> None:
    layer, x = LayerNorm(4).double(), random(5, 4)
    together = getattr(layer, path)(x)
    torch.testing.assert_close(together[2], getattr(layer, path)(x[2]))
    torch.testing.assert_close(together, getattr(layer.eval(), path)(x))


@PATHS
def test_gradient(path: str) -> None:
    layer = LayerNorm((3, 2)).double()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

    assert torch.autograd.gradcheck(run, (random(4, 3, 2).requires_grad_(), *layer.parameters()))


def test_learns_a_scale_and_a_shift() -> None:
    x, layer = random(32, 4), LayerNorm(4).double()
    y = 3 * nn.functional.layer_norm(x, (4,)) - torch.arange(4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4


@PATHS
def test_refuses_other_lengths(path: str) -> None:
    with pytest.raises(ValueError, match=r"x must end with the axes \(3, 4\), but its shape is"):
        getattr(LayerNorm((3, 4)), path)(torch.zeros(5, 4, 3))


@pytest.mark.parametrize("lengths", [0, (), (3, 0)], ids=str)
def test_refuses_no_length(lengths: int | tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="normalized_shape must be one or more lengths"):
        LayerNorm(lengths)


def test_refuses_a_negative_eps() -> None:
    with pytest.raises(ValueError, match="eps must be zero or more, not -1"):
        LayerNorm(3, eps=-1)


def test_prints_its_arguments() -> None:
    assert repr(LayerNorm(3)) == "LayerNorm((3,), eps=1e-05, elementwise_affine=True)"
