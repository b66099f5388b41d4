"""LeNet-5 as it was published, with 60,000 parameters to train."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.conv2d import Conv2d
from linebyline.layers.linear import Linear

# fmt: off
C3_TABLE = (
    # three neighbours
    (0, 1, 2), (1, 2, 3), (2, 3, 4),
    (3, 4, 5), (0, 4, 5), (0, 1, 5),
    # four neighbours
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5),
    (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    # two and two
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    # all
    (0, 1, 2, 3, 4, 5),
)
# fmt: on
"""Table I of the paper: which of the six maps of S2 each of the sixteen maps of C3 looks at.

Together 60 of the 96 pairs. It saves work, and no two maps see the same, so that they cannot become
the same (section II.B).
"""

DIGITS = (
    "....... ....... ....... ....... ....... ....... ....... ....... ....... .......",
    "..###.. ...#... .#####. .#####. .....#. ####### ..####. ####### .#####. .#####.",
    ".#...#. ..##... #.....# #.....# ....##. #...... .#..... ......# #.....# #.....#",
    "#.....# .#.#... ......# ......# ...#.#. #...... #...... .....#. #.....# #.....#",
    "#.....# ...#... ......# ......# ..#..#. #...... #...... .....#. #.....# #.....#",
    "#.....# ...#... .....#. ..####. .#...#. ######. #.####. ....#.. .#####. #....##",
    "#.....# ...#... ...##.. ......# #....#. ......# ##....# ....#.. #.....# .####.#",
    "#.....# ...#... ..#.... ......# ####### ......# #.....# ...#... #.....# ......#",
    "#.....# ...#... .#..... ......# .....#. ......# #.....# ...#... #.....# ......#",
    ".#...#. ...#... #...... #.....# .....#. #.....# #.....# ..#.... #.....# .....#.",
    "..###.. .#####. ####### .#####. .....#. .#####. .#####. ..#.... .#####. .####..",
    "....... ....... ....... ....... ....... ....... ....... ....... ....... .......",
)
"""The codes of the output units: ten drawings of 7 x 12 squares, side by side."""


def squash(a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """1.7159 tanh(2a/3): equation 6 of the paper; 1 at 1, -1 at -1, steepest at 0."""
    return 1.7159 * torch.tanh(2 / 3 * a)


class LeNet5(nn.Module):
    """Seven layers from an image of 32 x 32 to ten scores.

    Source: LeCun, Bottou, Bengio & Haffner 1998, *Gradient-based learning applied to document
    recognition*, section II.B. C marks a convolution with kernels of 5 x 5, S a sub-sampling, F a
    full layer; all are followed by `squash`.

        C1  6 maps of 28 x 28      156 parameters
        S2  6 maps of 14 x 14       12
        C3  16 maps of 10 x 10   1,516   (see `C3_TABLE`)
        S4  16 maps of 5 x 5        32
        C5  120 numbers         48,120
        F6  84 numbers          10,164
        output                       0   squared distances to ten fixed codes of 84 numbers, ±1

    Images are 32 x 32, the digit in the middle 28, with about -0.1 for paper and 1.175 for ink.

    Deviations: the codes are ours, drawn in the paper's manner (`DIGITS`). What comes out is minus
    the distance, so that the largest score wins; then cross-entropy is the paper's equation 9 but
    for its term for rubbish, e^(-j). The paper trains by a diagonal second-order rule.

    First weights and biases are uniform on ±2.4/n, n the numbers that a unit adds up (appendix A).

    Args:
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: an input is no batch of images (batch, 1, 32, 32).
    """

    codes: Tensor

    def __init__(self, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.c1 = Conv2d(1, 6, 5, generator=generator)
        self.s2 = Subsampling(6, generator=generator)
        self.c3 = TableConv2d(generator=generator)
        self.s4 = Subsampling(16, generator=generator)
        self.c5 = Conv2d(16, 120, 5, generator=generator)
        self.f6 = Linear(120, 84, generator=generator)
        self.register_buffer("codes", codes())
        for layer, inputs in ((self.c1, 25), (self.c5, 400), (self.f6, 120)):
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -2.4 / inputs, 2.4 / inputs, generator=generator)

    def layer_outputs(
        self, x: Float[Tensor, "batch 1 32 32"]
    ) -> Iterator[tuple[str, Float[Tensor, "batch ..."]]]:
        """Names of the layers and what they answer, one after another, from C1 to the scores."""
        if tuple(x.shape[1:]) != (1, 32, 32):
            raise ValueError(
                f"x must be images (batch, 1, 32, 32), but its shape is {tuple(x.shape)}"
            )
        for layer in ("c1", "s2", "c3", "s4", "c5"):
            x = squash(getattr(self, layer)(x))
            yield layer.upper(), x
        x = squash(self.f6(x.flatten(1)))  # (B, 84)
        yield "F6", x
        yield "output", -(x[:, None] - self.codes).square().sum(2)  # (B, 1, 84) - (10, 84)

    def forward(self, x: Float[Tensor, "batch 1 32 32"]) -> Float[Tensor, "batch 10"]:
        """Minus the squared distances between F6 and the codes."""
        *_, (_, scores) = self.layer_outputs(x)
        return scores


class Subsampling(nn.Module):
    """y_c = w_c (sum of 2 x 2 values of map c) + b_c: a convolution with two numbers a map.

    Source: LeCun et al. 1998, section II.A. With w_c = 1/4 and b_c = 0 it would be the mean.

    Raises:
        ValueError: `channels` is below 1, or an input has another number of channels.
    """

    def __init__(self, channels: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if channels < 1:
            raise ValueError(f"channels must be at least 1, not {channels}")
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -2.4 / 4, 2.4 / 4, generator=generator)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Four times the fused mean of 2 x 2, times w, plus b."""
        _check_channels(x, len(self.weight))
        sums = 4 * functional.avg_pool2d(x, 2)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """The same, with the four values named by their places."""
        _check_channels(x, len(self.weight))
        x = x[..., : x.shape[-2] // 2 * 2, : x.shape[-1] // 2 * 2]  # an odd last one is left out
        top, bottom = x[..., ::2, :], x[..., 1::2, :]
        sums = top[..., ::2] + top[..., 1::2] + bottom[..., ::2] + bottom[..., 1::2]
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


class TableConv2d(nn.Module):
    """A convolution by 5 x 5 in which each output map looks at some of the input maps: C3.

    Source: LeCun et al. 1998, section II.B and table I. Only kernels that exist are parameters:
    `weight` has the shape (60, 5, 5), the kernels of map 0 first, then those of map 1, and so on;
    `bias` has 16 numbers.

    Raises:
        ValueError: an input has not 6 channels.
    """

    def __init__(self, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        outputs = [o for o, row in enumerate(C3_TABLE) for _ in row]
        self.pairs = outputs, [i for row in C3_TABLE for i in row]  # 60 maps above, 60 below
        n = torch.tensor([25 * len(row) for row in C3_TABLE])  # what a unit adds up
        self.weight = nn.Parameter(torch.empty(60, 5, 5))
        self.bias = nn.Parameter(torch.empty(16))
        with torch.no_grad():
            self.weight.uniform_(-2.4, 2.4, generator=generator).div_(n[outputs][:, None, None])
            self.bias.uniform_(-2.4, 2.4, generator=generator).div_(n)

    def forward(
        self, x: Float[Tensor, "batch 6 height width"]
    ) -> Float[Tensor, "batch 16 rows columns"]:
        """One full convolution in which the kernels that do not exist are zero."""
        _check_channels(x, 6)
        full = self.weight.new_zeros(16, 6, 5, 5).index_put(
            tuple(torch.tensor(maps, device=x.device) for maps in self.pairs), self.weight
        )
        return functional.conv2d(x, full, self.bias)

    def explicit(
        self, x: Float[Tensor, "batch 6 height width"]
    ) -> Float[Tensor, "batch 16 rows columns"]:
        """The same, map by map: each its own convolution of the maps that it looks at."""
        _check_channels(x, 6)
        kernels = self.weight.split([len(row) for row in C3_TABLE])
        maps = [
            functional.conv2d(x[:, list(row)], kernel[None], bias[None])
            for row, kernel, bias in zip(C3_TABLE, kernels, self.bias, strict=True)
        ]
        return torch.cat(maps, dim=1)


def codes() -> Float[Tensor, "10 84"]:
    """`DIGITS` as rows of 84 numbers, 1 for ink and -1 for paper, row by row of each drawing."""
    drawn = ["".join(row.split()[digit] for row in DIGITS) for digit in range(10)]
    return torch.tensor([[1.0 if square == "#" else -1.0 for square in code] for code in drawn])


def _check_channels(x: Tensor, channels: int) -> None:
    if x.ndim != 4 or x.shape[1] != channels:
        raise ValueError(
            f"x must have shape (batch, {channels}, height, width), but has {tuple(x.shape)}"
        )
