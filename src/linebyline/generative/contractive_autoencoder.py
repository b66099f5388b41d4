"""Contraction: the code may not follow small changes of the input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import jacrev, vmap

Encode = Callable[[Tensor], Tensor]


def jacobians(
    encode: Encode, x: Float[Tensor, "batch features"]
) -> Float[Tensor, "batch width features"]:
    """∂h/∂x of each input of a batch, by automatic differentiation.

    Args:
        encode: from (batch, features) to (batch, width), each row for itself: batch normalization
            in training mode is not.
        x: the inputs.

    Raises:
        ValueError: x is no batch of rows.
    """
    if x.ndim != 2:
        raise ValueError(
            f"x must be (batch, features), but its shape is {tuple(x.shape)}; x.flatten(1) makes "
            "a row of each image"
        )
    return vmap(jacrev(lambda row: encode(row[None])[0]))(x)


def jacobian_penalty(encode: Encode, x: Float[Tensor, "batch features"]) -> Float[Tensor, ""]:
    """‖∂h/∂x‖², the sum of all squared derivatives, and its mean over the batch; any encoder.

    Source: Rifai, Vincent, Muller, Glorot & Bengio 2011, *Contractive auto-encoders: explicit
    invariance during feature extraction*. Deviation: the mean over examples, not the
    sum. Its gradient needs second derivatives, which `torch.func` gives.

    Args:
        encode: as for `jacobians`.
        x: the inputs.

    Raises:
        ValueError: as for `jacobians`.
    """
    return jacobians(encode, x).square().sum(dim=(1, 2)).mean()


def sigmoid_penalty(
    weight: Float[Tensor, "width features"], code: Float[Tensor, "batch width"]
) -> Float[Tensor, ""]:
    """The same for one layer of sigmoids, h = σ(W x + b), without a Jacobian.

    Source: Rifai et al. 2011: ∂h_j/∂x_i = h_j (1 - h_j) W_ji, so that the sum of
    squares is Σ_j (h_j (1 - h_j))² Σ_i W_ji². It costs as much as the code itself.

    Args:
        weight: W.
        code: h, computed by it, with its gradient.

    Raises:
        ValueError: the code has not one unit for each row of the weight.
    """
    if code.shape[-1] != len(weight):
        raise ValueError(
            f"code must have a unit for each of the weight's {len(weight)} rows, but its shape is "
            f"{tuple(code.shape)}"
        )
    slopes = code * (1 - code)  # σ'(a) = h (1 - h)
    return (slopes.square() @ weight.square().sum(dim=1)).mean()


def singular_values(
    encode: Encode, x: Float[Tensor, "batch features"]
) -> Float[Tensor, "batch least"]:
    """Those of ∂h/∂x at each input, the largest first: how far the code follows, by direction.

    Args:
        encode: as for `jacobians`.
        x: the inputs.

    Raises:
        ValueError: as for `jacobians`.
    """
    with torch.no_grad():
        return torch.linalg.svdvals(jacobians(encode, x))
