"""Layer normalization equals torch's on both paths, and treats each example by itself."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.layer_norm import LayerNorm

Numbers = Callable[..., Tensor]


@pytest.mark.parametrize("lengths", [4, (4,), (3, 4)], ids=str)
@pytest.mark.parametrize(
    "options",
    [{}, {"eps": 0.1}, {"eps": 0.0}, {"bias": False}, {"elementwise_affine": False}],
    ids=str,
)
def test_equals_torch(
    lengths: int | tuple[int, ...],
    options: dict[str, object],
    numbers: Numbers,
    twins: Callable[..., None],
    same_layer: Callable[..., None],
) -> None:
    ours, theirs = LayerNorm(lengths, **options), nn.LayerNorm(lengths, **options)
    twins(ours, theirs)
    same_layer(ours, theirs, numbers(2, 3, 4))


def test_an_example_is_by_itself(path: str, numbers: Numbers) -> None:
    layer, x = LayerNorm(4).double(), numbers(5, 4)
    together = getattr(layer, path)(x)
    torch.testing.assert_close(together[2], getattr(layer, path)(x[2]))
    torch.testing.assert_close(together, getattr(layer.eval(), path)(x))


def test_gradient(numbers: Numbers, layer_gradcheck: Callable[..., bool]) -> None:
    assert layer_gradcheck(LayerNorm((3, 2)).double(), numbers(4, 3, 2))


def test_learns_a_scale_and_a_shift(
    numbers: Numbers, learns_parameters: Callable[..., None]
) -> None:
    x = numbers(32, 4)
    y = 3 * nn.functional.layer_norm(x, (4,)) - torch.arange(4)
    learns_parameters(LayerNorm(4).double(), x, y)


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 2, 4), (4,)])
def test_refuses_other_lengths(path: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"x must end with the axes \(3, 4\), but its shape is"):
        getattr(LayerNorm((3, 4)), path)(torch.zeros(shape))


@pytest.mark.parametrize("lengths", [0, (), (3, 0)], ids=str)
def test_refuses_no_length(lengths: int | tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="normalized_shape must be one or more lengths"):
        LayerNorm(lengths)


@pytest.mark.parametrize("eps", [-1, math.nan])
def test_refuses_an_eps_that_is_none(eps: float) -> None:
    with pytest.raises(ValueError, match=f"eps must be zero or more, not {eps}"):
        LayerNorm(3, eps=eps)


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"elementwise_affine": False}], ids=str)
def test_prints_its_arguments(options: dict[str, bool]) -> None:
    layer = LayerNorm(3, **options)
    affine, bias = layer.weight is not None, layer.bias is not None
    assert repr(layer) == f"LayerNorm((3,), eps=1e-05, elementwise_affine={affine}, bias={bias})"
