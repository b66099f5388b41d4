"""Dropout: activations times random factors whose mean is 1, in training only."""

import math
from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class MultiplicativeNoise(nn.Module, ABC):
    """y = r x with random factors r of mean 1 and variance p / (1 - p) in training, y = x after.

    What all layers of this file share; each says in `noise` how r is drawn, and one that does not
    cannot be made. The factors come from torch's global generator of the input's device, as in
    torch's own layers.

    Args:
        p: the rate, at least 0 and below 1. 0 leaves everything as it is.

    Raises:
        ValueError: `p` is out of its range.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p must be at least 0 and below 1, not {p}")
        self.p = p

    @abstractmethod
    def noise(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Factors r for `x`: of its shape, or one that broadcasts to it."""

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The definition: r x in training, and x itself in evaluation."""
        return self.noise(x) * x if self.training else x

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The same, by torch's kernel where there is one."""
        return self.explicit(x)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"p={self.p}"


class Dropout(MultiplicativeNoise):
    """Each activation is dropped with probability p, and what is kept is scaled by 1 / (1 - p).

    Source: Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, *Dropout: a simple way
    to prevent neural networks from overfitting*, section 4. Deviations: p is the share that is
    dropped, as in torch, where the paper's p is the share that is kept. And the scaling is done in
    training (their section 10 mentions this form, now called inverted dropout), so that nothing is
    left to do at test time, where the paper multiplies the trained weights by the share kept.

    Equals `torch.nn.Dropout`; on a CPU also draw for draw.

    Args:
        p: the probability of being dropped, at least 0 and below 1. (Torch admits 1, which leaves
            no signal at all.)

    Raises:
        ValueError: `p` is out of its range.
    """

    def noise(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """One r = m / (1 - p) for each activation: m = 1 with probability 1 - p, else 0."""
        return self._kept(torch.empty_like(x))

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Mask, scale and product in one kernel."""
        return functional.dropout(x, self.p, self.training)

    def _kept(self, room: Tensor) -> Tensor:
        """Fill `room` with independent factors."""
        keep = 1 - self.p
        return room.bernoulli_(keep).div_(keep)  # E[r] = keep · 1/keep = 1


class SpatialDropout(Dropout):
    """Dropout of whole channels: one factor for each channel of each example.

    Source: Tompson, Goroshin, Jain, LeCun & Bregler 2015, *Efficient object localization using
    convolutional networks*. Neighbours in a feature map tell nearly the same, so
    that of a dropped pixel little is lost; a dropped map is gone.

    Equals `torch.nn.Dropout1d`, `Dropout2d`, `Dropout3d` on batches; on a CPU also draw for draw.
    Deviation from torch: an input without a batch is refused, for nobody could tell its axes apart.

    Args:
        p: the probability that a channel is dropped, at least 0 and below 1.

    Raises:
        ValueError: `p` is out of its range, or an input is not (batch, channels, 1 to 3 axes).
    """

    def noise(self, x: Float[Tensor, "batch channels ..."]) -> Float[Tensor, "batch channels ..."]:
        """As for `Dropout`, but one r for each channel: (B, C, 1, ...)."""
        self._check(x)
        return self._kept(x.new_empty(*x.shape[:2], *[1] * (x.ndim - 2)))

    def explicit(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The definition, as for `Dropout`."""
        self._check(x)  # evaluation does not come to `noise`
        return super().explicit(x)

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """By torch's function for as many axes as there are."""
        self._check(x)
        fused = (functional.dropout1d, functional.dropout2d, functional.dropout3d)[x.ndim - 3]
        return fused(x, self.p, self.training)

    def _check(self, x: Tensor) -> None:
        if x.ndim not in (3, 4, 5):
            raise ValueError(
                "x must be (batch, channels) and one to three axes of space after them, "
                f"but its shape is {tuple(x.shape)}"
            )


class GaussianDropout(MultiplicativeNoise):
    """Each activation is multiplied by 1 + √α ε with ε ~ N(0, 1) and α = p / (1 - p).

    Source: Srivastava et al. 2014, section 10, r' ~ N(1, σ²) with the σ² for which it has the
    variance of the factors of `Dropout` at the same p. (Theirs reads (1 - p) / p, for their p is
    what is kept.) Nothing is ever dropped, and a factor may be negative.

    Torch has no such layer.

    Args:
        p: the rate of the dropout whose variance it has, at least 0 and below 1.

    Raises:
        ValueError: `p` is out of its range.
    """

    def noise(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """One r = 1 + √α ε for each activation."""
        alpha = self.p / (1 - self.p)
        return 1 + math.sqrt(alpha) * torch.randn_like(x)
