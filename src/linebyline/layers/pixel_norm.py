"""Pixel normalization: the channels at each place of an image are brought to one length."""

from jaxtyping import Float
from torch import Tensor, nn


class PixelNorm(nn.Module):
    """b = a / √(mean(a²) + ε), with the mean over the channels of one place of one image.

    Source: Karras, Aila, Laine & Lehtinen 2018, *Progressive Growing of GANs*, section 4.2, with
    their ε of 10⁻⁸. The mean of the squares becomes 1, so the length of a place's vector √channels.
    Nothing is learned. It is root mean square normalization over axis 1.

    Args:
        eps: ε, zero or more, in the unit of a².

    Raises:
        ValueError: `eps` is negative, or an input has no axis of channels.
    """

    def __init__(self, eps: float = 1e-8) -> None:
        super().__init__()
        if not eps >= 0:
            raise ValueError(f"eps must be zero or more, not {eps}")
        self.eps = eps

    def forward(self, a: Float[Tensor, "batch channels *place"]) -> Float[Tensor, "batch ..."]:
        """The same shape; also for vectors of noise, which are images without a place."""
        if a.ndim < 2:
            raise ValueError(f"a must have the shape (batch, channels, ...), not {tuple(a.shape)}")
        return a * (a.square().mean(1, keepdim=True) + self.eps).rsqrt()

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"eps={self.eps}"
