"""Transposed convolution: every input pixel stamps the kernel, times its value, onto the output."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Pair, pair


class ConvTranspose2d(nn.Module):
    """The transpose of the matrix that a convolution is, with weights of its own.

    Source: Dumoulin & Visin 2016, *A guide to convolution arithmetic for deep learning*, section 4.
    A convolution is linear, y = C x. This layer computes Cᵀ y, which is also what the convolution's
    backward pass does to the gradient at its output. It is no inverse: Cᵀ C is not the identity.

    Parameters are laid out as in `torch.nn.ConvTranspose2d`, so either loads the other's
    `state_dict`: `weight` is (in_channels, out_channels / groups, height, width), which is the
    layout of the convolution that it transposes, and `bias` (out_channels,). Both start as torch's
    do, uniform on [-1/√n, 1/√n], n = (out_channels / groups) · height · width. That is the fan-in
    of the convolution, not of this layer: here an output adds up in_channels / groups times some
    height · width / stride² products.

    Args:
        in_channels: of the input (the output of the convolution that it transposes).
        out_channels: of the output.
        kernel_size: of the stamp; here and below one number, or (vertical, horizontal).
        stride: how far apart neighbouring input pixels put their stamps.
        padding: rows and columns that are cut off at every edge of what was stamped.
        output_padding: of rows at the bottom and columns at the right that are added (or not cut
            off): several input sizes of a strided convolution have one output size, and this says
            which to go back to. Below the larger of stride and dilation.
        dilation: the distance of neighbouring dots in the stamp.
        groups: channels are divided into so many groups that do not mix.
        bias: False leaves it out.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is out of its range, or an input does not fit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels < 1 or groups < 1 or channels % groups:
                raise ValueError(
                    f"{name} must be a multiple of groups, both at least 1, "
                    f"but {name} is {channels} and groups is {groups}"
                )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = pair("stride", stride)
        self.padding = pair("padding", padding, least=0)
        self.output_padding = pair("output_padding", output_padding, least=0)
        self.dilation = pair("dilation", dilation)
        for extra, step, gap in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(step, gap):
                raise ValueError(
                    f"output_padding must be below the larger of stride and dilation, "
                    f"{max(step, gap)}, not {extra}"
                )
        size = (in_channels, out_channels // groups, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw weight and bias anew; a seed gives what it gives `torch.nn.ConvTranspose2d`."""
        bound = 1 / math.sqrt(self.weight[0].numel())
        with torch.no_grad():
            self.weight.uniform_(-bound, bound, generator=generator)
            if self.bias is not None:
                self.bias.uniform_(-bound, bound, generator=generator)

    def forward(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs H W"]:
        """One call of the fused kernel."""
        self._check(x)
        return functional.conv_transpose2d(
            x,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )

    def explicit(self, x: Float[Tensor, "batch inputs h w"]) -> Float[Tensor, "batch outputs H W"]:
        """The same, written out: a stamp for every input pixel, and then all stamps added up."""
        self._check(x)
        grouped = x.unflatten(1, (self.groups, -1))  # (B, G, C/G, h, w)
        kernels = self.weight.unflatten(0, (self.groups, -1))  # (G, C/G, O/G, k, l)
        stamps = torch.einsum("bgchw, gcokl -> bgoklhw", grouped, kernels).flatten(1, 2)
        y = scatter(stamps, self.stride, self.padding, self.output_padding, self.dilation)
        return y if self.bias is None else y + self.bias[:, None, None]

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """(n - 1) stride + dilation (kernel - 1) + 1 + output_padding - 2 padding, on each axis."""
        kernel, step, gap = self.kernel_size, self.stride, self.dilation
        sizes = [
            (n - 1) * step[a] + gap[a] * (kernel[a] - 1) + 1 + extra - 2 * self.padding[a]
            for a, (n, extra) in enumerate(zip((height, width), self.output_padding, strict=True))
        ]
        return sizes[0], sizes[1]

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"x must be (batch, {self.in_channels} channels, height, width), "
                f"but its shape is {tuple(x.shape)}"
            )
        if 0 in x.shape[2:] or min(sizes := self.output_size(*x.shape[2:])) < 1:
            sizes = (0, 0) if 0 in x.shape[2:] else sizes
            raise ValueError(
                f"x of {x.shape[2]} x {x.shape[3]} pixels would give {sizes[0]} x {sizes[1]}: "
                f"padding {self.padding} cuts off all that is stamped; take less of it"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"]
        unsaid = {"stride": (1, 1), "padding": (0, 0), "output_padding": (0, 0)}
        unsaid |= {"dilation": (1, 1)}
        parts += [f"{k}={getattr(self, k)}" for k, v in unsaid.items() if getattr(self, k) != v]
        parts += [f"groups={self.groups}"] if self.groups > 1 else []
        return ", ".join(parts if self.bias is not None else [*parts, "bias=False"])


def scatter(
    stamps: Float[Tensor, "batch channels k l h w"],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    output_padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> Float[Tensor, "batch channels H W"]:
    """Add stamps up where they fall: the transpose of taking a patch for every output (im2col).

    Dot (i, j) of the stamp of input pixel (a, b) falls on row a · stride + i · dilation, and on the
    column likewise. Torch's name for it is `fold`.

    Args:
        stamps: for each input pixel (h, w) what it puts on each dot (k, l) of its stamp.
        stride: between stamps.
        padding: what is cut off at every edge afterwards.
        output_padding: added below and at the right before that.
        dilation: between dots.
    """
    *lead, k, l, h, w = stamps.shape  # noqa: E741
    rows = (h - 1) * stride[0] + dilation[0] * (k - 1) + 1
    columns = (w - 1) * stride[1] + dilation[1] * (l - 1) + 1
    canvas = stamps.new_zeros(*lead, rows + output_padding[0], columns + output_padding[1])
    # All pixels put their dot (i, j) down at once: those never fall on one another.
    for i in range(k):
        for j in range(l):
            top, left = i * dilation[0], j * dilation[1]
            down = slice(top, top + (h - 1) * stride[0] + 1, stride[0])
            across = slice(left, left + (w - 1) * stride[1] + 1, stride[1])
            canvas[..., down, across] += stamps[..., i, j, :, :]
    height, width = canvas.shape[-2:]
    return canvas[..., padding[0] : height - padding[0], padding[1] : width - padding[1]]
