"""A locally connected layer: a convolution's windows, but weights of its own at each place."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Padding, Pair, im2col, output_size, pair, sides


class LocallyConnected2d(nn.Module):
    """y_oij = b_oij + Σ_c Σ_u Σ_v w_ocuvij x̃_c(s·i + u)(s·j + v): local, and nothing is shared.

    Source: LeCun 1989, *Generalization and network design strategies*, where nets with local
    connections are compared with and without shared weights. Goodfellow, Bengio & Courville 2016,
    section 9.5, call it unshared convolution. With the same weights at all places it is `Conv2d`.

    Parameters: `weight` has the shape (out_channels, in_channels · height · width, places), its
    middle axis as in `im2col`; `bias` is (out_channels, places). Both start uniform on
    [-1/√n, 1/√n] with n = in_channels · height · width, as those of `Conv2d` do.

    Args:
        in_channels: C, the length of the inputs' axis 1.
        out_channels: the length of the outputs' axis 1.
        kernel_size: height and width of the window.
        image_size: height and width of the inputs, for they say how many places there are.
        stride: s, the step from one place to the next.
        padding: zeros on each side, or "same".
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is out of its range, or an input has another shape.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        image_size: Pair,
        *,
        stride: Pair = 1,
        padding: Padding = 0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, size in (("in_channels", in_channels), ("out_channels", out_channels)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        self.image_shape = (in_channels, *pair("image_size", image_size))
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = pair("stride", stride)
        self.padding = padding
        self.places = output_size(
            self.image_shape[1:], self.kernel_size, stride=self.stride, padding=padding
        )
        n, places = in_channels * math.prod(self.kernel_size), math.prod(self.places)
        self.weight = nn.Parameter(torch.empty(out_channels, n, places))
        self.bias = nn.Parameter(torch.empty(out_channels, places))
        bound = 1 / math.sqrt(n)
        with torch.no_grad():
            for parameter in (self.weight, self.bias):
                parameter.uniform_(-bound, bound, generator=generator)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """The patches by PyTorch's kernel, then for each place a product with its own kernels."""
        self._check(x)
        (top, bottom), (left, right) = sides(self.kernel_size, self.stride, self.padding, (1, 1))
        x = functional.pad(x, (left, right, top, bottom))
        patches = functional.unfold(x, self.kernel_size, stride=self.stride)  # (B, k, places)
        y = torch.einsum("okp, bkp -> bop", self.weight, patches) + self.bias
        return y.unflatten(2, self.places)

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """The same, written out: Σ_k w_okp x_bkp at every place p."""
        self._check(x)
        patches = im2col(x, self.kernel_size, stride=self.stride, padding=self.padding)
        products = self.weight * patches.unsqueeze(1)  # (B, O, k, places)
        return (products.sum(2) + self.bias).unflatten(2, self.places)

    def _check(self, x: Tensor) -> None:
        if x.shape[1:] != self.image_shape:
            raise ValueError(
                f"x must be a batch of images of shape {self.image_shape}, "
                f"but its shape is {tuple(x.shape)}"
            )
