"""Leverage: how much of its own target each example's prediction repeats."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.linear_models.linear_regression import (
    centred,
    check_strength,
    check_table,
    least_squares,
)
from linebyline.linear_models.ridge import ridge_regression


def leverages(
    x: Float[Tensor, "examples features"], strength: float = 0.0, *, bias: bool = True
) -> Float[Tensor, " examples"]:
    """The diagonal h of the matrix that makes predictions of targets, ``prediction = H y``.

    Source: Hoaglin and Welsch 1978, *The hat matrix in regression and ANOVA*; with a penalty the
    same derivative, ``∂ prediction_i / ∂ y_i = Σ_j u_ij² s_j² / (s_j² + strength)``, and 1/n for
    the bias. Their sum is the degrees of freedom of the fit (Hastie, Tibshirani and Friedman 2009,
    equation 3.50).

    Args:
        x: inputs, one example a row.
        strength: of the ridge penalty; 0 is least squares.
        bias: whether the model has a bias, on which there is no penalty.

    Returns:
        For each example a number from 0 to 1. Directions in which all rows agree (s = 0) add
        nothing.

    Raises:
        ValueError: as `least_squares` for shape, type and numbers; a negative ``strength``.
    """
    check_table(x, x.new_zeros(len(x)) if x.ndim == 2 else x)
    check_strength(strength, least=0)
    a = centred(x, x[:, 0], bias)[0]
    u, s, _ = torch.linalg.svd(a, full_matrices=False)
    present = s > max(x.shape) * torch.finfo(x.dtype).eps * x.norm()
    share = torch.where(present, s.square() / (s.square() + strength), 0)
    return u.square() @ share.nan_to_num(0) + (1 / len(x) if bias else 0)


def left_out_errors(
    x: Float[Tensor, "examples features"],
    y: Float[Tensor, " examples"],
    strength: float = 0.0,
    *,
    bias: bool = True,
) -> Float[Tensor, " examples"]:
    """How far off each target is predicted by the model that is fitted to all others.

    Source: Allen 1974, *The relationship between variable selection and data augmentation and a
    method for prediction*: residual / (1 - leverage), from one fit to all examples.

    Raises:
        ValueError: as `least_squares`, or `ridge_regression` with a ``strength``; an example of
            leverage 1, which no other says anything about.
    """
    fit = (
        ridge_regression(x, y, strength, bias=bias) if strength else least_squares(x, y, bias=bias)
    )
    free = 1 - leverages(x, strength, bias=bias)
    alone = (free <= len(x) * torch.finfo(x.dtype).eps).nonzero().flatten()
    if len(alone):
        raise ValueError(
            f"x has a row, number {int(alone[0])} counted from 0, of leverage 1: without it some "
            "weight has no evidence; leave out a feature, or give a strength"
        )
    return (y - fit.predict(x)) / free
