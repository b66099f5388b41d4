"""Weights for the pixels of a mask: the most for those in a narrow gap between two cells."""

import torch
from jaxtyping import Float, Integer
from scipy.ndimage import distance_transform_edt
from torch import Tensor


def border_weights(
    instances: Integer[Tensor, "images height width"], *, w0: float = 10.0, sigma: float = 5.0
) -> Float[Tensor, "images height width"]:
    """w_0 exp(-(d_1 + d_2)² / (2 σ²)), to be added to 1 or to a weight of the pixel's class.

    Source: Ronneberger, Fischer & Brox 2015, *U-Net*, equation 2, without its first term w_c. There
    d_1 is the distance to the border of the nearest cell, and d_2 that to the border of the second
    nearest. Here the distance to a cell's border is, for a pixel of the cell, how far the nearest
    pixel is that is not the cell's, and for any other how far the nearest one is that is: 1 on
    either side of an outline. Images with fewer than two cells get zeros.

    Args:
        instances: for each pixel 0, or the number of the cell that it belongs to.
        w0: what a pixel would get at no distance; 10 in the paper.
        sigma: how wide the weights reach, in pixels; about 5 in the paper.

    Raises:
        ValueError: `instances` is not (images, height, width), `w0` is negative, or `sigma` is not
            above 0.
    """
    if instances.ndim != 3:
        raise ValueError(
            f"instances must be (images, height, width), but its shape is {tuple(instances.shape)}"
        )
    if w0 < 0:
        raise ValueError(f"w0 must not be negative, but is {w0}")
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0, not {sigma}")
    weights = torch.zeros(instances.shape)
    for image, weight in zip(instances.cpu(), weights, strict=True):
        cells = [image == number for number in image.unique() if number > 0]
        if len(cells) < 2:
            continue
        distances = torch.stack([_to_border(own) for own in cells])  # (cells, height, width)
        d1, d2 = distances.topk(2, dim=0, largest=False).values
        weight[:] = w0 * torch.exp(-(d1 + d2).square() / (2 * sigma**2))
    return weights.to(instances.device)


def _to_border(own: Tensor) -> Float[Tensor, "height width"]:
    """For each pixel how far the nearest one is on the other side of this cell's border."""
    if own.all():
        return torch.full(own.shape, torch.inf)
    inside, outside = (distance_transform_edt(side.numpy()) for side in (own, ~own))
    return torch.from_numpy(inside + outside).float()  # one of the two is 0
