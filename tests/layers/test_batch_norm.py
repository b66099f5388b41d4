"""Batch normalization equals torch's in both modes; the backward pass by hand is autograd's."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.batch_norm import BatchNorm1d, BatchNorm2d, batch_norm_backward

Numbers = Callable[..., Tensor]
OURS = {"1d": BatchNorm1d, "2d": BatchNorm2d}
THEIRS = {"1d": nn.BatchNorm1d, "2d": nn.BatchNorm2d}
SHAPES = pytest.mark.parametrize(
    ("kind", "shape"),
    [("1d", (6, 3)), ("1d", (2, 3, 5)), ("2d", (2, 3, 4, 5)), ("2d", (1, 3, 2, 1))],
)


@SHAPES
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": None},
        {"momentum": 0.7, "eps": 0.1},
        {"momentum": 0},
        {"momentum": 1},
        {"affine": False},
    ],
    ids=str,
)
def test_equals_torch_in_training_and_after_it(
    kind: str,
    shape: tuple[int, ...],
    options: dict[str, object],
    numbers: Numbers,
    twins: Callable[..., None],
    same_layer: Callable[..., None],
) -> None:
    ours, theirs = OURS[kind](3, **options), THEIRS[kind](3, **options)
    twins(ours, theirs)
    for seed in range(3):  # the buffers go on from one batch to the next
        same_layer(ours, theirs, numbers(*shape, seed=seed))
    ours.eval(), theirs.eval()
    same_layer(ours, theirs, numbers(*shape, seed=9))
    same_layer(ours, theirs, numbers(1, *shape[1:], seed=10))


def test_equals_torch_in_single_precision(path: str, numbers: Numbers) -> None:
    x = numbers(64, 3, dtype=torch.float32)
    torch.testing.assert_close(getattr(BatchNorm1d(3), path)(x), nn.BatchNorm1d(3)(x))


def test_of_four_numbers_as_on_paper(path: str) -> None:
    layer = BatchNorm1d(1, eps=1e-12).double()
    x = torch.tensor([[10.0], [4.0], [4.0], [2.0]], dtype=torch.float64)  # μ = 5, σ² = 9
    expected = torch.tensor([[5.0], [-1.0], [-1.0], [-3.0]], dtype=torch.float64) / 3
    torch.testing.assert_close(getattr(layer, path)(x), expected)
    assert layer.running_mean.item() == pytest.approx(0.5)  # 0.9 · 0 + 0.1 · 5
    assert layer.running_var.item() == pytest.approx(0.9 + 0.1 * 12)  # 36/3, not 36/4


def test_evaluation_changes_nothing(path: str, numbers: Numbers) -> None:
    layer = BatchNorm1d(3).double()
    layer(numbers(8, 3))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer.eval()
    batch = getattr(layer, path)(numbers(8, 3, seed=1))
    alone = getattr(layer, path)(numbers(8, 3, seed=1)[:1])
    torch.testing.assert_close(batch[:1], alone)
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


@SHAPES
@pytest.mark.parametrize("training", [True, False])
def test_gradient(
    kind: str,
    shape: tuple[int, ...],
    training: bool,
    numbers: Numbers,
    twins: Callable[..., None],
    layer_gradcheck: Callable[..., bool],
) -> None:
    layer = OURS[kind](3).train(training)
    twins(layer, THEIRS[kind](3))
    assert layer_gradcheck(layer, numbers(*shape))


@SHAPES
@pytest.mark.parametrize("options", [{}, {"eps": 0.5}], ids=str)
def test_backward_by_hand_is_autograds(
    kind: str,
    shape: tuple[int, ...],
    options: dict[str, float],
    numbers: Numbers,
    twins: Callable[..., None],
) -> None:
    theirs = THEIRS[kind](3, **options)
    twins(OURS[kind](3), theirs)
    x, upstream = numbers(*shape).requires_grad_(), numbers(*shape, seed=1)
    theirs(x).backward(upstream)
    found = batch_norm_backward(upstream, x.detach(), theirs.weight.detach(), **options)
    for ours, expected in zip(found, (x.grad, theirs.weight.grad, theirs.bias.grad), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)


def test_learns_where_without_it_a_scale_is_in_the_way(numbers: Numbers) -> None:
    x = numbers(64, 2, seed=3) * torch.tensor([1.0, 1000.0])
    y = (x[:, 1:] > 2000).double()  # x has the mean 2 and 2000
    torch.manual_seed(0)
    model = nn.Sequential(BatchNorm1d(2), nn.Linear(2, 1)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (BatchNorm1d, (1, 3)),
        (BatchNorm1d, (0, 3)),
        (BatchNorm1d, (1, 3, 1)),
        (BatchNorm2d, (1, 3, 1, 1)),
    ],
)
def test_refuses_one_value_for_each_channel_in_training_only(
    path: str, layer: type[nn.Module], shape: tuple[int, ...]
) -> None:
    norm = layer(3)
    expected = re.escape(f"variance, but its shape is {shape}; to use the layer, call eval()")
    with pytest.raises(ValueError, match=f"x must have at least two values .* {expected}"):
        getattr(norm, path)(torch.zeros(shape))
    assert norm.num_batches_tracked == 0
    assert getattr(norm.eval(), path)(torch.zeros(shape)).shape == shape


@pytest.mark.parametrize(
    ("layer", "shape", "axes"),
    [
        (BatchNorm1d, (5, 4), "2 or 3"),
        (BatchNorm1d, (5, 2, 3), "2 or 3"),
        (BatchNorm1d, (5, 3, 2, 2), "2 or 3"),
        (BatchNorm2d, (5, 3), "4"),
        (BatchNorm2d, (5, 3, 2), "4"),
        (BatchNorm2d, (5, 3, 2, 2, 2), "4"),
    ],
)
def test_refuses_another_shape(
    path: str, layer: type[nn.Module], shape: tuple[int, ...], axes: str
) -> None:
    expected = f"x must have {axes} axes with 3 channels on axis 1, but its shape is {shape}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        getattr(layer(3), path)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_features": 0}, "num_features must be at least 1, not 0"),
        ({"eps": 0.0}, "eps must be above 0, not 0.0"),
        ({"eps": float("nan")}, "eps must be above 0, not nan"),
        ({"momentum": 1.5}, "momentum must be from 0 to 1, or None, not 1.5"),
        ({"momentum": -0.1}, "momentum must be from 0 to 1, or None, not -0.1"),
        ({"momentum": float("nan")}, "momentum must be from 0 to 1, or None, not nan"),
    ],
)
def test_refuses_an_argument(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BatchNorm1d(**{"num_features": 3, **options})


def test_prints_its_arguments() -> None:
    assert repr(BatchNorm2d(3)) == "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True)"
    expected = "BatchNorm1d(3, eps=1e-05, momentum=None, affine=False)"
    assert repr(BatchNorm1d(3, momentum=None, affine=False)) == expected
