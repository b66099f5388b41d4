"""How good samples are: near to real ones, spread like them, and sure to be something."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


def frechet_distance(
    real: Float[Tensor, "count features"], made: Float[Tensor, "others features"]
) -> float:
    """Distance between two clouds of features, each taken for a Gaussian.

    Source: Heusel, Ramsauer, Unterthiner, Nessler & Hochreiter 2017, equation 6 (the Frechet
    inception distance), which is the squared 2-Wasserstein distance of two Gaussians (Dowson &
    Landau 1982): ‖m − n‖² + tr(C + D − 2 (C D)^½). Deviation: the features are of any network, not
    of Inception; so its values compare with no others. The trace of (C D)^½ is the sum of the
    singular values of the product of the two centred clouds, each divided by √(n − 1): no root of
    a matrix is taken, and fewer samples than features are no trouble to the arithmetic. They are
    one to the estimate, which is too large for few samples: compare equal counts.

    Args:
        real: features of real examples, two or more.
        made: features of samples, two or more.

    Returns:
        The squared distance, in squared units of the features; 0 for equal means and covariances.

    Raises:
        ValueError: fewer than two rows, another number of columns, or a value that is not finite.
    """
    _check_clouds(real=real, made=made)
    a, b = (cloud.double() for cloud in (real, made))
    between = (a.mean(0) - b.mean(0)).square().sum()
    a, b = ((cloud - cloud.mean(0)) / (len(cloud) - 1) ** 0.5 for cloud in (a, b))
    # C = AᵀA and D = BᵀB, so C D has the eigenvalues of (A Bᵀ)(A Bᵀ)ᵀ and some zeros.
    _, left = torch.linalg.qr(a)  # as few rows as columns; AᵀA stays
    _, right = torch.linalg.qr(b)
    root = torch.linalg.svdvals(left @ right.T).sum()
    distance = between + a.square().sum() + b.square().sum() - 2 * root
    return max(distance.item(), 0.0)


class PrecisionRecall(NamedTuple):
    """How many samples look real, and how much of what is real is covered by samples."""

    precision: float
    recall: float


def precision_recall(
    real: Float[Tensor, "count features"],
    made: Float[Tensor, "others features"],
    *,
    neighbours: int = 3,
) -> PrecisionRecall:
    """Share of samples inside the real cloud, and share of the real ones inside the samples'.

    Source: Kynkäänniemi, Karras, Laine, Lehtinen & Aila 2019, equations 1 and 2. A cloud is a
    union of balls: around each of its points one that reaches to the k-th nearest other one.

    Args:
        real: features of real examples.
        made: features of samples; as many as real ones, or the two shares do not compare.
        neighbours: k, 3 in the paper.

    Raises:
        ValueError: a cloud has no more than `neighbours` rows, another number of columns, or a
            value that is not finite; or `neighbours` is below 1.
    """
    if neighbours < 1:
        raise ValueError(f"neighbours must be at least 1, not {neighbours}")
    _check_clouds(real=real, made=made, least=neighbours + 1)

    def inside(points: Tensor, cloud: Tensor) -> float:
        # The nearest point of a cloud to one of its own is itself, at distance 0.
        radii = torch.cdist(cloud, cloud).kthvalue(neighbours + 1, dim=1).values
        return (torch.cdist(points, cloud) <= radii).any(1).double().mean().item()

    a, b = real.double(), made.double()
    return PrecisionRecall(precision=inside(b, a), recall=inside(a, b))


def confident_share(logits: Float[Tensor, "count classes"], threshold: float = 0.85) -> float:
    """Share of samples whose likeliest class has at least this probability.

    Args:
        logits: a classifier's, of each sample.
        threshold: between 0 and 1.

    Raises:
        ValueError: there is no sample, a logit is not finite, or the threshold is out of range.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must lie between 0 and 1, not {threshold}")
    if not len(logits):
        raise ValueError("logits must hold one row at least, and hold none")
    if not logits.isfinite().all():
        raise ValueError(
            "logits must be finite, and are not: look at the samples that the classifier was given"
        )
    return (logits.softmax(1).amax(1) >= threshold).double().mean().item()


def _check_clouds(*, real: Tensor, made: Tensor, least: int = 2) -> None:
    for name, cloud in (("real", real), ("made", made)):
        if cloud.ndim != 2 or len(cloud) < least:
            raise ValueError(
                f"{name} must have the shape (count, features) with at least {least} rows, "
                f"not {tuple(cloud.shape)}"
            )
        if not cloud.isfinite().all():
            raise ValueError(f"{name} must be finite, and is not")
    if real.shape[1] != made.shape[1]:
        raise ValueError(
            f"real has {real.shape[1]} features and made {made.shape[1]}; take the same network"
        )
