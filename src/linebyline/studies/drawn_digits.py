"""Digits drawn from the prior of a variational autoencoder, and from autoencoders.

This writes `drawn_digits.json` and `drawn_digits.safetensors` beside the file::

    python -m linebyline.studies.drawn_digits

All networks learn the 4,000 digits of `mnist_5k` that the judge never saw, averaged to 14 x 14
pixels, with the same hidden layers, steps and rate. The variational autoencoder draws codes from
its prior. An autoencoder says nothing about its codes, so it is tried at three widths, and its
codes are drawn in two ways: from N(0, I), and from the normal distribution that has the mean and
covariance of the codes of the training images. The judge counts how many of 2,000 digits it is sure
of. What is stored beside the figures is the decoder of the variational autoencoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn

from linebyline.generative.autoencoder import Autoencoder
from linebyline.generative.vae import VAE, BernoulliPixels, negative_bound
from linebyline.layers.mlp import MLP
from linebyline.studies import record
from linebyline.studies.digit_judge import judged
from linebyline.studies.falling_rate import descend
from linebyline.studies.flat_digits import flat_digits
from linebyline.vision.transfer import freeze

SIDE = 14
HIDDEN = (512, 256)
WIDTH = 8
AUTOENCODER_WIDTHS = (3, 5, 8)
STEPS = 9000
BATCH_SIZE = 128
RATE = 2e-3
SEED = 300
DRAWS = 2000
WEIGHTS = Path(__file__).with_suffix(".safetensors")


def vae(width: int = WIDTH, *, hidden: tuple[int, ...] = HIDDEN, seed: int = SEED) -> VAE:
    """A VAE of flat digits, whose decoder is the encoder turned round."""
    draw = Generator().manual_seed(seed)
    encoder = MLP([SIDE**2, *hidden, 2 * width], generator=draw)
    decoder = MLP([width, *reversed(hidden), SIDE**2], generator=draw)
    return VAE(encoder, decoder, width=width)


def autoencoder(width: int, *, hidden: tuple[int, ...] = HIDDEN, seed: int = SEED) -> Autoencoder:
    """An autoencoder of flat digits with the same hidden layers; it answers with logits."""
    draw = Generator().manual_seed(seed)
    encoder = MLP([SIDE**2, *hidden, width], generator=draw)
    return Autoencoder(encoder, MLP([width, *reversed(hidden), SIDE**2], generator=draw))


def learn(
    model: nn.Module,
    bill: Callable[[Any, Tensor], Tensor],
    x: Float[Tensor, "images pixels"],
    *,
    steps: int = STEPS,
    rate: float = RATE,
    seed: int = SEED,
    stop: int | None = None,
) -> list[float]:
    """Adam with a rate that falls linearly to 0; the loss of each step.

    Args:
        model: changed in place.
        bill: (what the model answers, a batch) to the loss.
        x: images to draw batches from.
        steps: as the rate counts them.
        rate: of the first step.
        seed: of the batches and of the codes that are drawn.
        stop: after so many steps, if not after all.
    """
    draw = Generator().manual_seed(seed)
    options = {"generator": draw} if isinstance(model, VAE) else {}

    def losses() -> Iterator[Tensor]:
        for _ in range(steps if stop is None else stop):
            batch = x[torch.randint(len(x), (BATCH_SIZE,), generator=draw)]
            yield bill(model(batch, **options), batch)

    return descend(model.parameters(), losses(), rate=rate, steps=steps)


def pixels_bill(answer: Tensor, batch: Tensor) -> Tensor:
    """What an autoencoder pays: the pixels, and nothing for the code."""
    return BernoulliPixels()(answer, batch).mean()


@torch.no_grad()
def fitted_codes(
    codes: Float[Tensor, "images width"], count: int, *, generator: Generator
) -> Float[Tensor, "count width"]:
    """Codes from the normal distribution with the mean and the covariance of `codes`."""
    root = torch.linalg.cholesky(torch.cov(codes.T))
    noise = torch.randn(count, codes.shape[1], generator=generator)
    return codes.mean(0) + noise @ root.T


@torch.no_grad()
def two_ways(model: Autoencoder, x: Tensor, *, seed: int = SEED) -> dict[str, Any]:
    """Digits from codes of N(0, I), and from codes of the fitted normal distribution."""
    codes = model.encoder(x)
    draw = Generator().manual_seed(seed)
    drawn = {
        "N(0, I)": torch.randn(DRAWS, codes.shape[1], generator=draw),
        "fitted": fitted_codes(codes, DRAWS, generator=draw),
    }
    return {name: judged(model.decoder(z).sigmoid()) for name, z in drawn.items()}


def stored_vae() -> VAE:
    """The study's VAE with its stored decoder, to draw from; its encoder is untrained."""
    model = vae()
    model.decoder.load_state_dict(load_file(WEIGHTS))
    freeze(model)
    return model


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Train the VAE and three autoencoders, and have the judge look at what they draw."""
    x, unseen = (part.inputs for part in flat_digits())
    model = vae()
    losses = learn(model, negative_bound(), x)
    save_file({name: w.contiguous() for name, w in model.decoder.state_dict().items()}, WEIGHTS)
    draw = Generator().manual_seed(SEED)
    found: dict[str, Any] = {"first_losses": [round(loss, 3) for loss in losses[:5]]}
    with torch.no_grad():
        for name, part in {"train": x, "test": unseen}.items():
            bound = model(part, generator=draw)
            found[name] = {
                "pixels": round(bound.reconstruction.mean().item(), 2),
                "code": [round(nats, 3) for nats in bound.kl.mean(0).tolist()],
            }
    found["prior"] = judged(model.generate(DRAWS, generator=draw))
    others = {}
    for width in AUTOENCODER_WIDTHS:
        plain = autoencoder(width)
        learn(plain, pixels_bill, x)
        others[str(width)] = two_ways(plain, x)
    settings = {"hidden": HIDDEN, "width": WIDTH, "widths": AUTOENCODER_WIDTHS}
    settings |= {"steps": STEPS, "batch_size": BATCH_SIZE, "rate": RATE, "seed": SEED}
    return {
        "settings": settings,
        "vae": found,
        "autoencoders": others,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
