"""The best that a coarse answer can be: one class for all pixels of a square."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor


def best_coarse_iou(
    target: Integer[Tensor, "images height width"], *, classes: int, cell: int
) -> Float[Tensor, " classes"]:
    """For each class the largest IoU of any answer that is constant on squares of cell x cell.

    A square that holds a pixels of the class, and b others, adds a to the intersection and b to the
    union if the answer claims it. So the best answer claims the squares whose share a / (a + b) is
    above some limit: if it claims one and leaves out another with a larger share, exchanging a
    little of one for the other does no harm. The squares are sorted by their share and every limit
    is tried. A single answer for all classes can have no larger mean IoU than the mean of these.

    Long, Shelhamer & Darrell 2015, *Fully convolutional networks for semantic segmentation*, bound
    IoU by the masks down- and up-sampled; this is the optimum itself.

    Args:
        target: the true classes.
        classes: how many there are.
        cell: the squares' side, which divides height and width.

    Returns:
        Not a number for a class that does not occur.

    Raises:
        ValueError: `target` is not (images, height, width), or `cell` does not divide its sides.
    """
    if target.ndim != 3:
        raise ValueError(f"target must be (images, height, width), but is {tuple(target.shape)}")
    if cell < 1 or target.shape[1] % cell or target.shape[2] % cell:
        raise ValueError(f"cell must divide {tuple(target.shape[1:])}, but is {cell}")
    squares = target.unflatten(2, (-1, cell)).unflatten(1, (-1, cell))  # (N, h, cell, w, cell)
    found = []
    for label in range(classes):
        own = (squares == label).double().sum((2, 4)).flatten()  # a, for each square
        claimed = own.sort(descending=True).values.cumsum(0)  # intersection, by number of squares
        others = cell**2 * torch.arange(1, len(own) + 1, device=own.device) - claimed
        found.append((claimed / (own.sum() + others)).max())
    best = torch.stack(found)
    there = torch.stack([(target == label).any() for label in range(classes)])
    return best.masked_fill(~there, torch.nan).float()
