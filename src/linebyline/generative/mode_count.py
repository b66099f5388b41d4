"""How many modes a generator covers, where the modes are known."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class ModeCount(NamedTuple):
    """What `count_modes` found.

    Attributes:
        covered: how many modes have at least the share of samples that was asked for.
        near: the share of samples that lie near any mode.
        shares: the share of all samples that lie near each mode.
    """

    covered: int
    near: float
    shares: Float[Tensor, " modes"]


def count_modes(
    samples: Float[Tensor, "samples features"],
    centres: Float[Tensor, "modes features"],
    spread: float,
    *,
    within: float = 3.0,
    least: float = 0.01,
) -> ModeCount:
    """Count the modes that samples lie near, and the samples that lie near a mode.

    Source: Metz et al. 2017, *Unrolled Generative Adversarial Networks*, watch modes being covered
    and left; Srivastava et al. 2017, *VEEGAN*, section 5.1, count: a sample is of high quality
    within three standard deviations of the nearest mode, and a mode is captured if it is nearest
    to at least one such sample. Deviation: here a mode needs a share of the samples, since one
    stray sample covers nothing.

    Args:
        samples: what a generator made.
        centres: the means of the modes.
        spread: the modes' standard deviation, for each coordinate.
        within: how many standard deviations are near.
        least: the share of all samples that a mode must have to be covered.

    Raises:
        ValueError: there is no sample or no centre, `spread` or `within` is not above 0, or
            `least` is not above 0 and at most 1.
    """
    for name, points in (("samples", samples), ("centres", centres)):
        if len(points) == 0:
            raise ValueError(f"{name} must hold at least one point, and holds none")
    for name, length in (("spread", spread), ("within", within)):
        if not length > 0:
            raise ValueError(f"{name} must be above 0, not {length}")
    if not 0 < least <= 1:
        raise ValueError(f"least must be above 0 and at most 1, not {least}")
    # As differences, and not through squares, which lose small distances far from the origin.
    exact = "donot_use_mm_for_euclid_dist"
    distance, nearest = torch.cdist(samples, centres, compute_mode=exact).min(dim=1)
    counts = torch.bincount(nearest[distance <= within * spread], minlength=len(centres))
    shares = counts / len(samples)
    return ModeCount(int((shares >= least).sum()), float(shares.sum()), shares)
