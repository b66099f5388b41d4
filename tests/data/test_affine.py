"""The resampling equals SciPy's and kornia's, on both paths, and moves by what it says."""

import math

import numpy as np
import pytest
import torch
from kornia.geometry.transform import get_affine_matrix2d, warp_affine
from scipy import ndimage
from torch import Tensor

from linebyline.data.affine import affine, affine_explicit

PATHS = pytest.mark.parametrize("move", [affine, affine_explicit])


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, dtype=torch.float64, generator=generator)


def amounts(count: int) -> dict[str, Tensor]:
    draws = 2 * random(4, count, seed=1) - 1
    return {
        "right": 3 * draws[0],
        "down": 3 * draws[1],
        "turn": 70 * draws[2],
        "zoom": 1 + 0.4 * draws[3],
    }


@pytest.mark.parametrize("shape", [(5, 9, 9), (5, 8, 13), (5, 3, 12, 7)])
def test_both_paths_are_one(shape: tuple[int, ...]) -> None:
    images = [random(*shape).requires_grad_() for _ in range(2)]
    results = [
        move(x, **amounts(5)) for move, x in zip((affine, affine_explicit), images, strict=True)
    ]
    torch.testing.assert_close(*results, rtol=0, atol=1e-12)
    for result in results:
        result.pow(3).sum().backward()
    torch.testing.assert_close(images[0].grad, images[1].grad, rtol=0, atol=1e-12)


@PATHS
def test_equals_scipy(move) -> None:
    images, given = random(4, 10, 13), amounts(4)
    moved = move(images, **given)
    centre = (np.array(images.shape[1:]) - 1) / 2  # row, column
    for i, image in enumerate(images.numpy()):
        right, down, turn, zoom = (given[name][i].item() for name in given)
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        forth = zoom * np.array([[cos, -sin], [sin, cos]])  # (row, column), rows grow downwards
        back = np.linalg.inv(forth)
        offset = centre - back @ (centre + np.array([down, right]))
        reference = ndimage.affine_transform(image, back, offset, order=1, mode="grid-constant")
        np.testing.assert_allclose(moved[i].numpy(), reference, atol=1e-12)


@PATHS
def test_equals_kornia(move) -> None:
    images, given = random(4, 3, 11, 14), amounts(4)
    height, width = images.shape[-2:]
    centre = torch.tensor([[(width - 1) / 2, (height - 1) / 2]], dtype=torch.float64).expand(4, 2)
    matrix = get_affine_matrix2d(
        torch.stack([given["right"], given["down"]], 1),
        centre,
        given["zoom"][:, None].expand(4, 2),
        -given["turn"],  # its angle is clockwise
    )[:, :2]
    reference = warp_affine(images, matrix, (height, width), align_corners=True)
    torch.testing.assert_close(move(images, **given), reference, rtol=0, atol=1e-9)


@PATHS
def test_whole_pixels_are_moved_exactly(move) -> None:
    images = random(2, 6, 7)
    moved = move(images, right=torch.tensor([2.0, 0.0]), down=torch.tensor([0.0, -1.0]))
    torch.testing.assert_close(moved[0, :, 2:], images[0, :, :-2], rtol=0, atol=1e-12)
    assert moved[0, :, :2].abs().max() < 1e-12
    torch.testing.assert_close(moved[1, :-1], images[1, 1:], rtol=0, atol=1e-12)


@PATHS
def test_a_quarter_turn_is_counter_clockwise(move) -> None:
    images = random(1, 6, 6)
    torch.testing.assert_close(
        move(images, turn=torch.tensor([90.0])), images.rot90(1, (1, 2)), rtol=0, atol=1e-12
    )


@PATHS
def test_zoom_enlarges(move) -> None:
    image = torch.zeros(1, 9, 9)
    image[:, 3:6, 3:6] = 1
    assert move(image, zoom=torch.tensor([2.0])).sum() > 3 * image.sum()


@PATHS
def test_nothing_asked_is_nothing_done(move) -> None:
    images = random(3, 5, 8)
    torch.testing.assert_close(move(images), images, rtol=0, atol=1e-12)


def test_what_lies_outside_can_be_chosen() -> None:
    image = torch.arange(4.0).expand(1, 4, 4) + 1
    to_the_right = {"right": torch.tensor([2.0])}
    first = {
        outside: affine(image, **to_the_right, outside=outside)[0, 1, :2].tolist()
        for outside in ("zeros", "border", "reflection")
    }
    assert first == {
        "zeros": pytest.approx([0, 0]),
        "border": pytest.approx([1, 1]),
        "reflection": pytest.approx([2, 1]),
    }


@PATHS
def test_gradient(move) -> None:
    assert torch.autograd.gradcheck(
        lambda x: move(x, **amounts(2)), random(2, 4, 5).requires_grad_()
    )


@PATHS
def test_learns_how_far_an_image_was_moved(move) -> None:
    rows = torch.linspace(-3, 3, 15)
    blob = torch.exp(-(rows[:, None] ** 2 + rows**2))[None]
    target = affine(blob, right=torch.tensor([1.7]))
    right = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([right], lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        (move(blob, right=right) - target).pow(2).sum().backward()
        optimizer.step()
    assert right.item() == pytest.approx(1.7, abs=0.05)


def test_refuses_another_outside() -> None:
    with pytest.raises(ValueError, match="outside must be one of zeros, border, reflection, not"):
        affine(torch.zeros(1, 2, 2), outside="wrap")


@PATHS
def test_refuses_a_zoom_to_nothing(move) -> None:
    with pytest.raises(ValueError, match="zoom must be above 0, but the smallest is 0"):
        move(torch.zeros(1, 2, 2), zoom=torch.zeros(1))
    for zooms, smallest in (([1, -2, 0.5], "-2"), ([1, math.nan, 2], "nan")):
        with pytest.raises(ValueError, match=f"but the smallest is {smallest}"):
            move(torch.zeros(3, 2, 2), zoom=torch.tensor(zooms))


@PATHS
def test_amounts_may_have_another_precision(move) -> None:
    images, given = random(4, 5, 6).float(), amounts(4)
    moved = move(images, **given)
    assert moved.dtype == torch.float32
    torch.testing.assert_close(moved.double(), move(images.double(), **given), rtol=0, atol=1e-5)
