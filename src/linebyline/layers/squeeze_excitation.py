"""Squeeze and excitation: each image decides how much each of its channels counts."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.linear import Linear

SQUEEZES = ("average", "max", "position", "nothing")
"""What a gate may look at."""


class SqueezeExcitation(nn.Module):
    """y_c = s_c x_c with s = σ(W₂ δ(W₁ z)) and z_c the mean of channel c over all positions.

    Source: Hu, Shen & Sun 2018, *Squeeze-and-excitation networks*: the squeeze z is equation 2, the
    excitation s equation 3, δ the ReLU, and the scaling equation 4. W₁ has C/r rows and W₂ has C,
    so that a block costs 2C²/r weights.

    Deviation: biases b₁ and b₂, as in the authors' released networks. Hu, Shen, Albanie, Sun & Wu
    2020, the longer version of the paper, found the block better without them: `bias=False`.

    The parameters are those of two `Linear` layers, `fc1` and `fc2`. Published weights often hold
    them as convolutions with 1 x 1 kernels, of shape (outputs, inputs, 1, 1); those load as well.

    The other squeezes are what the paper compares with, and a control. All have the same
    parameters. "max" takes the largest value instead of the mean. With "position" nothing is
    squeezed: each position is gated by its own C values. With "nothing" every z_c is 1, so that the
    gates are learned but are the same for all images.

    Args:
        channels: C, the length of the inputs' axis 1.
        reduction: r. The excitation has C // r hidden units.
        squeeze: one of `SQUEEZES`.
        activation: σ, applied to the C numbers that become gates.
        bias: False leaves b₁ and b₂ out.
        generator: draws the first weights, as in `Linear`.

    Raises:
        ValueError: `channels` or `reduction` is below 1; `reduction` leaves no hidden unit;
            `squeeze` is unknown; an input is not (batch, channels, height, width) with this number
            of channels and at least one position.
    """

    def __init__(
        self,
        channels: int,
        *,
        reduction: int = 16,
        squeeze: str = "average",
        activation: Callable[[Tensor], Tensor] = torch.sigmoid,
        bias: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, size in (("channels", channels), ("reduction", reduction)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        if reduction > channels:
            raise ValueError(
                f"reduction must be from 1 to {channels}, the channels, not {reduction}, "
                "which leaves the excitation no hidden unit"
            )
        if squeeze not in SQUEEZES:
            raise ValueError(f"squeeze must be one of {', '.join(SQUEEZES)}, not {squeeze!r}")
        self.channels = channels
        self.reduction = reduction
        self.squeeze = squeeze
        self.activation = activation
        self.fc1 = Linear(channels, channels // reduction, bias=bias, generator=generator)
        self.fc2 = Linear(channels // reduction, channels, bias=bias, generator=generator)

    def squeezed(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels *places"]:
        """z: what the gates are computed from. *places* is (height, width) for "position"."""
        self._check(x)
        if self.squeeze == "average":
            return x.mean((2, 3))
        if self.squeeze == "max":
            return x.amax((2, 3))
        return x if self.squeeze == "position" else x.new_ones(x.shape[:2])

    def gates(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels *places"]:
        """s: one number for each channel of each image; for "position", of each position."""
        z = self.squeezed(x).movedim(1, -1)  # the channels last, where `Linear` wants them
        return self.activation(self.fc2(torch.relu(self.fc1(z)))).movedim(-1, 1)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Every channel times its gate."""
        s = self.gates(x)
        return x * (s if s.ndim == x.ndim else s[:, :, None, None])

    def explicit(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """The same, one position of the image at a time, with the sums of both layers written out.

        Only the average is spelled out: the other squeezes are `squeezed`.
        """
        self._check(x)
        height, width = x.shape[2:]
        if self.squeeze == "average":
            z = torch.zeros_like(x[:, :, 0, 0])  # (B, C)
            for i in range(height):
                for j in range(width):
                    z = z + x[:, :, i, j] / (height * width)
        else:
            z = self.squeezed(x)
        y = torch.empty_like(x)
        for i in range(height):
            for j in range(width):
                seen = z[:, :, i, j] if z.ndim == x.ndim else z  # (B, C)
                hidden = self.fc1.explicit(seen).clamp(min=0)  # δ(W₁ z + b₁): (B, C // r)
                s = self.activation(self.fc2.explicit(hidden))  # (B, C)
                y[:, :, i, j] = s * x[:, :, i, j]
        return y

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.channels or 0 in x.shape[2:]:
            raise ValueError(
                f"x must be (batch, {self.channels} channels, height, width) with at least one "
                f"position, but its shape is {tuple(x.shape)}"
            )

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: object
    ) -> None:
        """Take the kernels of 1 x 1 convolutions for what they are, matrices."""
        for name in (f"{prefix}fc1.weight", f"{prefix}fc2.weight"):
            if name in state_dict and state_dict[name].shape[2:] == (1, 1):
                state_dict[name] = state_dict[name].flatten(1)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        return f"{self.channels}, reduction={self.reduction}, squeeze={self.squeeze}"
