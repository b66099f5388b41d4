"""RMS normalization equals torch's on both paths, and layer normalization's where the mean is 0."""

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.rms_norm import RMSNorm

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 + 3 * torch.randn(shape, dtype=torch.float64, generator=generator)


@PATHS
@pytest.mark.parametrize("lengths", [4, (3, 4)], ids=str)
@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"elementwise_affine": False}], ids=str)
@pytest.mark.parametrize("size", [1.0, 1e-8])  # so small that the default ε counts
def test_equals_torch(
    path: str, lengths: int | tuple[int, ...], options: dict[str, object], size: float
) -> None:
    theirs = nn.RMSNorm(lengths, **options).double()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))
    ours = RMSNorm(lengths, **options).double()
    ours.load_state_dict(theirs.state_dict())
    x_ours = (size * random(2, 3, 4)).requires_grad_()
    x_theirs = x_ours.detach().clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    largest = x_theirs.grad.abs().max()
    torch.testing.assert_close(
        x_ours.grad / largest, x_theirs.grad / largest, rtol=1e-9, atol=1e-11
    )
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(ours.get_parameter(name).grad, parameter.grad)


@PATHS
def test_is_layer_norm_where_the_mean_is_zero(path: str) -> None:
    x = random(5, 4)
    x = x - x.mean(1, keepdim=True)
    expected = nn.functional.layer_norm(x, (4,), eps=0.1)
    torch.testing.assert_close(getattr(RMSNorm(4, eps=0.1).double(), path)(x), expected)


@PATHS
def test_gradient(path: str) -> None:
    layer = RMSNorm((3, 2)).double()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

    assert torch.autograd.gradcheck(run, (random(4, 3, 2).requires_grad_(), *layer.parameters()))


def test_learns_a_scale() -> None:
    x, layer = random(32, 4), RMSNorm(4).double()
    y = torch.arange(4) * nn.functional.rms_norm(x, (4,))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4


@PATHS
def test_refuses_other_lengths(path: str) -> None:
    with pytest.raises(ValueError, match=r"x must end with the axes \(3,\), but its shape is"):
        getattr(RMSNorm(3), path)(torch.zeros(5, 4))


def test_refuses_an_argument() -> None:
    with pytest.raises(ValueError, match="normalized_shape must be one or more lengths"):
        RMSNorm(0)
    with pytest.raises(ValueError, match="eps must be zero or more, or None, not -1"):
        RMSNorm(3, eps=-1)


def test_prints_its_arguments() -> None:
    assert repr(RMSNorm(3)) == "RMSNorm((3,), eps=None, elementwise_affine=True)"
