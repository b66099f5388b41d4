"""Photographs that come with scikit-image, and small patches of them, to be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from types import MappingProxyType

import torch
from jaxtyping import UInt8
from torch import Tensor

from linebyline.data.examples import Examples, TrainTest
from linebyline.data.image_files import read_image

FILES = MappingProxyType(
    {
        "astronaut": "astronaut.png",
        "brick": "brick.png",
        "camera": "camera.png",
        "cat": "chelsea.png",
        "cell": "cell.png",
        "coffee": "coffee.png",
        "coins": "coins.png",
        "grass": "grass.png",
        "gravel": "gravel.png",
        "hubble_deep_field": "hubble_deep_field.jpg",
        "immunohistochemistry": "ihc.png",
        "moon": "moon.png",
        "page": "page.png",
        "retina": "retina.jpg",
        "rocket": "rocket.jpg",
        "stereo_motorcycle": "motorcycle_left.png",
    }
)
"""Pictures that are installed with scikit-image, under the names that `skimage.data` has."""

NAMES = tuple(FILES)


def photograph(name: str) -> UInt8[Tensor, "3 height width"]:
    """One photograph in colour; a grey one gets its values three times.

    Source: van der Walt et al. 2014, *scikit-image: image processing in Python*, whose
    documentation says of each where it is from. Of the two views of the motorcycle the left one.

    Raises:
        ValueError: `name` is none of `NAMES`.
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, not {name!r}")
    # The file itself: `skimage.data` would bring pooch, and pooch the warning of a progress bar.
    with as_file(files("skimage") / "data" / FILES[name]) as path:
        return read_image(path)


def photo_patches(
    names: Sequence[str] = NAMES,
    *,
    train: int = 20,
    test: int = 20,
    side: int = 64,
    seed: int = 0,
) -> TrainTest:
    """Square pieces of photographs; the class is the photograph that a piece was cut from.

    Pieces to train on come from the left half of each photograph, those to test on from the right
    half, so that no pixel is in both. What they share is the stuff: bricks are on both sides.
    Pieces of one side may overlap.

    Args:
        names: of `NAMES`; class k is ``names[k]``.
        train: pieces of each photograph to train on.
        test: the same to test on.
        side: pixels along a piece's side, from 8 to 95 (half of the narrowest photograph).
        seed: of the places.

    Returns:
        Inputs (pieces, 3, side, side), bytes; targets (pieces,), int64. The classes take turns.

    Raises:
        ValueError: an argument is out of its range.
    """
    if isinstance(names, str) or not names or not set(names) <= set(NAMES):
        raise ValueError(f"names must be one or more of {', '.join(NAMES)}, not {names!r}")
    for name, count in (("train", train), ("test", test)):
        if count < 1:
            raise ValueError(f"{name} must be at least 1, not {count}")
    if not 8 <= side <= 95:
        raise ValueError(f"side must be from 8 to 95, not {side}")
    generator = torch.Generator().manual_seed(seed)
    halves = []
    for photo in map(photograph, names):
        middle = photo.shape[2] // 2
        halves.append((photo[:, :, :middle], photo[:, :, middle:]))
    return TrainTest(
        *(
            _pieces([both[which] for both in halves], count, side, generator)
            for which, count in enumerate((train, test))
        )
    )


def _pieces(
    halves: Sequence[Tensor], count: int, side: int, generator: torch.Generator
) -> Examples:
    """So many squares of each, at random places."""
    pieces, classes = [], []
    for _ in range(count):
        for number, half in enumerate(halves):
            top, left = (
                int(torch.randint(length - side + 1, (1,), generator=generator))
                for length in half.shape[1:]
            )
            pieces.append(half[:, top : top + side, left : left + side])
            classes.append(number)
    return Examples(torch.stack(pieces), torch.tensor(classes))
