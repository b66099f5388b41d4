"""Alignment and uniformity: how near partners are, and how evenly all spread over the sphere."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def alignment(
    first: Float[Tensor, "pairs features"], second: Float[Tensor, "pairs features"]
) -> Float[Tensor, ""]:
    """The mean squared distance of two views of an image, on the unit sphere: 2 - 2 s.

    Source: Wang & Isola 2020, *Understanding contrastive representation learning through alignment
    and uniformity on the hypersphere*, section 4.1, with α = 2. 0 where all partners coincide.

    Raises:
        ValueError: the two differ in shape, or hold nothing.
    """
    if first.shape != second.shape or len(first) == 0:
        raise ValueError(
            "first and second must hold as many pairs, at least one, but first is "
            f"{tuple(first.shape)} and second is {tuple(second.shape)}"
        )
    apart = functional.normalize(first, dim=1) - functional.normalize(second, dim=1)
    return apart.square().sum(1).mean()


def uniformity(z: Float[Tensor, "images features"], *, t: float = 2.0) -> Float[Tensor, ""]:
    """Log of the mean of exp(-t ‖ẑ_i - ẑ_k‖²) over all i ≠ k: the lower, the more evenly spread.

    Source: Wang & Isola 2020, section 4.1. It is 0 where all coincide, nearly log ½ where they lie
    in two heaps on opposite sides, and near -2t where they are even in many dimensions, whose
    directions are at right angles.

    Args:
        z: one view of each image.
        t: how local it is: a pair at the distance r counts exp(-t r²).

    Raises:
        ValueError: there are fewer than two rows; `t` is not above 0.
    """
    if len(z) < 2:
        raise ValueError(f"z must have at least two rows, not {len(z)}")
    if not t > 0:
        raise ValueError(f"t must be above 0, not {t}")
    squares = torch.pdist(functional.normalize(z, dim=1)).square()
    return (-t * squares).exp().mean().log()
