"""Spectral normalization: a layer that stretches no vector, because its weight is divided."""

from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils import parametrize

Layer = TypeVar("Layer", bound=nn.Module)


class SpectralNorm(nn.Module):
    """W / σ(W), where σ is the largest singular value, followed by power iteration.

    Source: Miyato, Kataoka, Koyama & Yoshida 2018, *Spectral Normalization for Generative
    Adversarial Networks*, equation 8 and algorithm 1. σ is the most that W lengthens a vector. Two
    unit vectors u and v are kept; each pass in training mode brings them nearer to where W
    lengthens most, v = Wᵀu and u = Wv, both normalized, and σ ≈ uᵀW v. One iteration a pass is
    enough, since a step of the optimizer changes W little. In evaluation mode they stand still.
    Gradients go through σ, and not through u and v. The buffers have the names and shapes of
    torch's, `_u` and `_v`.

    A kernel of a convolution is taken as the matrix (outputs, inputs · kernel), which is theirs,
    too; its σ is not that of the convolution as a whole.

    Args:
        weight: W, (outputs, ...), as it stands when this begins.
        iterations: of each pass in training mode.
        generator: draws the first u; torch's global generator if None.

    Raises:
        ValueError: `iterations` is below 1, or the weight has fewer than two axes.
    """

    _u: Tensor
    _v: Tensor

    def __init__(
        self,
        weight: Float[Tensor, "outputs inputs *kernel"],
        *,
        iterations: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if iterations < 1:
            raise ValueError(f"iterations must be at least 1, not {iterations}")
        if weight.ndim < 2:
            raise ValueError(f"weight must have two axes or more, not shape {tuple(weight.shape)}")
        self.iterations = iterations
        with torch.no_grad():
            w = weight.flatten(1)
            u = torch.randn(len(w), generator=generator, dtype=w.dtype).to(w.device)
            self.register_buffer("_u", normalize(u, dim=0))
            self.register_buffer("_v", normalize(w.T @ self._u, dim=0))
            self._turn(w, 15)  # as torch begins

    def forward(
        self, weight: Float[Tensor, "outputs inputs *kernel"]
    ) -> Float[Tensor, "outputs inputs *kernel"]:
        """The weight, divided by its largest singular value as it is known so far."""
        w = weight.flatten(1)
        if self.training:
            self._turn(w, self.iterations)
        u, v = self._u.clone(), self._v.clone()  # a later pass changes the buffers in place
        return weight / (u @ w @ v)

    @torch.no_grad()
    def _turn(self, w: Tensor, iterations: int) -> None:
        for _ in range(iterations):
            self._u.copy_(normalize(w @ self._v, dim=0))
            self._v.copy_(normalize(w.T @ self._u, dim=0))


def spectral_norm(
    layer: Layer, *, iterations: int = 1, generator: torch.Generator | None = None
) -> Layer:
    """Let a layer use its weight divided by the weight's largest singular value.

    `layer.weight` is the divided one from now on; what an optimizer moves is
    `layer.parametrizations.weight.original`.

    Args:
        layer: with a parameter `weight` of two axes or more.
        iterations: as for `SpectralNorm`.
        generator: as for `SpectralNorm`.

    Returns:
        `layer`, changed in place.

    Raises:
        ValueError: the layer has no such weight.
    """
    weight = getattr(layer, "weight", None)
    if not isinstance(weight, nn.Parameter):
        raise ValueError(
            f"layer must have a parameter 'weight', and {type(layer).__name__} has none"
        )
    rule = SpectralNorm(weight, iterations=iterations, generator=generator)
    parametrize.register_parametrization(layer, "weight", rule)
    return layer
