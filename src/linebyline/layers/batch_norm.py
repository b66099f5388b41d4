"""Batch normalization: every channel gets the mean 0 and the variance 1, over the batch at hand."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class BatchNorm(nn.Module):
    """y = γ (x - μ) / √(σ² + ε) + β, with μ and σ² of each channel's values in the batch.

    Source: Ioffe & Szegedy 2015, *Batch normalization: accelerating deep network training by
    reducing internal covariate shift*, algorithm 1 for training and algorithm 2 for use; with
    positions, as in section 3.2, a channel's statistics are over the batch and all positions.

    In training mode μ and σ² are the batch's own, and running averages of both are kept, of the
    variance with the divisor n - 1. In evaluation mode the running averages take their place, so
    that an answer depends on its own example only. Deviation, torch's: the paper averages μ and σ²
    over many batches after training, as `momentum=None` does on the way.

    Parameters and buffers are named as torch's, so either loads the other's `state_dict`: `weight`
    is γ, at first 1, `bias` is β, at first 0, each of shape (num_features,), or None; the buffers
    are `running_mean`, `running_var` and `num_batches_tracked`. torch's `track_running_stats=False`
    does not exist here.

    This class is the common part; use `BatchNorm1d` or `BatchNorm2d`, which say what x may be.

    Args:
        num_features: C, the length of the inputs' axis 1.
        eps: ε, above 0, in the unit of x².
        momentum: how much of a running average each new batch replaces, from 0 to 1: the older the
            batch, the less it counts. (In an optimizer, momentum is what is *kept*.) None makes it
            the plain average of all batches since the beginning.
        affine: False leaves γ and β out.

    Raises:
        ValueError: an argument is out of its range; an input has another number of axes or of
            channels, or in training mode fewer than two values for each channel.
    """

    axes: tuple[int, ...]
    """How many axes an input may have."""

    running_mean: Float[Tensor, " channels"]
    running_var: Float[Tensor, " channels"]
    num_batches_tracked: Tensor

    def __init__(
        self,
        num_features: int,
        *,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
    ) -> None:
        super().__init__()
        if num_features < 1:
            raise ValueError(f"num_features must be at least 1, not {num_features}")
        if not eps > 0:
            raise ValueError(f"eps must be above 0, not {eps}")
        if momentum is not None and not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be from 0 to 1, or None, not {momentum}")
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features)) if affine else None
        self.bias = nn.Parameter(torch.zeros(num_features)) if affine else None
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(
        self, x: Float[Tensor, "batch channels *positions"]
    ) -> Float[Tensor, "batch channels *positions"]:
        """One call of the fused kernel, which also moves the running averages."""
        self._check(x)
        share = self._count() if self.training else 0.0
        averages = self.running_mean, self.running_var
        return functional.batch_norm(
            x, *averages, self.weight, self.bias, self.training, share, self.eps
        )

    def explicit(
        self, x: Float[Tensor, "batch channels *positions"]
    ) -> Float[Tensor, "batch channels *positions"]:
        """The same, written out: algorithm 1 of the paper, line by line."""
        self._check(x)
        if self.training:
            over = (0, *range(2, x.ndim))  # all axes but the channels'
            mu = x.mean(over)  # (C,)
            var = (x - _wide(mu, x)).square().mean(over)  # (C,)
            self._remember(mu.detach(), var.detach(), n=x.numel() // self.num_features)
        else:
            mu, var = self.running_mean, self.running_var
        x_hat = (x - _wide(mu, x)) / _wide(torch.sqrt(var + self.eps), x)
        if self.weight is None or self.bias is None:
            return x_hat
        return _wide(self.weight, x) * x_hat + _wide(self.bias, x)

    def _remember(self, mu: Tensor, var: Tensor, n: int) -> None:
        """Move the running averages a little way towards the batch's statistics."""
        share = self._count()
        unbiased = var * n / (n - 1)  # what the batch says about the variance of all data
        self.running_mean += share * (mu - self.running_mean)
        self.running_var += share * (unbiased - self.running_var)

    def _count(self) -> float:
        """One batch more; the share that it gets in the running averages."""
        self.num_batches_tracked.add_(1)
        return 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum

    def _check(self, x: Tensor) -> None:
        if x.ndim not in self.axes or x.shape[1] != self.num_features:
            axes = " or ".join(map(str, self.axes))
            raise ValueError(
                f"x must have {axes} axes with {self.num_features} channels on axis 1, "
                f"but its shape is {tuple(x.shape)}"
            )
        if self.training and x.numel() < 2 * self.num_features:
            raise ValueError(
                "x must have at least two values for each channel in training mode, for less has "
                f"no variance, but its shape is {tuple(x.shape)}; to use the layer, call eval()"
            )

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        affine = self.weight is not None
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={affine}"


class BatchNorm1d(BatchNorm):
    """`BatchNorm` of rows (batch, channels) or of sequences (batch, channels, length)."""

    axes = (2, 3)


class BatchNorm2d(BatchNorm):
    """`BatchNorm` of images, (batch, channels, height, width)."""

    axes = (4,)


def batch_norm_backward(
    upstream: Float[Tensor, "batch channels *positions"],
    x: Float[Tensor, "batch channels *positions"],
    weight: Float[Tensor, " channels"],
    *,
    eps: float = 1e-5,
) -> tuple[
    Float[Tensor, "batch channels *positions"],
    Float[Tensor, " channels"],
    Float[Tensor, " channels"],
]:
    """The backward pass of training mode by hand.

    Source: Ioffe & Szegedy 2015, section 3, where the chain rule is left in six equations. Here
    the paths through μ and σ² are put together: with ḡ = γ ∂L/∂y,

        ∂L/∂x = (ḡ - mean(ḡ) - x̂ mean(ḡ x̂)) / √(σ² + ε).

    Args:
        upstream: ∂L/∂y.
        x: what the layer was given.
        weight: γ.
        eps: ε.

    Returns:
        ∂L/∂x, ∂L/∂γ and ∂L/∂β.
    """
    over = (0, *range(2, x.ndim))
    mu = x.mean(over, keepdim=True)  # (1, C, 1, 1)
    deviation = (x.var(over, correction=0, keepdim=True) + eps).sqrt()
    x_hat = (x - mu) / deviation
    g = _wide(weight, x) * upstream  # ∂L/∂x̂
    along = (g * x_hat).mean(over, keepdim=True)  # what would only change the scale
    dx = (g - g.mean(over, keepdim=True) - along * x_hat) / deviation
    return dx, (upstream * x_hat).sum(over), upstream.sum(over)


def _wide(values: Tensor, x: Tensor) -> Tensor:
    """One value for each channel, shaped so that it goes with x: (C,) -> (C, 1, 1) for images."""
    return values.view(-1, *[1] * (x.ndim - 2))
