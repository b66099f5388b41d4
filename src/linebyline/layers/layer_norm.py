"""Layer normalization: every example gets the mean 0 and the variance 1, over its own features."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class LayerNorm(nn.Module):
    """y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² over the last axes of each example by itself.

    Source: Ba, Kiros & Hinton 2016, *Layer normalization*, equations 3 and 4. No example knows of
    another, so there are no running averages, and training and evaluation mode do the same.

    Parameters are named as torch's: `weight` is γ, at first 1, `bias` is β, at first 0, both of the
    shape `normalized_shape`, or None.

    Args:
        normalized_shape: the lengths of the last axes, over which μ and σ² are; a number for one.
        eps: ε, zero or more, in the unit of x².
        elementwise_affine: False leaves γ and β out.
        bias: False leaves β out.

    Raises:
        ValueError: an argument is out of its range, or an input's last axes have other lengths.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        *,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.normalized_shape = checked_shape(normalized_shape)
        if not eps >= 0:
            raise ValueError(f"eps must be zero or more, not {eps}")
        self.eps = eps
        shape = self.normalized_shape
        self.weight = nn.Parameter(torch.ones(shape)) if elementwise_affine else None
        self.bias = nn.Parameter(torch.zeros(shape)) if elementwise_affine and bias else None

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        check_last_axes(x, self.normalized_shape)
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The same, written out."""
        check_last_axes(x, self.normalized_shape)
        over = tuple(range(-len(self.normalized_shape), 0))  # the last axes
        mu = x.mean(over, keepdim=True)  # (N, 1) for rows
        var = (x - mu).square().mean(over, keepdim=True)
        y = (x - mu) / torch.sqrt(var + self.eps)
        y = y if self.weight is None else self.weight * y
        return y if self.bias is None else y + self.bias

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        affine, bias = self.weight is not None, self.bias is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={affine}, bias={bias}"


def checked_shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """The lengths of the axes to normalize over, as a tuple.

    Raises:
        ValueError: there are none, or one is below 1.
    """
    lengths = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not lengths or min(lengths) < 1:
        raise ValueError(
            f"normalized_shape must be one or more lengths of at least 1, not {normalized_shape}"
        )
    return lengths


def check_last_axes(x: Tensor, lengths: tuple[int, ...]) -> None:
    """Refuse an input whose last axes have other lengths.

    Raises:
        ValueError: it does.
    """
    if x.shape[-len(lengths) :] != lengths:
        raise ValueError(f"x must end with the axes {lengths}, but its shape is {tuple(x.shape)}")
