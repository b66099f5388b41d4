"""Random resized crops: scipy's interpolation, windows as they were asked for, and refusals."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from torch import Generator, Tensor

from linebyline.data.random_resized_crop import RandomResizedCrop, Windows, resized_crop


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def random(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=generator())


@pytest.mark.parametrize("shape", [(3, 6, 9), (3, 2, 6, 9)])
def test_equals_scipy(shape: tuple[int, ...]) -> None:
    images, windows = random(*shape), RandomResizedCrop().windows(3, 6, 9, generator(1))
    found = resized_crop(images, windows)
    assert found.shape == images.shape
    for number, (left, top, w, h) in enumerate(zip(*windows, strict=True)):
        rows = top.item() + (np.arange(6) + 0.5) * h.item() / 6 - 0.5  # from pixels' middles
        columns = left.item() + (np.arange(9) + 0.5) * w.item() / 9 - 0.5
        places = np.meshgrid(rows, columns, indexing="ij")
        for channel, expected in zip(
            found[number].reshape(-1, 6, 9), images[number].reshape(-1, 6, 9), strict=True
        ):
            wanted = map_coordinates(expected.numpy(), places, order=1, mode="nearest")
            torch.testing.assert_close(channel, torch.tensor(wanted), rtol=1e-5, atol=1e-6)


def test_the_whole_image_is_left_as_it_is() -> None:
    images = random(4, 8, 5)
    whole = RandomResizedCrop(area=(1, 1), aspect=(1.6, 1.6))
    assert whole.windows(1, 5, 8, generator()).width.item() == pytest.approx(8)
    images = random(4, 5, 8)
    torch.testing.assert_close(whole(images, generator()), images, rtol=1e-5, atol=1e-6)


def test_a_quarter_of_the_pixels_is_enlarged() -> None:
    image = torch.tensor([[[1.0, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]])
    one = torch.ones(1)
    window = Windows(2 * one, 0 * one, 2 * one, 2 * one)
    found = resized_crop(image, window)[0]
    assert found[1, 1:].tolist() == pytest.approx([2.0, 2.0, 2.0])
    assert found[0, 0].item() == pytest.approx(1.75)  # a quarter of a pixel beyond the edge


def test_windows_are_as_they_were_asked_for() -> None:
    crop = RandomResizedCrop(area=(0.1, 0.3), aspect=(0.5, 1.5))
    left, top, w, h = crop.windows(20_000, 40, 60, generator())
    share, ratio = w * h / 2400, w / h
    assert share.min() >= 0.1 - 1e-6
    assert share.max() <= 0.3 + 1e-6
    assert share.mean().item() == pytest.approx(0.2, abs=0.003)
    assert ratio.min() >= 0.5 - 1e-5
    assert ratio.max() <= 1.5 + 1e-5
    middle = (math.log(0.5) + math.log(1.5)) / 2
    assert ratio.log().mean().item() == pytest.approx(middle, abs=0.01)
    for start, length, whole in ((left, w, 60), (top, h, 40)):
        assert start.min() >= 0
        assert (start + length).max() <= whole + 1e-4
        assert (start / (whole - length)).mean().item() == pytest.approx(0.5, abs=0.01)


def test_a_window_is_never_larger_than_the_image() -> None:
    _, _, w, h = RandomResizedCrop(area=(0.9, 1)).windows(1000, 10, 30, generator())
    assert w.max() <= 30
    assert h.max() <= 10
    assert (h == 10).any()


def test_each_image_has_a_window_of_its_own_by_the_generator() -> None:
    images, before = random(1, 8, 8).expand(5, -1, -1), torch.get_rng_state()
    crop = RandomResizedCrop()
    one = crop(images, generator())
    assert torch.equal(one, crop(images, generator()))
    assert not torch.equal(one, crop(images, generator(1)))
    assert len({image.sum().item() for image in one}) == 5
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"area": (0, 1)}, "area must be from a share above 0 to one up to 1, not (0, 1)"),
        ({"area": (0.5, 0.2)}, "area must be from a share above 0 to one up to 1, not (0.5, 0.2)"),
        ({"area": (0.5, 1.2)}, "area must be from a share above 0 to one up to 1, not (0.5, 1.2)"),
        ({"aspect": (0, 1)}, "aspect must be from a ratio above 0 to a larger, not (0, 1)"),
        ({"aspect": (2, 1)}, "aspect must be from a ratio above 0 to a larger, not (2, 1)"),
    ],
)
def test_refuses(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        RandomResizedCrop(**options)
