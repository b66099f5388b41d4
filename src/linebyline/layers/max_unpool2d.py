"""Max pooling that remembers where each maximum stood, and unpooling, which puts it back there."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Pair, pair

Places = Int[Tensor, "batch channels rows columns"]
"""For each window the place of its winner in the map, counted row by row from 0."""


def max_pool2d_with_places(
    x: Float[Tensor, "batch channels height width"], kernel_size: Pair = 2
) -> tuple[Float[Tensor, "batch channels rows columns"], Places]:
    """The largest value of each window, windows side by side, and its place.

    Source: Zeiler, Taylor & Fergus 2011, *Adaptive deconvolutional networks for mid and high level
    feature learning*, where the places are called switches. They are what pooling throws away: of a
    window of 2 x 2 two bits, beside three of the four values.

    Of equals the first wins; what does not fill a window at the right and lower border is left out.

    Raises:
        ValueError: `kernel_size` is below 1, or x is not (batch, channels, height, width) with room
            for a window.
    """
    kernel, _ = _windows(x, kernel_size)
    return functional.max_pool2d(x, kernel, return_indices=True)


def max_pool2d_with_places_explicit(
    x: Float[Tensor, "batch channels height width"], kernel_size: Pair = 2
) -> tuple[Float[Tensor, "batch channels rows columns"], Places]:
    """The same, written out. Errors: as for `max_pool2d_with_places`."""
    (kh, kw), (rows, columns) = _windows(x, kernel_size)
    width = x.shape[-1]
    cells = x[..., : rows * kh, : columns * kw].unflatten(-2, (rows, kh)).unflatten(-1, (-1, kw))
    cells = cells.transpose(-3, -2).flatten(-2)  # (N, C, rows, columns, kh * kw)
    winner = cells.argmax(dim=-1)
    down = torch.arange(rows, device=x.device)[:, None] * kh + winner // kw
    across = torch.arange(columns, device=x.device) * kw + winner % kw
    return cells.gather(-1, winner[..., None])[..., 0], down * width + across


class MaxUnpool2d(nn.Module):
    """A larger map of zeros, in which each value stands where `places` says.

    Source: Zeiler, Taylor & Fergus 2011; in a network that segments, Badrinarayanan, Kendall &
    Cipolla 2017, *SegNet*. The values need not be those that were pooled: in SegNet they come from
    deeper layers, and only the places are the encoder's. Its derivative picks the same places.

    Equals `torch.nn.MaxUnpool2d` with its default stride and padding.

    Args:
        kernel_size: rows and columns of the windows, one number for both or two.

    Raises:
        ValueError: `kernel_size` is below 1, x and `places` differ in shape, or a place lies
            outside of the larger map (looked for on the CPU only).
    """

    def __init__(self, kernel_size: Pair = 2) -> None:
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size)

    def forward(
        self, x: Float[Tensor, "batch channels rows columns"], places: Places
    ) -> Float[Tensor, "batch channels height width"]:
        """One call of the fused kernel."""
        self._check(x, places)
        return functional.max_unpool2d(x, places, self.kernel_size)

    def explicit(
        self, x: Float[Tensor, "batch channels rows columns"], places: Places
    ) -> Float[Tensor, "batch channels height width"]:
        """The same, written out."""
        self._check(x, places)
        height, width = self._size(x)
        larger = x.new_zeros(*x.shape[:2], height * width)
        larger = larger.scatter(2, places.flatten(2), x.flatten(2))
        return larger.unflatten(2, (height, width))

    def _size(self, x: Tensor) -> tuple[int, int]:
        return x.shape[2] * self.kernel_size[0], x.shape[3] * self.kernel_size[1]

    def _check(self, x: Tensor, places: Tensor) -> None:
        if x.ndim != 4 or x.shape != places.shape:
            raise ValueError(
                "x must be (batch, channels, rows, columns) and places of the same shape, but they "
                f"are {tuple(x.shape)} and {tuple(places.shape)}"
            )
        height, width = self._size(x)
        if places.device.type != "cpu" or places.numel() == 0:
            return
        low, high = int(places.min()), int(places.max())
        if low < 0 or high >= height * width:
            raise ValueError(
                f"places must be from 0 to {height * width - 1} in a map of {height} x {width}, "
                f"but go from {low} to {high}"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.kernel_size}"


def _windows(x: Tensor, kernel_size: Pair) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of a window, and of windows."""
    kernel = pair("kernel_size", kernel_size)
    if x.ndim != 4 or x.shape[2] < kernel[0] or x.shape[3] < kernel[1]:
        raise ValueError(
            f"x must be (batch, channels, height, width) with room for a window of {kernel}, "
            f"but its shape is {tuple(x.shape)}"
        )
    return kernel, (x.shape[2] // kernel[0], x.shape[3] // kernel[1])
