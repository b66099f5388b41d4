"""Images as the points of a plane: how a measurement, or a learned space, arranges them."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Shaped
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from linebyline.plotting.arrays import Array, to_numpy
from linebyline.plotting.style import PALETTE


def image_scatter(
    images: Shaped[Array, "images height width"],
    points: Shaped[Array, "images 2"] | Sequence[Sequence[float]],
    *,
    classes: Shaped[Array, " images"] | Sequence[int] | None = None,
    size: float = 24,
    ax: Axes | None = None,
) -> Axes:
    """Each image drawn at its point, in the colour of its class.

    A pixel's value is its opacity: 0 lets the page show through, 1 is full colour.

    Args:
        images: values from 0 (nothing) to 1 (ink).
        points: where the middle of each image stands.
        classes: whole numbers; the least gets the first colour, and so on. None draws all alike.
        size: height of an image in points of type.
        ax: where to draw; a new figure if None.

    Raises:
        ValueError: lengths differ, values outside 0 and 1 or not finite, points that are not
            finite, or a ``size`` that is not positive.
    """
    values = to_numpy(images, "images", ("images", "height", "width")).astype(float)
    where = to_numpy(points, "points", ("images", 2)).astype(float)
    kinds = np.zeros(len(values)) if classes is None else to_numpy(classes, "classes", ("images",))
    for name, other in (("points", where), ("classes", kinds)):
        if len(other) != len(values):
            raise ValueError(f"{name} has {len(other)} entries for {len(values)} images: one each")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("images must hold values from 0 to 1; divide bytes by 255")
    if not np.isfinite(where).all():
        raise ValueError("points holds NaN or infinity, which has no place in the plane")
    if not size > 0:
        raise ValueError(f"size is {size}; it must be a positive number of points")

    ax = ax or plt.subplots(figsize=(7, 4.8))[1]
    colors = dict(zip(np.unique(kinds).tolist(), cycle(PALETTE), strict=False))
    for image, point, kind in zip(values, where, kinds.tolist(), strict=True):
        ink = np.empty((*image.shape, 4))
        ink[..., :3], ink[..., 3] = to_rgb(colors[kind]), image
        picture = OffsetImage(ink, zoom=size / image.shape[0])
        ax.add_artist(AnnotationBbox(picture, tuple(point), frameon=False, pad=0))
    ax.scatter(*where.T, alpha=0)  # the axes fit themselves to the points, not to pictures
    ax.margins(0.07)
    return ax
