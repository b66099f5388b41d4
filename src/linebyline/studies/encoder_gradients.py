"""Four gradients for the encoder of a variational autoencoder, each at its best rate.

This writes `encoder_gradients.json` beside the file::

    python -m linebyline.studies.encoder_gradients

Decoder and closed-form divergence get their exact gradient in all runs. What differs is how the
encoder hears of the pixels: through the draw (*path*), or by the score function with no baseline
(*score*), with the mean over the batch (*score, mean*), or with what the other draw of the same
image was paid (*score, twin*). Every way has two draws of every image in a step, so that all cost
the same passes through the decoder. Rates are chosen on two starts, from whole runs, and judged on
six others: nats on 1,000 digits of 14 x 14 pixels that no run has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import Generator, Tensor, nn

from linebyline.data.examples import Examples, TrainTest
from linebyline.generative.importance_weighted import normal_log_density
from linebyline.generative.vae import VAE, kl_to_prior
from linebyline.layers.mlp import MLP
from linebyline.studies import record
from linebyline.studies.falling_rate import descend
from linebyline.studies.flat_digits import flat_digits

Model = TypeVar("Model", bound=nn.Module)

PIXELS, HIDDEN = 196, 128
STEPS, BATCH_SIZE, THROWS = 600, 128, 2
WAYS = ("score", "score, mean", "score, twin", "path")
WIDTHS = (8, 32)
RATES = (0.001, 0.003, 0.01, 0.03)
TUNED_ON = (100, 101)
STARTS = tuple(range(102, 108))


def two_layers(before: int, after: int, *, seed: int, hidden: int = HIDDEN) -> MLP:
    """A network with one hidden layer."""
    return MLP([before, hidden, after], generator=Generator().manual_seed(seed))


def digit_vae(width: int, *, seed: int, **options: Any) -> VAE:
    """A variational autoencoder of rows of 196 pixels; options are those of `VAE`."""
    encoder = two_layers(PIXELS, 2 * width, seed=2 * seed)
    return VAE(encoder, two_layers(width, PIXELS, seed=2 * seed + 1), width=width, **options)


def train(
    model: Model,
    loss: Callable[[Model, Examples, Generator], Tensor],
    data: Examples,
    *,
    rate: float,
    steps: int,
    seed: int,
) -> Model:
    """Adam, with batches drawn at random and a rate that falls to 0."""
    draw = Generator().manual_seed(seed)

    def losses() -> Iterator[Tensor]:
        for _ in range(steps):
            some = torch.randint(len(data.inputs), (BATCH_SIZE,), generator=draw)
            yield loss(model, Examples(data.inputs[some], data.targets[some]), draw)

    descend(model.parameters(), losses(), rate=rate, steps=steps)
    return model


def loss_for(way: str) -> Callable[[VAE, Examples, Generator], Tensor]:
    """What to differentiate, so that the encoder gets the gradient of one of the `WAYS`."""

    def loss(vae: VAE, batch: Examples, draw: Generator) -> Tensor:
        x = batch.inputs
        mean, log_variance = vae.encode(x)
        z = vae.sample(mean, log_variance, count=THROWS, generator=draw)
        if way != "path":
            z = z.detach()
        nats = vae.likelihood(vae.decode(z), x)  # (throws, images)
        bill = nats.mean() + kl_to_prior(mean, log_variance).sum(-1).mean()
        if way == "path":
            return bill
        paid = nats.detach()
        baseline = {
            "score": 0 * paid,
            "score, mean": paid.mean(),
            "score, twin": paid.flip(0),
        }[way]
        log_q = normal_log_density(z, mean, log_variance)
        # The second term is there for its gradient only.
        return bill + ((paid - baseline) * log_q).mean()

    return loss


def run(
    way: str, width: int, data: TrainTest, *, rate: float, seed: int, steps: int = STEPS
) -> VAE:
    """Train one encoder and its decoder."""
    vae = digit_vae(width, seed=seed)
    return train(vae, loss_for(way), data.train, rate=rate, steps=steps, seed=seed)


@torch.no_grad()
def bill(vae: VAE, x: Tensor, *, seed: int = 0, throws: int = 10) -> float:
    """The negative evidence lower bound in nats, the mean over images and draws."""
    draw = Generator().manual_seed(seed)
    mean, log_variance = vae.encode(x)
    z = vae.sample(mean, log_variance, count=throws, generator=draw)
    nats = vae.likelihood(vae.decode(z), x).mean()
    return (nats + kl_to_prior(mean, log_variance).sum(-1).mean()).item()


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose rates on some starts, then judge on others."""
    data = flat_digits()

    def judged(way: str, width: int, rate: float, seed: int) -> float:
        return bill(run(way, width, data, rate=rate, seed=seed), data.test.inputs)

    found: dict[str, dict[str, Any]] = {}
    for width in WIDTHS:
        found[str(width)] = {}
        for way in WAYS:
            tried = [
                sum(judged(way, width, rate, seed) for seed in TUNED_ON) / len(TUNED_ON)
                for rate in RATES
            ]
            rate = RATES[tried.index(min(tried))]
            found[str(width)][way] = {
                "rate": rate,
                "tried": [round(nats, 2) for nats in tried],
                "nats": [round(judged(way, width, rate, seed), 2) for seed in STARTS],
            }
    return {
        "settings": {"steps": STEPS, "batch_size": BATCH_SIZE, "throws": THROWS, "rates": RATES}
        | {"hidden": HIDDEN, "tuned_on": TUNED_ON, "starts": STARTS},
        "found": found,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
