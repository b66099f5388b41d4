"""Image files to tensors and back: where a data set of one's own begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps
from torch import Tensor

from linebyline.data.examples import Examples

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
"""Files of other names in a folder are passed over."""

MODES = {1: "L", 3: "RGB"}
"""Pillow's names: one channel is grey, three are red, green and blue."""


def read_image(path: Path | str, *, channels: int = 3) -> UInt8[Tensor, "channels height width"]:
    """Decode one file.

    A camera that was held upright stores the picture lying, with a note how to turn it; the note is
    heeded. Transparency is dropped, not laid over a ground.

    Args:
        path: a PNG, JPEG, BMP or WebP file.
        channels: 3 for colour, 1 for grey; a file of the other kind is converted.

    Raises:
        ValueError: `channels` is something else; the file is no image, breaks off, or has more
            than a byte for each colour.
    """
    if channels not in MODES:
        raise ValueError(f"channels must be 1 or 3, not {channels}")
    try:
        with Image.open(path) as file:
            if file.mode.startswith("I"):  # 16 bits: Pillow would clip them at 255
                raise ValueError(f"{path} must have one byte for each colour, not mode {file.mode}")
            pixels = np.array(ImageOps.exif_transpose(file).convert(MODES[channels]))
    except FileNotFoundError:
        raise
    except (SyntaxError, OSError) as error:
        raise ValueError(f"{path} is no image that can be read: {error}") from error
    pixels = pixels.reshape(*pixels.shape[:2], channels)  # (H, W, C)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()  # (C, H, W)


def write_image(path: Path | str, image: UInt8[Tensor, "channels height width"]) -> None:
    """Encode one image; the path's suffix names the format. PNG keeps every pixel, JPEG does not.

    Raises:
        ValueError: the image has not 1 or 3 channels, or is no tensor of bytes.
    """
    if image.ndim != 3 or image.shape[0] not in MODES or image.dtype != torch.uint8:
        raise ValueError(
            f"image must be bytes of shape (1 or 3, height, width), not {image.dtype} of shape "
            f"{tuple(image.shape)}"
        )
    pixels = image.permute(1, 2, 0).cpu().numpy()  # (H, W, C)
    Image.fromarray(pixels.squeeze(2) if len(image) == 1 else pixels).save(path)


def read_folder(folder: Path | str, *, channels: int = 3) -> tuple[Examples, list[str]]:
    """A folder with one folder for each class: the layout that most image sets come in.

    Classes and files are taken in alphabetical order, so that the same folder gives the same
    examples on every machine. They come *sorted by class*: shuffle them (`split` does).

    Args:
        folder: ``folder/cat/1.png``, ``folder/dog/a.jpg``; all images of one size.
        channels: as for `read_image`.

    Returns:
        The examples, bytes (images, channels, height, width) and whole numbers (images,); and the
        classes' names: label k is ``names[k]``.

    Raises:
        ValueError: there is no class folder, a class has no image, or sizes differ.
    """
    folder = Path(folder)
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    if not classes:
        raise ValueError(f"folder {folder} holds no folders: it must hold one for each class")
    images: list[Tensor] = []
    labels: list[int] = []
    for label, place in enumerate(classes):
        paths = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise ValueError(f"folder {place} holds no image: {', '.join(sorted(SUFFIXES))}")
        for path in paths:
            image = read_image(path, channels=channels)
            if images and image.shape != images[0].shape:
                raise ValueError(
                    f"{path} is {tuple(image.shape[1:])} pixels high and wide, but the first "
                    f"image {tuple(images[0].shape[1:])}: bring all to one size first"
                )
            images.append(image)
            labels.append(label)
    examples = Examples(torch.stack(images), torch.tensor(labels))
    return examples, [place.name for place in classes]
