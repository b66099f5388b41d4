"""How good a segmentation is: by pixels, by areas, and by how far from an outline it errs."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float, Int, Integer, Num
from scipy.ndimage import distance_transform_edt, label
from torch import Tensor

from linebyline.training.confusion import confusion_matrix

Confusion = Int[Tensor, "classes classes"]


def pixel_confusion(
    prediction: Num[Tensor, "images ..."],
    target: Integer[Tensor, "images height width"],
    *,
    classes: int,
) -> Confusion:
    """The confusion matrix of all pixels: C_ij of class i were taken for class j.

    Counts of batches may be added up. A mean of the batches' IoU is no IoU.

    Args:
        prediction: scores of shape (images, classes, height, width), or the classes themselves, of
            the target's shape.
        target: the true classes.
        classes: how many there are.

    Raises:
        ValueError: the shapes do not fit, or a class is not from 0 to `classes` - 1.
    """
    with_scores = (target.shape[0], classes, *target.shape[1:])
    if tuple(prediction.shape) == with_scores:
        prediction = prediction.argmax(1)
    elif prediction.shape != target.shape:
        raise ValueError(
            f"prediction must be {tuple(target.shape)} or {with_scores}, as target and classes "
            f"say, but is {tuple(prediction.shape)}"
        )
    return confusion_matrix(prediction.flatten(), target.flatten(), classes=classes)


def pixel_accuracy(confusion: Confusion) -> Float[Tensor, ""]:
    """The share of pixels that are right, Σ_i C_ii / Σ_ij C_ij.

    Raises:
        ValueError: `confusion` is not square, or counts nothing.
    """
    _check_counts(confusion)
    return confusion.diagonal().sum() / confusion.sum()


def iou(confusion: Confusion) -> Float[Tensor, " classes"]:
    """Intersection over union by class, C_ii / (Σ_j C_ij + Σ_j C_ji - C_ii), over the whole set.

    Source: Jaccard 1912, "The distribution of the flora in the alpine zone"; as a measure of
    segmentation, Everingham et al. 2010, *The PASCAL visual object classes (VOC) challenge*. True
    pixels and answered ones are counted over all images before they are divided. Not a number for
    a class that is neither there nor answered; `torch.nanmean` passes over it.

    Raises:
        ValueError: `confusion` is not square, or counts nothing.
    """
    _check_counts(confusion)
    intersection = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - intersection
    return intersection / union  # 0 / 0 is not a number


def mean_iou(confusion: Confusion) -> Float[Tensor, ""]:
    """The mean of `iou` over the classes that are there or answered. Errors: as there."""
    return iou(confusion).nanmean()


def boundary_distance(
    target: Integer[Tensor, "images height width"],
) -> Float[Tensor, "images height width"]:
    """How far each pixel is from the nearest one of another class, middle to middle, in pixels.

    A pixel that touches another class has the distance 1. The image's border is no outline; where
    an image has one class only, every distance is infinite. On the target's device.

    Raises:
        ValueError: `target` is not (images, height, width).
    """
    if target.ndim != 3:
        raise ValueError(f"target must be (images, height, width), but is {tuple(target.shape)}")
    distance = torch.full(target.shape, torch.inf)
    for image, far in zip(target.cpu(), distance, strict=True):
        present = image.unique()
        for kind in present if len(present) > 1 else ():
            own = image == kind
            inside = torch.from_numpy(distance_transform_edt(own.numpy()))
            far[own] = inside[own].float()
    return distance.to(target.device)


def share_by_distance(
    wrong: Bool[Tensor, "images height width"],
    distance: Float[Tensor, "images height width"],
    edges: Sequence[float],
) -> Float[Tensor, " bands"]:
    """The share of wrong pixels among those of each band of distances.

    Source: Kohli, Ladický & Torr 2009, *Robust higher order potentials for enforcing label
    consistency*, who count errors in bands of growing width along the outlines; here the
    bands exclude each other. Not a number for a band without pixels.

    Args:
        wrong: what is counted.
        distance: of each pixel from whatever is asked about: `boundary_distance`, say.
        edges: e_0 < e_1 < ...; band k holds distances above e_k and up to e_(k+1).

    Raises:
        ValueError: the shapes differ, or `edges` are fewer than two or do not rise.
    """
    if wrong.shape != distance.shape:
        raise ValueError(
            f"distance must have wrong's shape {tuple(wrong.shape)}, not {tuple(distance.shape)}"
        )
    if len(edges) < 2 or any(a >= b for a, b in pairwise(edges)):
        raise ValueError(f"edges must be two or more that rise, not {list(edges)}")
    shares = []
    for low, high in pairwise(edges):
        band = wrong[(distance > low) & (distance <= high)]
        shares.append(band.double().mean())  # of nothing: not a number
    return torch.stack(shares)


def share_apart(
    claimed: Bool[Tensor, "images height width"],
    instances: Integer[Tensor, "images height width"],
) -> float:
    """The share of true objects that have a piece of the answer to themselves.

    A *piece* is what hangs together over edges, not over corners, among the claimed pixels. Each
    object takes the piece that covers most of it; it stands apart if there is one, and no other
    object takes the same. IoU does not see this: one pixel can make two objects one.

    Args:
        claimed: pixels that the answer takes for any object.
        instances: for each pixel 0, or the number of the true object that it belongs to.

    Raises:
        ValueError: the shapes differ, or there is no object.
    """
    if claimed.shape != instances.shape:
        raise ValueError(
            f"claimed must have instances' shape {tuple(instances.shape)}, "
            f"not {tuple(claimed.shape)}"
        )
    alone = total = 0
    for answer, image in zip(claimed.cpu(), instances.cpu(), strict=True):
        pieces = torch.from_numpy(label(answer.numpy())[0])
        taken = []
        for number in image[image > 0].unique():
            covered = pieces[image == number].long().bincount(minlength=2)
            covered[0] = 0  # what is not claimed is no piece
            taken.append(int(covered.argmax()))
        total += len(taken)
        alone += sum(piece > 0 and taken.count(piece) == 1 for piece in taken)
    if total == 0:
        raise ValueError("instances must hold an object, but every pixel is 0")
    return alone / total


def _check_counts(confusion: Tensor) -> None:
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(
            f"confusion must be (classes, classes), but its shape is {tuple(confusion.shape)}"
        )
    if confusion.sum() == 0:
        raise ValueError("confusion counts no pixel: there is nothing to measure")
