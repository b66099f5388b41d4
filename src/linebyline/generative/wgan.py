"""Wasserstein GAN: a critic that sets prices, a generator that sells, and a box for the weights."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from linebyline.generative.gan import check_answers


def critic_loss(
    real_prices: Float[Tensor, "..."], made_prices: Float[Tensor, "..."]
) -> Float[Tensor, ""]:
    """E f(G(z)) - E f(x): by how much samples are priced above data.

    Source: Arjovsky, Chintala & Bottou 2017, *Wasserstein GAN*, equation 2 and algorithm 1, with
    its sign changed, since their critic maximizes. No sigmoid and no logarithm: f is any number.
    If no slope of f is above 1, minus this loss is at most the Wasserstein-1 distance of data and
    samples, and equal to it for the best f. With slopes up to K it is at most K times as much.

    Args:
        real_prices: the critic's answers to data.
        made_prices: its answers to the generator's samples.

    Raises:
        ValueError: there are no prices to take the mean of.
    """
    check_answers(real_prices=real_prices, made_prices=made_prices)
    return made_prices.mean() - real_prices.mean()


def generator_loss(made_prices: Float[Tensor, "..."]) -> Float[Tensor, ""]:
    """-E f(G(z)): the generator wants its samples to be dear.

    Source: Arjovsky, Chintala & Bottou 2017, algorithm 1, line 10. Its slope in a sample's price is
    the same whatever the price is; so a sample is moved along the critic's own slope.

    Args:
        made_prices: the critic's answers to samples, through which the generator learns.

    Raises:
        ValueError: there are no prices to take the mean of.
    """
    check_answers(made_prices=made_prices)
    return -made_prices.mean()


@torch.no_grad()
def clip_weights_(critic: nn.Module, limit: float) -> None:
    """Put every parameter, biases too, back into [-c, c], in place.

    Source: Arjovsky, Chintala & Bottou 2017, algorithm 1, line 7, with c = 0.01. It bounds the
    slope by a number that nobody knows: in a network whose layers have n inputs it can be anything
    up to a product of factors of about c n, one a layer.

    Args:
        critic: whose parameters are clipped.
        limit: c, positive.

    Raises:
        ValueError: the limit is not positive.
    """
    if not limit > 0:
        raise ValueError(f"limit must be positive, not {limit}")
    for theta in critic.parameters():
        theta.clamp_(-limit, limit)


def clip_after_steps(optimizer: Optimizer, critic: nn.Module, limit: float) -> RemovableHandle:
    """Clip the critic's weights now, and after every step of its optimizer from now on.

    Args:
        optimizer: whose steps are followed.
        critic: as for `clip_weights_`.
        limit: as for `clip_weights_`.

    Returns:
        A handle; its `remove()` ends the clipping.
    """
    clip_weights_(critic, limit)
    return optimizer.register_step_post_hook(lambda *_: clip_weights_(critic, limit))
