"""The windows of pooling: which cells of a feature map each output is made of."""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Pair = tuple[int, int]


def pair(name: str, value: int | Pair, *, least: int) -> Pair:
    """(rows, columns) of an argument that is one number for both, or two.

    Raises:
        ValueError: it is neither, or a number is below `least`.
    """
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or not all(isinstance(one, int) and one >= least for one in both):
        raise ValueError(f"{name} must be one whole number from {least} on, or two, not {value}")
    return both[0], both[1]


def check_axes(x: Tensor) -> None:
    """Refuse what is neither one example nor a batch of them, or has no cell to pool."""
    if x.ndim not in (3, 4) or min(x.shape[-2:]) < 1:
        raise ValueError(
            "x must be (channels, height, width), with or without a batch before, and have at "
            f"least one cell, but its shape is {tuple(x.shape)}"
        )


def first_largest(windows: Float[Tensor, "*windows cells"]) -> Float[Tensor, "*windows"]:
    """The largest value of each window, the winner named: it alone gets the gradient.

    Where values tie, the first wins, row by row.
    """
    winner = windows.argmax(dim=-1, keepdim=True)  # where the largest stands: (..., 1)
    return windows.gather(-1, winner).squeeze(-1)


class Pool2d(nn.Module, ABC):
    """What `MaxPool2d`, `AvgPool2d` and other layers of equal windows share.

    Along an axis of n cells, window i covers the cells from i·stride - padding on, kernel_size of
    them. There are floor((n + 2·padding - kernel_size) / stride) + 1 windows. With `ceil_mode` the
    quotient is rounded up, as long as the last window begins on the input or on the padding before
    it; what hangs over the padded input counts for nothing.

    Args:
        kernel_size: rows and columns of a window, one number for both or two.
        stride: how far a window is from the next; None sets windows side by side.
        padding: rows and columns added on each side, at most half of a window, so that no window
            sees padding alone.
        ceil_mode: also windows that hang over the lower and right border.

    Raises:
        ValueError: an argument is out of its range, or an input is not (channels, height, width)
            with or without a batch before, or smaller than a window.
    """

    def __init__(
        self,
        kernel_size: int | Pair,
        *,
        stride: int | Pair | None = None,
        padding: int | Pair = 0,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size, least=1)
        self.stride = self.kernel_size if stride is None else pair("stride", stride, least=1)
        self.padding = pair("padding", padding, least=0)
        self.ceil_mode = ceil_mode
        if any(p > k // 2 for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(
                "padding must be at most half of kernel_size, "
                f"but is {self.padding} for windows of {self.kernel_size}"
            )

    @abstractmethod
    def forward(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """One call of the fused kernel."""

    @abstractmethod
    def explicit(
        self, x: Float[Tensor, "*batch channels height width"]
    ) -> Float[Tensor, "*batch channels rows columns"]:
        """The same, written out over `windows`."""

    def output_size(self, x: Float[Tensor, "*batch channels height width"]) -> Pair:
        """Rows and columns of the output.

        Raises:
            ValueError: `x` has other axes, or no window fits.
        """
        check_axes(x)
        sizes = []
        for n, k, s, p in zip(
            x.shape[-2:], self.kernel_size, self.stride, self.padding, strict=True
        ):
            room = n + 2 * p - k  # how far the first window can go
            steps = -(-room // s) if self.ceil_mode else room // s
            if self.ceil_mode and steps * s >= n + p:
                steps -= 1  # the last window would begin beyond the input
            sizes.append(steps + 1)
        if min(sizes) < 1:
            raise ValueError(
                f"x must have room for a window of {self.kernel_size} with padding {self.padding}, "
                f"but is {tuple(x.shape[-2:])} large"
            )
        return sizes[0], sizes[1]

    def windows(
        self, x: Float[Tensor, "*batch channels height width"], fill: float
    ) -> Float[Tensor, "*batch channels rows columns cells"]:
        """The cells of each window, side by side; `fill` where there is no input."""
        (kh, kw), (sh, sw), (ph, pw) = self.kernel_size, self.stride, self.padding
        (rows, columns), (height, width) = self.output_size(x), x.shape[-2:]
        right = (columns - 1) * sw + kw - pw - width  # below 0, pad cuts
        below = (rows - 1) * sh + kh - ph - height
        padded = functional.pad(x, (pw, right, ph, below), value=fill)
        views = padded.unfold(-2, kh, sh).unfold(-2, kw, sw)  # (..., H', W', kh, kw)
        return views.flatten(-2)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        more = f", padding={self.padding}" if any(self.padding) else ""
        more += ", ceil_mode=True" if self.ceil_mode else ""
        return f"{self.kernel_size}, stride={self.stride}{more}"
