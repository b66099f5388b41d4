"""Positional encodings: what tells a layer that treats all positions alike where each one is."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

Sequence = Float[Tensor, "*batch time size"]


def frequencies(size: int, base: float = 10_000.0) -> Float[Tensor, " half"]:
    """ω_i = base^(-2i / d) in radians per position, i = 0, ..., d/2 - 1, where d = size.

    Source: Vaswani et al. 2017, *Attention is all you need*, section 3.5. The waves are from 2π to
    almost base · 2π positions long.

    Raises:
        ValueError: `size` is odd or below 2, for each frequency takes two features; or `base` is
            not above 1 and finite.
    """
    if size < 2 or size % 2:
        raise ValueError(f"size must be even, two features a frequency, not {size}")
    if not 1 < base < math.inf:
        raise ValueError(f"base must be above 1 and finite, not {base}")
    i = torch.arange(size // 2, dtype=torch.float64)
    return base ** (-2 * i / size)


def sinusoidal(
    length: int, size: int, *, start: int = 0, base: float = 10_000.0
) -> Float[Tensor, "length size"]:
    """PE[t, 2i] = sin(ω_i t) and PE[t, 2i + 1] = cos(ω_i t), for t = start, start + 1, ...

    Source: Vaswani et al. 2017, section 3.5. A step of k positions turns each pair (sin, cos) by
    the angle ω_i k, wherever the step begins. In double precision.

    Raises:
        ValueError: as `frequencies`; or `length` or `start` is negative.
    """
    _check_range(length, start)
    t = torch.arange(start, start + length, dtype=torch.float64)
    angles = torch.outer(t, frequencies(size, base))  # (T, d/2)
    # sin, cos, sin, cos, ...: (T, d/2, 2), then (T, d)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class _Waves(nn.Module):
    """What rests on `sinusoidal`: its size and base, and the waves of a sequence's positions."""

    def __init__(self, size: int, *, base: float = 10_000.0) -> None:
        super().__init__()
        frequencies(size, base)  # refuses
        self.size = size
        self.base = base

    def waves(self, x: Sequence, start: int) -> Float[Tensor, "time size"]:
        """Those of the time steps of x, the first of which is at `start`."""
        _check_size(x, self.size)
        return sinusoidal(x.shape[-2], self.size, start=start, base=self.base).to(x)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.size}, base={self.base:g}"


class SinusoidalEncoding(_Waves):
    """x_t + PE[t], with the waves of `sinusoidal`; nothing is learned, and no length is too long.

    Args:
        size: d, the number of features.
        base: of `frequencies`.

    Raises:
        ValueError: as `sinusoidal`, or x has another number of features.
    """

    def forward(self, x: Sequence, start: int = 0) -> Sequence:
        """`start` is the position of the first of the time steps."""
        return x + self.waves(x, start)


class LearnedEncoding(nn.Module):
    """x_t + P[t], with a row P[t] that is learned for each position.

    Source: Gehring, Auli, Grangier, Yarats & Dauphin 2017, *Convolutional sequence to sequence
    learning*, section 3.1; so do BERT and GPT. `weight` is P, laid out as in `torch.nn.Embedding`.
    Drawn from N(0, 0.02²), as for these two.

    Args:
        max_length: the number of positions, beyond which it knows nothing.
        size: d, the number of features.
        generator: draws P; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, x has another number of features or is too long.
    """

    def __init__(
        self, max_length: int, size: int, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        for name, number in (("max_length", max_length), ("size", size)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        self.weight = nn.Parameter(torch.empty(max_length, size))
        with torch.no_grad():
            self.weight.normal_(0, 0.02, generator=generator)

    def forward(self, x: Sequence, start: int = 0) -> Sequence:
        """`start` is the position of the first of the time steps."""
        max_length, size = self.weight.shape
        _check_size(x, size)
        _check_range(x.shape[-2], start)
        if (end := start + x.shape[-2]) > max_length:
            raise ValueError(
                f"x must end by position {max_length}, the last that has an encoding, "
                f"but has {x.shape[-2]} time steps after {start} others, which makes {end}"
            )
        return x + self.weight[start:end]

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return "{}, {}".format(*self.weight.shape)


class Rotary(_Waves):
    """Turns each pair of features (x_2i, x_2i+1) of position t by the angle ω_i t.

    Source: Su, Lu, Pan, Murtadha, Wen & Liu 2021, *RoFormer: enhanced transformer with rotary
    position embedding*, equations 14, 15 and 34. Queries and keys are turned, values are not; and
    as turning both by the same angle leaves a product as it is, that of a query at m and a key at n
    depends on their distance alone: (R_m q) · (R_n k) = q · (R_{n-m} k). (Llama's files pair
    feature i with feature i + d/2 instead.)

    Args:
        size: d, of one head.
        base: of `frequencies`.

    Raises:
        ValueError: as `frequencies`, or x has another number of features.
    """

    def forward(self, x: Sequence, start: int = 0) -> Sequence:
        """Equation 34; `start` is the position of the first of the time steps."""
        waves = self.waves(x, start)
        sin, cos = waves[:, 0::2], waves[:, 1::2]  # (T, d/2)
        even, odd = x[..., 0::2], x[..., 1::2]  # (..., T, d/2)
        turned = [even * cos - odd * sin, odd * cos + even * sin]
        return torch.stack(turned, dim=-1).flatten(-2)

    def explicit(self, x: Sequence, start: int = 0) -> Sequence:
        """Equation 15: R_t x_t, with the whole matrix R_t."""
        _check_size(x, self.size)
        t = torch.arange(start, start + x.shape[-2], dtype=torch.float64)
        turns = t.new_zeros(len(t), self.size, self.size)  # R: (T, d, d)
        for i, omega in enumerate(frequencies(self.size, self.base).tolist()):
            sin, cos = torch.sin(omega * t), torch.cos(omega * t)
            turns[:, 2 * i, 2 * i], turns[:, 2 * i, 2 * i + 1] = cos, -sin
            turns[:, 2 * i + 1, 2 * i], turns[:, 2 * i + 1, 2 * i + 1] = sin, cos
        return (turns.to(x) @ x.unsqueeze(-1)).squeeze(-1)


def _check_range(length: int, start: int) -> None:
    for name, number in (("length", length), ("start", start)):
        if number < 0:
            raise ValueError(f"{name} must be at least 0, not {number}")


def _check_size(x: Tensor, size: int) -> None:
    if x.shape[-1] != size:
        raise ValueError(
            f"x must have {size} features on its last axis, but its shape is {tuple(x.shape)}"
        )
