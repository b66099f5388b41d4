"""Printed letters and digits as small images: classes that a reader of digits never saw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from linebyline.data.examples import Examples

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
    "cmb10",
    "cmr10",
    "cmss10",
    "cmti10",
    "cmtt10",
)
"""Fonts that come with matplotlib and have all letters and digits of ASCII."""

UNLIKE_DIGITS = "ACEFHJKLMNPRTUVWXY"
"""Capitals without B, D, G, I, O, Q, S and Z, which may pass for 8, 0, 6, 1, 0, 0, 5 and 2."""

FINE = 8  # times as many pixels as asked for, along each side, before the image is made small
TURN, SLANT, STRETCH = 0.15, 0.15, 0.1  # the largest, in radians, and as parts


def glyphs(
    characters: str = UNLIKE_DIGITS,
    *,
    count: int = 1000,
    size: int = 28,
    fonts: Sequence[str] = FONTS,
    seed: int = 0,
) -> Examples:
    """Characters in the fonts that come with matplotlib, each a little turned and slanted.

    Made as MNIST was from its scans (LeCun, Bottou, Bengio & Haffner 1998, section III): scaled to
    fit a box of 20 of 28 pixels with its proportions kept, grey by averaging, and shifted so that
    its centre of mass is the image's centre. Deviation: print is no handwriting; strokes are
    straighter and of one width. Whoever compares letters with digits compares fonts with pens, too.

    Args:
        characters: the classes, in order; letters and digits of ASCII, each once.
        count: how many images; the characters take turns.
        size: pixels along a side, 8 or more.
        fonts: names from `FONTS`, one drawn for each image.
        seed: of the fonts, turns and slants.

    Returns:
        Inputs (count, size, size), float32 from 0 (paper) to 1 (ink); targets (count,), int64,
        places in `characters`.

    Raises:
        ValueError: an argument is out of its range.
    """
    _check(characters, count, size, fonts)
    random = np.random.default_rng(seed)
    images = np.empty((count, size, size), dtype=np.float32)
    for number in range(count):
        character = characters[number % len(characters)]
        font = fonts[int(random.integers(len(fonts)))]
        turn, slant, stretch = random.uniform(-1, 1, 3) * (TURN, SLANT, STRETCH)
        images[number] = _draw(character, font, size, turn, slant, 1 + stretch)
    targets = torch.arange(count) % len(characters)
    return Examples(torch.from_numpy(images), targets)


def _draw(
    character: str, font: str, size: int, turn: float, slant: float, stretch: float
) -> np.ndarray:
    """One character, (size, size) from 0 to 1."""
    side = FINE * size
    page = Image.new("L", (2 * side, 2 * side))
    middle = (side, side)
    ImageDraw.Draw(page).text(middle, character, 255, font=_font(font, side), anchor="mm")
    # Where each new pixel comes from: rows of a 2 x 3 matrix, as Pillow wants it.
    cos, sin = np.cos(turn), np.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ [[1, slant], [0, 1]] @ np.diag([stretch, 1])
    shift = np.array(middle) - linear @ middle
    matrix = np.column_stack([linear, shift]).ravel()
    kind, between = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    page = page.transform(page.size, kind, tuple(matrix), between)

    ink = page.crop(page.getbbox())
    scale = round(20 / 28 * size) * FINE / max(ink.size)  # still fine; 20 of 28 in the end
    ink = ink.resize([max(1, round(scale * length)) for length in ink.size])
    pixels = np.asarray(ink, dtype=np.float64)
    down, across = (
        side / 2 - np.average(np.arange(n) + 0.5, weights=pixels.sum(1 - axis))
        for axis, n in enumerate(pixels.shape)
    )
    page = Image.new("L", (side, side))
    page.paste(ink, (round(across), round(down)))
    # A pixel is the mean of its FINE x FINE fine ones.
    fine = np.asarray(page, dtype=np.float64).reshape(size, FINE, size, FINE)
    return fine.mean((1, 3)) / 255


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def _check(characters: str, count: int, size: int, fonts: Sequence[str]) -> None:
    known = characters.isascii() and characters.isalnum()
    if not known or len(set(characters)) < len(characters):
        raise ValueError(
            f"characters is {characters!r}; it must be letters and digits of ASCII, each once"
        )
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    if size < 8:
        raise ValueError(f"size must be at least 8, not {size}")
    if isinstance(fonts, str) or not fonts or not set(fonts) <= set(FONTS):
        raise ValueError(f"fonts is {fonts!r}; it must be one or more of {', '.join(FONTS)}")
