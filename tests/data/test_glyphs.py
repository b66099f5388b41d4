"""Letters of every font, centred as MNIST's digits are, the same for the same seed."""

from __future__ import annotations

import string

import numpy as np
import pytest
import torch

from linebyline.data import glyphs as module
from linebyline.data.glyphs import FONTS, UNLIKE_DIGITS, glyphs


def test_images_and_targets() -> None:
    images, targets = glyphs(count=40)
    assert images.shape == (40, 28, 28)
    assert images.dtype == torch.float32
    assert images.min() == 0
    assert 0.9 < images.max() <= 1
    assert targets.dtype == torch.int64
    assert targets.tolist() == [number % len(UNLIKE_DIGITS) for number in range(40)]


def test_a_seed_gives_what_it_gave_and_leaves_the_global_generator() -> None:
    before = torch.get_rng_state()
    first, again, other = (glyphs(count=20, seed=seed).inputs for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [8, 14, 28])
def test_the_centre_of_mass_is_the_image_s_and_the_box_has_20_of_28_pixels(size: int) -> None:
    images, _ = glyphs("AHMWX", count=20, size=size)
    mass = images.sum((1, 2))
    for axis in (1, 2):
        along = images.sum(3 - axis) @ torch.arange(float(size)) / mass
        assert (along - (size - 1) / 2).abs().max() < 0.1
    ink = images > 0.02
    extent = torch.stack([ink.any(axis).sum(1) for axis in (1, 2)]).amax(0)
    assert (extent - 20 / 28 * size).abs().max() <= 2


@pytest.mark.parametrize("font", FONTS)
def test_every_font_has_every_letter_and_digit(font: str) -> None:
    """A font without a character draws the same box for each."""
    characters = string.ascii_letters + string.digits
    images, _ = glyphs(characters, count=62, size=14, fonts=[font])
    assert images.sum((1, 2)).min() > 2
    flat = images.flatten(1)
    apart = torch.cdist(flat, flat) + 9 * torch.eye(62)
    assert apart.min() > 0.3


def test_an_l_is_upright_and_not_mirrored() -> None:
    images, _ = glyphs("L", count=20)
    mean = images.mean(0)
    assert mean[19:24, 16:].sum() > 3 * mean[4:9, 16:].sum()
    assert mean[10:16, :14].sum() > 3 * mean[10:16, 14:].sum()


def test_each_image_of_a_letter_is_another() -> None:
    images, _ = glyphs("A", count=10, fonts=["DejaVuSans"])
    apart = torch.cdist(images.flatten(1), images.flatten(1))
    assert apart[~torch.eye(10, dtype=torch.bool)].min() > 0.1


def test_characters_take_turns_and_the_rest_is_drawn_from_its_whole_range(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[tuple] = []
    monkeypatch.setattr(module, "_draw", lambda *given: drawn.append(given) or np.zeros((9, 9)))
    glyphs("XYZ", count=600, size=9)
    characters, fonts, sizes, *amounts = zip(*drawn, strict=True)
    assert "".join(characters) == "XYZ" * 200
    assert set(fonts) == set(FONTS)
    assert set(sizes) == {9}
    for drawn_amounts, low, high in zip(
        amounts, (-0.15, -0.15, 0.9), (0.15, 0.15, 1.1), strict=True
    ):
        edge = 0.02 * (high - low)
        assert low <= min(drawn_amounts) < low + edge
        assert high - edge < max(drawn_amounts) <= high
    assert np.abs(np.corrcoef(amounts) - np.eye(3)).max() < 0.2


def spread(image: np.ndarray) -> tuple[float, float]:
    """By how much ink leans, x for y downwards; its variance along x over that along y."""
    y, x = np.mgrid[: len(image), : len(image)] - (len(image) - 1) / 2
    ink = image / image.sum()
    x, y = x - (ink * x).sum(), y - (ink * y).sum()
    return (ink * x * y).sum() / (ink * y * y).sum(), (ink * x * x).sum() / (ink * y * y).sum()


def test_turn_slant_and_stretch_by_their_amounts() -> None:
    def draw(character: str, turn: float, slant: float, stretch: float) -> np.ndarray:
        return module._draw(character, "DejaVuSans", 56, turn, slant, stretch)

    plain = draw("F", 0, 0, 1)
    assert np.abs(draw("F", np.pi / 2, 0, 1) - np.rot90(plain)).max() < 0.05
    assert spread(draw("l", 0, 0, 1))[0] == pytest.approx(0, abs=1e-3)
    assert spread(draw("l", 0.15, 0, 1))[0] == pytest.approx(0.15, abs=5e-3)
    assert spread(draw("l", 0, 0.15, 1))[0] == pytest.approx(-0.15, abs=5e-3)
    ratio = spread(draw("H", 0, 0, 1))[1] / spread(draw("H", 0, 0, 1.1))[1]
    assert ratio == pytest.approx(1.1**2, rel=0.02)


def test_defaults() -> None:
    images = glyphs(count=5).inputs
    assert torch.equal(images, glyphs(UNLIKE_DIGITS, count=5, size=28, fonts=FONTS, seed=0).inputs)
    assert set(string.ascii_uppercase) - set(UNLIKE_DIGITS) == set("BDGIOQSZ")
    assert len(UNLIKE_DIGITS) == 18


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"characters": ""}, "characters is ''; it must be letters and digits"),
        ({"characters": "AA"}, "each once"),
        ({"characters": "A-"}, "characters is 'A-'"),
        ({"characters": "é"}, "characters is 'é'"),
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"size": 7}, "size must be at least 8, not 7"),
        ({"fonts": []}, "fonts is .*must be one or more of DejaVuSans,"),
        ({"fonts": ["Comic Sans"]}, "Comic Sans"),
        ({"fonts": "cmr10"}, "fonts is 'cmr10'"),
    ],
)
def test_refuses(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        glyphs(**settings)
