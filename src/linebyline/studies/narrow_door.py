"""What gets through a narrow code: deep networks against principal components, width by width.

This writes `narrow_door.json` beside the file::

    python -m linebyline.studies.narrow_door

Autoencoders of 4,000 digits, 14 x 14 pixels, with 2 to 64 numbers in the code. *Deep* has two
hidden layers with ReLUs on each side; *straight* is the same network without the ReLUs, and *flat*
has the deep encoder and one linear layer as decoder. Each has forty passes with Adam, and a rate
that falls to 0; which rate is chosen by whole runs on another split and other first weights. Errors
are shares of the test images' variance about the mean of the training images. Last, the deep one
has three times the passes where its code is wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from linebyline.generative.autoencoder import (
    Autoencoder,
    linear_autoencoder,
    mlp_autoencoder,
)
from linebyline.generative.principal_components import principal_components
from linebyline.layers.mlp import MLP
from linebyline.studies import record
from linebyline.studies.falling_rate import descend
from linebyline.studies.flat_digits import flat_digits

PIXELS, HIDDEN = 196, (256, 128)
PASSES, BATCH_SIZE = 40, 100
WIDTHS = (2, 4, 8, 16, 32, 64)
KINDS = {"deep": WIDTHS, "flat": (2, 8), "straight": (8,)}
LONGER = (32, 64)
RATES = (0.001, 0.003, 0.01)
TUNED_ON = 100
STARTS = (102, 103, 104)


def network(kind: str, width: int, seed: int) -> Autoencoder:
    """A network that has not learned yet; `kind` is "deep", "straight" or "flat".

    Raises:
        ValueError: there is no such kind.
    """
    draw = torch.Generator().manual_seed(seed)
    if kind == "deep":
        return mlp_autoencoder(PIXELS, HIDDEN, width, generator=draw)
    if kind == "straight":
        return mlp_autoencoder(PIXELS, HIDDEN, width, activation=nn.Identity(), generator=draw)
    if kind == "flat":
        encoder = MLP([PIXELS, *HIDDEN, width], generator=draw)
        return Autoencoder(encoder, linear_autoencoder(PIXELS, width, generator=draw).decoder)
    raise ValueError(f"kind must be 'deep', 'straight' or 'flat', not {kind!r}")


def trained(
    model: Autoencoder,
    images: Tensor,
    *,
    rate: float,
    seed: int,
    passes: int = PASSES,
    batch_size: int = BATCH_SIZE,
) -> Autoencoder:
    """The model, trained in place to give back the images, which need no label.

    Args:
        model: its input and output are rows of pixels.
        images: (images, pixels).
        rate: of Adam at the first step; it falls linearly to 0.
        seed: of the order of the images.
        passes: how often all images are seen.
        batch_size: images in a step.
    """
    draw = torch.Generator().manual_seed(seed)
    steps = passes * -(-len(images) // batch_size)

    def losses() -> Iterator[Tensor]:
        for _ in range(passes):
            for batch in images[torch.randperm(len(images), generator=draw)].split(batch_size):
                yield (model(batch) - batch).square().sum(1).mean()

    descend(model.parameters(), losses(), rate=rate, steps=steps)
    return model.eval()


@torch.no_grad()
def share_left(model: nn.Module, images: Tensor, mean: Tensor) -> float:
    """The squared error as a share of what `mean` in place of every image would leave."""
    left = (model(images) - images).square().sum()
    return (left / (images - mean).square().sum()).item()


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose each network's rate at each width, then judge it on other starts."""
    data = {s: [part.inputs for part in flat_digits(s)] for s in (TUNED_ON, *STARTS)}

    def left(kind: str, width: int, rate: float, seed: int, passes: int = PASSES) -> float:
        train, test = data[seed]
        model = trained(network(kind, width, seed), train, rate=rate, seed=seed, passes=passes)
        return round(share_left(model, test, train.mean(0)), 4)

    found: dict[str, dict[str, Any]] = {}
    for kind, widths in KINDS.items():
        found[kind] = {}
        for width in widths:
            tried = [left(kind, width, rate, TUNED_ON) for rate in RATES]
            rate = RATES[tried.index(min(tried))]
            judged = [left(kind, width, rate, seed) for seed in STARTS]
            found[kind][str(width)] = {"tried": tried, "rate": rate, "left": judged}
    longer = {}
    for width in LONGER:
        rate = found["deep"][str(width)]["rate"]
        longer[str(width)] = [left("deep", width, rate, seed, 3 * PASSES) for seed in STARTS[:2]]
    components = {}
    for width in WIDTHS:
        models = {s: principal_components(data[s][0]).network(width) for s in STARTS}
        components[str(width)] = [
            round(share_left(models[s], data[s][1], data[s][0].mean(0)), 4) for s in STARTS
        ]
    return {
        "settings": {"passes": PASSES, "batch_size": BATCH_SIZE, "hidden": HIDDEN, "rates": RATES}
        | {"tuned_on": TUNED_ON, "starts": STARTS, "widths": WIDTHS},
        "networks": found,
        "longer": longer,
        "components": components,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
