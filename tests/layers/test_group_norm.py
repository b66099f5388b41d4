"""Group normalization equals torch's on both paths; one group is layer normalization."""

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.group_norm import GroupNorm

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 + 3 * torch.randn(shape, dtype=torch.float64, generator=generator)


@PATHS
@pytest.mark.parametrize(
    ("groups", "shape"),
    [(1, (3, 6)), (2, (3, 6)), (3, (1, 6)), (2, (2, 6, 5)), (6, (2, 6, 5)), (2, (2, 6, 4, 5))],
    ids=str,
)
@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"affine": False}], ids=str)
def test_equals_torch(
    path: str, groups: int, shape: tuple[int, ...], options: dict[str, object]
) -> None:
    theirs = nn.GroupNorm(groups, 6, **options).double()
    for number, parameter in enumerate(theirs.parameters()):
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    ours = GroupNorm(groups, 6, **options).double()
    ours.load_state_dict(theirs.state_dict())
    x_ours = random(*shape).requires_grad_()
    x_theirs = x_ours.detach().clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-9, atol=1e-10)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, parameter in theirs.named_parameters():
        torch.testing.assert_close(ours.get_parameter(name).grad, parameter.grad)


@PATHS
def test_one_group_is_layer_norm_and_an_example_is_by_itself(path: str) -> None:
    layer, x = GroupNorm(1, 4).double(), random(3, 4, 2)
    y = getattr(layer, path)(x)
    torch.testing.assert_close(y, nn.functional.layer_norm(x, (4, 2)))
    torch.testing.assert_close(y[1:2], getattr(layer.eval(), path)(x[1:2]))


@PATHS
def test_gradient(path: str) -> None:
    layer = GroupNorm(2, 4).double()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(layer, path)(x)  # gradcheck moves the parameters themselves

    assert torch.autograd.gradcheck(run, (random(2, 4, 3).requires_grad_(), *layer.parameters()))


def test_learns_a_scale_and_a_shift() -> None:
    x, layer = random(32, 4, 3), GroupNorm(2, 4).double()
    y = 3 * nn.functional.group_norm(x, 2) - torch.arange(4)[:, None]
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        loss = (layer(x) - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-4


@PATHS
def test_refuses_other_channels(path: str) -> None:
    with pytest.raises(ValueError, match="x must have 4 channels on axis 1, but its shape is"):
        getattr(GroupNorm(2, 4), path)(torch.zeros(5, 6))


@PATHS
def test_refuses_one_value_in_each_group(path: str) -> None:
    with pytest.raises(ValueError, match="x must have more than one value in each of its 4 groups"):
        getattr(GroupNorm(4, 4), path)(torch.zeros(3, 4))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 4), "num_groups must be at least 1, not 0"),
        ((1, 0), "num_channels must be at least 1, not 0"),
        ((3, 4), "num_groups must divide num_channels, but 4 is no multiple of 3"),
    ],
)
def test_refuses_sizes(sizes: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GroupNorm(*sizes)


def test_refuses_a_negative_eps() -> None:
    with pytest.raises(ValueError, match="eps must be zero or more, not -1"):
        GroupNorm(2, 4, eps=-1)


def test_prints_its_arguments() -> None:
    assert repr(GroupNorm(2, 4)) == "GroupNorm(2, 4, eps=1e-05, affine=True)"
