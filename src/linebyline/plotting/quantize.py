"""Few colours, small files: a picture with transparency becomes a palette PNG.

The method is the farthest-point palette of Gonzalez, "Clustering to minimize the maximum
intercluster distance" (Theoretical Computer Science 38, 1985): each new entry is the colour that
the palette so far serves worst. Pillow's own quantizers for RGBA divide the cube of colours by bits
instead, which shifts hues visibly where there are few colours.

Distances are measured between premultiplied colours (red·alpha, green·alpha, blue·alpha, alpha),
because these, not the stored ones, are what a reader sees: a figure on any ground g is red·alpha +
(1 - alpha)·g.
"""

import numpy as np
from PIL import Image

EXACT_SHARE = 0.5
"""The part of the palette for the most frequent colours as they are: lines and areas are exact."""


def quantize(image: Image.Image, colors: int = 64) -> Image.Image:
    """The same picture as a palette image (mode "P"), in so many colours, transparency included.

    Args:
        image: an RGBA picture.
        colors: entries in the palette, 2 to 256. The transparent one comes first, where the picture
            has it.

    Raises:
        ValueError: `colors` is out of range, or `image` is not RGBA.
    """
    if not 2 <= colors <= 256:
        raise ValueError(f"colors must be between 2 and 256, was {colors}")
    if image.mode != "RGBA":
        raise ValueError(f"image must be RGBA, but its mode is {image.mode}: convert it first")
    pixels = np.asarray(image).reshape(-1, 4)
    # What is invisible has one colour, not many.
    pixels = np.where(pixels[:, 3:] == 0, 0, pixels).astype(np.uint8)
    packed, inverse, counts = np.unique(
        pixels.view("<u4").ravel(), return_inverse=True, return_counts=True
    )
    seen = packed.astype("<u4").view(np.uint8).reshape(-1, 4)

    entries, nearest = _farthest_points(_premultiplied(seen), counts, colors)
    quantized = Image.fromarray(
        nearest[inverse].astype(np.uint8).reshape(image.height, image.width)
    )
    quantized.putpalette(seen[entries].tobytes(), "RGBA")
    return quantized


def _premultiplied(colors: np.ndarray) -> np.ndarray:
    rgb, alpha = colors[:, :3].astype(np.float32), colors[:, 3:].astype(np.float32)
    return np.concatenate([rgb * alpha / 255, alpha], axis=1)


def _farthest_points(
    points: np.ndarray, counts: np.ndarray, limit: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the chosen points, and for every point the position of its nearest among them."""
    # Transparency first, then the most frequent; all of them, if they fit.
    queue = np.lexsort((-counts, points[:, 3] > 0))
    queue = queue[: limit if len(points) <= limit else max(1, int(limit * EXACT_SHARE))]

    entries: list[int] = []
    distance = np.full(len(points), np.inf, dtype=np.float32)
    nearest = np.zeros(len(points), dtype=np.int64)
    while len(entries) < limit:
        index = queue[len(entries)] if len(entries) < len(queue) else int(distance.argmax())
        if distance[index] == 0:  # every colour of the picture is in the palette
            break
        to_index = np.square(points - points[index]).sum(axis=1)
        closer = to_index < distance
        distance[closer], nearest[closer] = to_index[closer], len(entries)
        entries.append(int(index))
    return np.array(entries), nearest
