"""Principal components: the directions in which data vary most, and networks that stand on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.generative.autoencoder import Autoencoder
from linebyline.layers.linear import Linear


class PrincipalComponents(NamedTuple):
    """A mean, and orthogonal directions with the variance of the data along each, largest first."""

    mean: Float[Tensor, " features"]
    variances: Float[Tensor, " directions"]
    directions: Float[Tensor, "directions features"]

    def left_out(self, chosen: int | Sequence[int]) -> float:
        """The variance along all directions that are not chosen.

        It is the mean squared distance of the data from the flat through the mean along the chosen
        directions.

        Args:
            chosen: which directions, from 0 on; a number k stands for the first k.

        Raises:
            ValueError: there is no such direction, or one is named twice.
        """
        kept = torch.zeros(len(self.variances), dtype=torch.bool)
        kept[self._checked(chosen)] = True
        return self.variances[~kept.to(self.variances.device)].sum().item()

    def network(self, chosen: int | Sequence[int]) -> Autoencoder:
        """A linear autoencoder that stands on the chosen directions U.

        Its code is E x + b = Uᵀ (x - mean), its decoder U z + mean.

        Args:
            chosen: as for `left_out`, and at least one.

        Raises:
            ValueError: as `left_out`, or no direction is chosen.
        """
        rows = self.directions[self._checked(chosen)]  # Uᵀ, (k, features)
        width, size = rows.shape
        if width == 0:
            raise ValueError("chosen must name at least one direction for a network to stand on")
        encoder = Linear(size, width, generator=torch.Generator()).to(rows)
        decoder = Linear(width, size, generator=torch.Generator()).to(rows)
        encoder.load_state_dict({"weight": rows, "bias": -rows @ self.mean})
        decoder.load_state_dict({"weight": rows.T, "bias": self.mean})
        return Autoencoder(encoder, decoder)

    def _checked(self, chosen: int | Sequence[int]) -> list[int]:
        numbers = list(range(chosen)) if isinstance(chosen, int) else list(chosen)
        most = len(self.variances)
        if isinstance(chosen, int) and not 0 <= chosen <= most:
            raise ValueError(f"chosen must be from 0 to {most} directions, not {chosen}")
        if len(set(numbers)) < len(numbers) or not set(numbers) <= set(range(most)):
            raise ValueError(
                f"chosen must name directions from 0 to {most - 1}, each once, not {numbers}"
            )
        return numbers


def principal_components(x: Float[Tensor, "examples features"]) -> PrincipalComponents:
    """Mean, variances and directions of the data, by a singular value decomposition.

    Source: Pearson 1901, "On lines and planes of closest fit to systems of points in space";
    computed as in Eckart & Young 1936: of the centred data A S Uᵀ, the rows of Uᵀ are the
    directions, and S²/n the variances. As scikit-learn's `PCA`, but that its variances are divided
    by n - 1, and ours by n, so that they add up to a mean squared error. A direction and its
    opposite serve alike; ours has its largest entry above 0.

    Args:
        x: the data, a row each. There are as many directions as examples or features, whichever
            are fewer.

    Raises:
        ValueError: there are fewer than two examples, or a number is not finite.
    """
    if len(x) < 2:
        raise ValueError(f"x must hold at least two examples, for one does not vary, not {len(x)}")
    if not x.isfinite().all():
        raise ValueError("x holds NaN or infinity, which vary in no direction")
    mean = x.mean(0)
    _, s, directions = torch.linalg.svd(x - mean, full_matrices=False)
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return PrincipalComponents(mean, s.square() / len(x), directions * largest.sign())
