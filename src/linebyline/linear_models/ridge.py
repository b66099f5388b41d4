"""Ridge regression: least squares with a price on the length of the weights."""

from __future__ import annotations

import sys

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.linear_models.linear_regression import (
    LinearFit,
    centred,
    check_strength,
    check_table,
)


def ridge_regression(
    x: Float[Tensor, "examples features"],
    y: Float[Tensor, " examples"],
    strength: float,
    *,
    bias: bool = True,
) -> LinearFit:
    """The weights with the least ``‖y - x w - b‖² + strength · ‖w‖²``; the bias costs nothing.

    Source: Hoerl and Kennard 1970, equation 2.1, which is ``(XᵀX + k I)⁻¹ Xᵀ y``. Deviation: it is
    computed from the singular values s of the centred inputs, whose directions do not mix: what
    the targets say about one is multiplied by ``s / (s² + strength)``.

    There is exactly one such fit, whatever the inputs: a constant column gets the weight 0, two
    equal columns the same weight, and there may be fewer examples than features.

    Args:
        x: inputs, one example a row; float32 or float64. A penalty compares the weights with one
            another, so columns with different units are standardized before.
        y: targets, of the same type and device.
        strength: λ, positive, in the unit of a squared column length.
        bias: fit a bias besides.

    Raises:
        ValueError: shapes or types do not fit, numbers that are not finite, or a ``strength`` that
            is not positive.
    """
    check_table(x, y)
    check_strength(strength, least=sys.float_info.min)
    a, t, mean_x, mean_y = centred(x, y, bias)
    u, s, vt = torch.linalg.svd(a, full_matrices=False)
    w = vt.T @ (s / (s.square() + strength) * (u.T @ t))
    return LinearFit(w, mean_y - mean_x @ w)


def ridge_error(
    s: Float[Tensor, " directions"],
    c: Float[Tensor, " directions"],
    variance: float,
    strength: float,
) -> tuple[Float[Tensor, " directions"], Float[Tensor, " directions"]]:
    """What ridge regression's weights are expected to be off by, direction by direction.

    Source: Hoerl and Kennard 1970, section 4, in the basis of the singular directions.

    Args:
        s: singular values of the (centred) inputs.
        c: the true weights' components in those directions.
        variance: of the noise on each target.
        strength: λ, zero or more; with zero it is the error of least squares.

    Returns:
        The variance and the squared bias of each component; their sum is the mean squared error.

    Raises:
        ValueError: a singular value, the variance or the strength is negative, or lengths differ.
    """
    if s.shape != c.shape or s.ndim != 1:
        raise ValueError(
            f"s and c must be of one length, not {tuple(s.shape)} and {tuple(c.shape)}"
        )
    if (s <= 0).any() or variance < 0:
        raise ValueError(
            "s must be positive and variance at least 0; leave out directions of s = 0"
        )
    check_strength(strength, least=0)
    shrunk = s.square() + strength
    return variance * s.square() / shrunk.square(), (strength * c / shrunk).square()
