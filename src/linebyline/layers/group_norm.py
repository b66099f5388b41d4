"""Group normalization: the channels of every example in groups, each of mean 0 and variance 1."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class GroupNorm(nn.Module):
    """y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² over a group of channels and all positions.

    Source: Wu & He 2018, *Group normalization*, section 3. Neighbouring channels form a group, and
    every example is by itself, so there are no running averages. One group is layer normalization
    over channels and positions; as many groups as channels is instance normalization (Ulyanov,
    Vedaldi & Lempitsky 2016). γ and β belong to channels, not to groups.

    Parameters are named as torch's: `weight` is γ, at first 1, `bias` is β, at first 0, each of
    shape (num_channels,), or None.

    Args:
        num_groups: G, into how many groups the channels are divided.
        num_channels: C, the length of the inputs' axis 1, a multiple of G.
        eps: ε, zero or more, in the unit of x².
        affine: False leaves γ and β out.

    Raises:
        ValueError: an argument is out of its range; an input has another number of channels, or
            one value in each group, which would always come out as β (torch refuses that for a
            single example only).
    """

    def __init__(
        self, num_groups: int, num_channels: int, *, eps: float = 1e-5, affine: bool = True
    ) -> None:
        super().__init__()
        for name, number in (("num_groups", num_groups), ("num_channels", num_channels)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        if num_channels % num_groups:
            raise ValueError(
                f"num_groups must divide num_channels, but {num_channels} is no multiple "
                f"of {num_groups}"
            )
        if not eps >= 0:
            raise ValueError(f"eps must be zero or more, not {eps}")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(num_channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(num_channels)) if affine else None

    def forward(
        self, x: Float[Tensor, "batch channels *positions"]
    ) -> Float[Tensor, "batch channels *positions"]:
        """One call of the fused kernel."""
        self._check(x)
        return functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def explicit(
        self, x: Float[Tensor, "batch channels *positions"]
    ) -> Float[Tensor, "batch channels *positions"]:
        """The same, written out."""
        self._check(x)
        groups = x.unflatten(1, (self.num_groups, -1)).flatten(2)  # (N, G, C/G · positions)
        mu = groups.mean(2, keepdim=True)  # (N, G, 1)
        var = (groups - mu).square().mean(2, keepdim=True)
        x_hat = ((groups - mu) / torch.sqrt(var + self.eps)).reshape(x.shape)
        if self.weight is None or self.bias is None:
            return x_hat
        channelwise = (-1, *[1] * (x.ndim - 2))  # (C,) -> (C, 1, 1) for images
        return self.weight.view(channelwise) * x_hat + self.bias.view(channelwise)

    def _check(self, x: Tensor) -> None:
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(
                f"x must have {self.num_channels} channels on axis 1, "
                f"but its shape is {tuple(x.shape)}"
            )
        if x.shape[1:].numel() == self.num_groups:
            raise ValueError(
                f"x must have more than one value in each of its {self.num_groups} groups, "
                f"but its shape is {tuple(x.shape)}"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        affine = self.weight is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={affine}"
