"""Minibatch standard deviation: one more channel, which says how much a batch varies."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def batch_spread(
    h: Float[Tensor, "batch channels *place"], *, eps: float = 1e-8
) -> Float[Tensor, ""]:
    """The standard deviation over the batch, averaged over channels and places: one number.

    Source: Karras, Aila, Laine & Lehtinen 2018, *Progressive Growing of GANs*, section 3. The
    variance is that of the batch itself, divided by its size. ε keeps the slope of the root finite
    where a number is the same in the whole batch; for a batch of clones the answer is √ε.

    Args:
        h: features of the examples of one batch.
        eps: ε, above 0.

    Raises:
        ValueError: `eps` is not above 0, or there is no axis of channels.
    """
    if not eps > 0:
        raise ValueError(f"eps must be above 0, not {eps}")
    if h.ndim < 2:
        raise ValueError(f"h must have the shape (batch, channels, ...), not {tuple(h.shape)}")
    variance = (h - h.mean(0)).square().mean(0)
    return (variance + eps).sqrt().mean()


class MinibatchStd(nn.Module):
    """Lay the batch's spread beside the features of every example, as one more channel.

    Source: as for `batch_spread`. Deviation from the authors' code: there a batch is divided into
    groups of four, here it is one group, as the paper says. What a network answers to an example
    then depends on the others of its batch, so data and samples go through it in batches of their
    own.
    """

    def forward(self, h: Float[Tensor, "batch channels *place"]) -> Float[Tensor, "batch more ..."]:
        """The shape of h, with one channel more."""
        spread = batch_spread(h).expand(len(h), 1, *h.shape[2:])
        return torch.cat([h, spread], dim=1)
