"""Generative adversarial networks: a generator, a discriminator, and what each minimizes."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, softplus

from linebyline.layers.batch_norm import BatchNorm1d
from linebyline.layers.mlp import MLP


class Generator(nn.Module):
    """x = G(z): a multilayer perceptron from noise to data.

    Source: Goodfellow et al. 2014, *Generative Adversarial Nets*, section 3, where G is a
    multilayer perceptron of z. Theirs ends, for images, in sigmoids; so does this one with
    `output=torch.sigmoid`. Deviations: no maxout and no dropout, and batch normalization if you
    want it (Radford, Metz & Chintala 2016, *Unsupervised Representation Learning with Deep
    Convolutional GANs*, section 3).

    Args:
        noise_size: numbers in z.
        hidden: units of each hidden layer.
        shape: of one example: `(2,)` for a point of the plane, `(14, 14)` for an image.
        output: what the last layer's numbers go through; without one they are the data.
        activation: of the hidden layers.
        batch_norm: True normalizes each hidden layer before its activation.
        generator: draws the first weights.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(
        self,
        noise_size: int,
        hidden: Sequence[int],
        shape: Sequence[int],
        *,
        output: Callable[[Tensor], Tensor] | None = None,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        batch_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_sizes(noise_size=[noise_size], hidden=hidden, shape=shape)
        self.shape = tuple(shape)
        self.output = output
        sizes = [noise_size, *hidden, torch.Size(shape).numel()]
        self.network = MLP(sizes, activation=activation, generator=generator)
        self.norms = nn.ModuleList(BatchNorm1d(width) for width in hidden if batch_norm)

    def forward(self, noise: Float[Tensor, "batch noise"]) -> Float[Tensor, "batch ..."]:
        """One example for each row of the noise, in the shape (batch, ...)."""
        *layers, last = self.network.layers
        h = noise
        for number, layer in enumerate(layers):
            h = layer(h)
            if self.norms:
                h = self.norms[number](h)
            h = self.network.activation(h)
        x = last(h).unflatten(1, self.shape)
        return x if self.output is None else self.output(x)


class Discriminator(nn.Module):
    """The logit of D(x): a multilayer perceptron from data to one number, log D/(1 - D).

    Source: Goodfellow et al. 2014, section 3, where D(x) is the probability that x is data and
    not made. Here the answer stops before the sigmoid: the losses below take the logit, which at
    its best is log p(x)/q(x), the logarithm of the ratio of the densities (equation 2 there).

    Args:
        shape: of one example, as for `Generator`.
        hidden: units of each hidden layer.
        activation: of the hidden layers.
        generator: draws the first weights.

    Raises:
        ValueError: a size is below 1.
    """

    def __init__(
        self,
        shape: Sequence[int],
        hidden: Sequence[int],
        *,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_sizes(shape=shape, hidden=hidden)
        sizes = [torch.Size(shape).numel(), *hidden, 1]
        self.network = MLP(sizes, activation=activation, generator=generator)

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
        """One logit for each example."""
        return self.network(x.flatten(1)).squeeze(1)


def discriminator_loss(
    real_logits: Float[Tensor, "..."], made_logits: Float[Tensor, "..."]
) -> Float[Tensor, ""]:
    """-E log D(x) - E log(1 - D(G(z))): the binary cross-entropy of telling data from samples.

    Source: Goodfellow et al. 2014, equation 1 with its sign changed, since D maximizes there. With
    a = log D/(1 - D), -log D is softplus(-a) and -log(1 - D) is softplus(a), which no logit makes
    infinite. At its least it is log 4 - 2 JSD(p, q), in nats.

    Args:
        real_logits: the discriminator's answers to data.
        made_logits: its answers to the generator's samples.

    Raises:
        ValueError: there are no logits to take the mean of.
    """
    check_answers(real_logits=real_logits, made_logits=made_logits)
    return softplus(-real_logits).mean() + softplus(made_logits).mean()


def discriminator_loss_explicit(
    real_logits: Float[Tensor, "..."], made_logits: Float[Tensor, "..."]
) -> Float[Tensor, ""]:
    """The same as it is printed, through D itself; infinite where D rounds to 0 or 1."""
    return -real_logits.sigmoid().log().mean() - (1 - made_logits.sigmoid()).log().mean()


def minimax_loss(made_logits: Float[Tensor, "..."]) -> Float[Tensor, ""]:
    """E log(1 - D(G(z))): the generator takes what the discriminator loses.

    Source: Goodfellow et al. 2014, equation 1. Its slope in a sample's logit is -D: next to nothing
    while the discriminator is sure that the sample is none of the data.

    Args:
        made_logits: the discriminator's answers to samples, through which the generator learns.

    Raises:
        ValueError: there are no logits to take the mean of.
    """
    check_answers(made_logits=made_logits)
    return logsigmoid(-made_logits).mean()


def non_saturating_loss(made_logits: Float[Tensor, "..."]) -> Float[Tensor, ""]:
    """-E log D(G(z)): the generator wants its samples to be taken for data.

    Source: Goodfellow et al. 2014, section 3, last paragraph. Its slope in a sample's logit is
    -(1 - D): the minimax loss's, times (1 - D)/D.

    Args:
        made_logits: the discriminator's answers to samples, through which the generator learns.

    Raises:
        ValueError: there are no logits to take the mean of.
    """
    check_answers(made_logits=made_logits)
    return softplus(-made_logits).mean()


def _check_sizes(**sizes: Sequence[int]) -> None:
    for name, numbers in sizes.items():
        if not all(number >= 1 for number in numbers):
            raise ValueError(f"{name} must be at least 1 throughout, not {list(numbers)}")


def normal_noise(size: int) -> Callable[[int, torch.Generator], Tensor]:
    """Noise z ~ N(0, I), as many rows as it is asked for, of `size` numbers each."""
    return lambda count, generator: torch.randn(count, size, generator=generator)


def check_answers(**answers: Tensor) -> None:
    """Meet a critic's answers at the door, of which a mean is to be taken.

    Raises:
        ValueError: there is no number.
    """
    for name, values in answers.items():
        if values.numel() == 0:
            raise ValueError(
                f"{name} must hold at least one number, not shape {tuple(values.shape)}"
            )
