"""RMS normalization: every example is divided by its root mean square, and not centred."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.layer_norm import check_last_axes, checked_shape


class RMSNorm(nn.Module):
    """y = γ x / √(mean(x²) + ε), with the mean over the last axes of each example by itself.

    Source: Zhang & Sennrich 2019, *Root mean square layer normalization*, equation 4. It is layer
    normalization without μ and without β; for x of mean 0 both are the same. Deviation, torch's:
    the paper's formula has no ε.

    The parameter is named as torch's: `weight` is γ, at first 1, of the shape `normalized_shape`,
    or None.

    Args:
        normalized_shape: the lengths of the last axes, over which the mean is; a number for one.
        eps: ε, zero or more, in the unit of x²; None takes the distance from 1 to the next number
            of x's type.
        elementwise_affine: False leaves γ out.

    Raises:
        ValueError: an argument is out of its range, or an input's last axes have other lengths.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        *,
        eps: float | None = None,
        elementwise_affine: bool = True,
    ) -> None:
        super().__init__()
        self.normalized_shape = checked_shape(normalized_shape)
        if eps is not None and not eps >= 0:
            raise ValueError(f"eps must be zero or more, or None, not {eps}")
        self.eps = eps
        ones = torch.ones(self.normalized_shape)
        self.weight = nn.Parameter(ones) if elementwise_affine else None

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """One call of the fused kernel."""
        check_last_axes(x, self.normalized_shape)
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The same, written out."""
        check_last_axes(x, self.normalized_shape)
        over = tuple(range(-len(self.normalized_shape), 0))  # the last axes
        eps = torch.finfo(x.dtype).eps if self.eps is None else self.eps
        y = x / torch.sqrt(x.square().mean(over, keepdim=True) + eps)
        return y if self.weight is None else self.weight * y

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        affine = self.weight is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={affine}"
