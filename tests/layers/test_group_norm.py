"""Group normalization equals torch's on both paths; one group is layer normalization."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.group_norm import GroupNorm

Numbers = Callable[..., Tensor]


@pytest.mark.parametrize(
    ("groups", "shape"),
    [
        (1, (3, 6)),
        (2, (3, 6)),
        (3, (1, 6)),
        (2, (2, 6, 5)),
        (6, (2, 6, 5)),
        (2, (2, 6, 4, 5)),
    ],
    ids=str,
)
@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"eps": 0.0}, {"affine": False}], ids=str)
def test_equals_torch(
    groups: int,
    shape: tuple[int, ...],
    options: dict[str, object],
    numbers: Numbers,
    twins: Callable[..., None],
    same_layer: Callable[..., None],
) -> None:
    ours, theirs = GroupNorm(groups, 6, **options), nn.GroupNorm(groups, 6, **options)
    twins(ours, theirs)
    same_layer(ours, theirs, numbers(*shape))


def test_an_empty_batch_stays_empty(path: str) -> None:
    assert getattr(GroupNorm(2, 4), path)(torch.zeros(0, 4, 3)).shape == (0, 4, 3)


def test_one_group_is_layer_norm_and_an_example_is_by_itself(path: str, numbers: Numbers) -> None:
    layer, x = GroupNorm(1, 4).double(), numbers(3, 4, 2)
    y = getattr(layer, path)(x)
    torch.testing.assert_close(y, nn.functional.layer_norm(x, (4, 2)))
    torch.testing.assert_close(y[1:2], getattr(layer.eval(), path)(x[1:2]))


def test_gradient(numbers: Numbers, layer_gradcheck: Callable[..., bool]) -> None:
    assert layer_gradcheck(GroupNorm(2, 4).double(), numbers(2, 4, 3))


def test_learns_a_scale_and_a_shift(
    numbers: Numbers, learns_parameters: Callable[..., None]
) -> None:
    x = numbers(32, 4, 3)
    y = 3 * nn.functional.group_norm(x, 2) - torch.arange(4)[:, None]
    learns_parameters(GroupNorm(2, 4).double(), x, y)


@pytest.mark.parametrize("shape", [(5, 6), (5, 3), (4,)])
def test_refuses_other_channels(
    path: str, shape: tuple[int, ...], without_shape_checks: None
) -> None:
    with pytest.raises(ValueError, match="x must have 4 channels on axis 1, but its shape is"):
        getattr(GroupNorm(2, 4), path)(torch.zeros(shape))


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


@pytest.mark.parametrize("eps", [-1, math.nan])
def test_refuses_an_eps_that_is_none(eps: float) -> None:
    with pytest.raises(ValueError, match=f"eps must be zero or more, not {eps}"):
        GroupNorm(2, 4, eps=eps)


def test_prints_its_arguments() -> None:
    assert repr(GroupNorm(2, 4)) == "GroupNorm(2, 4, eps=1e-05, affine=True)"
    assert repr(GroupNorm(2, 4, affine=False)) == "GroupNorm(2, 4, eps=1e-05, affine=False)"
