"""RMS normalization equals torch's on both paths, and layer normalization's where the mean is 0."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.rms_norm import RMSNorm

Numbers = Callable[..., Tensor]


@pytest.mark.parametrize("lengths", [4, (3, 4)], ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"eps": 0.1}, {"eps": 0.0}, {"elementwise_affine": False}], ids=str
)
@pytest.mark.parametrize("size", [1.0, 1e-8])  # so small that the default ε counts
def test_equals_torch(
    lengths: int | tuple[int, ...],
    options: dict[str, object],
    size: float,
    numbers: Numbers,
    twins: Callable[..., None],
    same_layer: Callable[..., None],
) -> None:
    ours, theirs = RMSNorm(lengths, **options), nn.RMSNorm(lengths, **options)
    twins(ours, theirs)
    same_layer(ours, theirs, size * numbers(2, 3, 4))


def test_equals_torch_in_single_precision(path: str, numbers: Numbers) -> None:
    x = 1e-4 * numbers(5, 4, dtype=torch.float32)  # so small that the ε of this type counts
    torch.testing.assert_close(getattr(RMSNorm(4), path)(x), nn.RMSNorm(4)(x))


def test_is_layer_norm_where_the_mean_is_zero(path: str, numbers: Numbers) -> None:
    x = numbers(5, 4)
    x = x - x.mean(1, keepdim=True)
    expected = nn.functional.layer_norm(x, (4,), eps=0.1)
    torch.testing.assert_close(getattr(RMSNorm(4, eps=0.1).double(), path)(x), expected)


def test_gradient(numbers: Numbers, layer_gradcheck: Callable[..., bool]) -> None:
    assert layer_gradcheck(RMSNorm((3, 2)).double(), numbers(4, 3, 2))


def test_learns_a_scale(numbers: Numbers, learns_parameters: Callable[..., None]) -> None:
    x = numbers(32, 4)
    y = torch.arange(4) * nn.functional.rms_norm(x, (4,))
    learns_parameters(RMSNorm(4).double(), x, y)


def test_refuses_other_lengths(path: str) -> None:
    with pytest.raises(ValueError, match=r"x must end with the axes \(3,\), but its shape is"):
        getattr(RMSNorm(3), path)(torch.zeros(5, 4))


def test_refuses_an_argument() -> None:
    with pytest.raises(ValueError, match="normalized_shape must be one or more lengths"):
        RMSNorm(0)
    for eps in (-1, math.nan):
        with pytest.raises(ValueError, match=f"eps must be zero or more, or None, not {eps}"):
            RMSNorm(3, eps=eps)


def test_prints_its_arguments() -> None:
    assert repr(RMSNorm(3)) == "RMSNorm((3,), eps=None, elementwise_affine=True)"
    expected = "RMSNorm((3,), eps=None, elementwise_affine=False)"
    assert repr(RMSNorm(3, elementwise_affine=False)) == expected
