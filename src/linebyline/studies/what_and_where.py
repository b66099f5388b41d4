"""What a network must hand on from its fine maps to its answer, on images of cells.

This writes `what_and_where.json` beside the file::

    python -m linebyline.studies.what_and_where

The arms are networks for the same images, which differ in how far they see and in what passes
between encoder and decoder. Every arm takes the rate with the best IoU on the start `TUNED_ON`, and
is judged on others. A start is the seed of images, first weights and the order of the images.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import torch
from scipy.ndimage import distance_transform_cdt
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from linebyline.data.cells import Cells, cell_images
from linebyline.data.examples import Examples
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.optim.lr_schedules import Schedule, cosine_decay
from linebyline.studies import record
from linebyline.training.loop import fit
from linebyline.training.segmentation import (
    boundary_distance,
    mean_iou,
    pixel_confusion,
    share_by_distance,
)
from linebyline.vision.unet import UNet, convolution

CLASSES, CHANNELS, DEPTH = 3, 8, 3
TRAIN, TEST, BATCH, EPOCHS = 160, 200, 8, 10
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
TUNED_ON, STARTS = 100, (0, 1, 2)
OUTLINE = (0, 1, 2, 3, 4, 6, 8)
"""Edges of the bands of distances from an outline."""
FIRST_STEPS = 4
"""The losses of so many first steps are kept, for the test that replays them."""


class Coarse(nn.Module):
    """The encoder alone: scores for squares of 8 x 8 pixels, repeated."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.net = unet(generator)
        self.net.up, self.net.decoder = nn.ModuleList(), nn.ModuleList()
        self.net.head = convolution(CHANNELS * 2**DEPTH, CLASSES, 1, padding=0, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Scores for every pixel, the same all over a square."""
        return interpolate(self.net.head(self.net.encode(x)[-1]), scale_factor=2**DEPTH)


def stack(layers: int, channels: int, generator: torch.Generator) -> nn.Sequential:
    """Convolutions of 3 x 3 at full size: nothing is pooled, and each sees a pixel farther."""
    parts: list[nn.Module] = []
    for inputs in [1] + (layers - 1) * [channels]:
        conv = convolution(inputs, channels, 3, padding=1, bias=False, generator=generator)
        parts += [conv, BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(*parts, convolution(channels, CLASSES, 1, padding=0, generator=generator))


class Between(nn.Module):
    """A U-Net with something done to the maps between encoder and decoder.

    Args:
        net: the U-Net.
        kept: levels whose skips are handed on; zeros take the place of the others.
        code: the coarsest map goes through so few channels; None leaves it as it is.
        generator: draws the first weights of what is new.
    """

    def __init__(
        self, net: UNet, kept: Collection[int], code: int | None, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.net, self.kept = net, kept
        width = CHANNELS * 2**DEPTH
        self.code: nn.Module = nn.Identity()
        if code is not None:
            self.code = nn.Sequential(
                convolution(width, code, 1, padding=0, generator=generator),
                convolution(code, width, 1, padding=0, generator=generator),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Encode, change, decode."""
        maps = self.net.encode(x)
        fine = [m if i in self.kept else torch.zeros_like(m) for i, m in enumerate(maps[:-1])]
        return self.net.decode([*fine, self.code(maps[-1])])


def unet(generator: torch.Generator, **options: Any) -> UNet:
    """The study's U-Net, of three poolings and eight channels."""
    return UNet(
        1,
        CLASSES,
        depth=DEPTH,
        channels=CHANNELS,
        batch_norm=True,
        generator=generator,
        **options,
    )


def _between(
    kept: Collection[int] = (), code: int | None = None, *, skips: bool = True
) -> Callable[[torch.Generator], nn.Module]:
    return lambda g: Between(unet(g, skips=skips), kept, code, g)


ARMS: dict[str, Callable[[torch.Generator], nn.Module]] = {
    "coarse": Coarse,
    "near": lambda g: stack(4, 16, g),
    "no skips": lambda g: unet(g, skips=False),
    "places": lambda g: unet(g, skips=False, upsampling="unpooling"),
    "skips": unet,
    "nearest": lambda g: unet(g, upsampling="nearest"),
    "bilinear": lambda g: unet(g, upsampling="bilinear"),
    "stack": lambda g: stack(14, 8, g),
    "finest": _between((0,)),
    "coarsest": _between((2,)),
    "no skips, code 2": _between(code=2, skips=False),
    "no skips, code 1": _between(code=1, skips=False),
    "skips, code 2": _between((0, 1, 2), 2),
    "no skips, 40 epochs": lambda g: unet(g, skips=False),
}


class Judged(NamedTuple):
    """What is asked of an answer, over the whole test set."""

    iou: float
    """The mean over the three classes."""
    where: list[float]
    """The share of pixels taken for ground and not, or the other way round, for each band of
    distances from the outlines that `OUTLINE` says."""
    what: list[float]
    """The share of a cell's pixels taken for the other kind, by how many rows or columns (the
    larger of both) the nearest pixel of its nucleus is away: 0, 1, ..., 10."""
    kind: float
    """The same for all pixels of cells."""


class Run(NamedTuple):
    """A network that has learned, the images that it is judged by, and its loss at every step."""

    model: nn.Module
    test: Cells
    losses: list[float]


def images(start: int) -> tuple[Cells, Cells]:
    """Images to learn from, and others to judge by."""
    return cell_images(TRAIN, seed=2 * start), cell_images(TEST, seed=2 * start + 1)


def network(arm: str, start: int) -> nn.Module:
    """An arm's network as it begins.

    Raises:
        ValueError: there is no such arm.
    """
    if arm not in ARMS:
        raise ValueError(f"arm must be one of {', '.join(ARMS)}, not {arm!r}")
    return ARMS[arm](torch.Generator().manual_seed(start))


def learn(arm: str, start: int, *, rate: float, epochs: int | None = None) -> Run:
    """Train one network by Adam in batches of 8, its rate falling to 0 along a cosine.

    Args:
        arm: one of `ARMS`.
        start: the seed of everything.
        rate: Adam's first rate.
        epochs: 10, or what the arm's name says, unless you say otherwise.

    Returns:
        The run; its model is in evaluation mode.

    Raises:
        ValueError: as for `network`.
    """
    model = network(arm, start)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    train, test = images(start)
    epochs = epochs or (40 if arm.endswith("40 epochs") else EPOCHS)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = Schedule(optimizer, cosine_decay, steps=epochs * -(-TRAIN // BATCH))
    optimizer.register_step_post_hook(lambda *_: schedule.step())
    x = train.images.to(memory_format=torch.channels_last)
    history = fit(
        model,
        cross_entropy,
        optimizer,
        Examples(x, train.masks),
        epochs=epochs,
        batch_size=BATCH,
        device="cpu",
        seed=start,
    )
    return Run(model.eval(), test, history.step_loss)


@torch.no_grad()
def judge(answer: Tensor, test: Cells) -> Judged:
    """The errors of an answer, classes for every pixel, sorted by what and where."""
    confusion = pixel_confusion(answer, test.masks, classes=CLASSES)
    cell, said = test.masks > 0, answer > 0
    where = share_by_distance(cell != said, boundary_distance(cell.long()), OUTLINE)
    both = cell & said
    other = (answer != test.masks)[both]
    away = nucleus_distance(test)[both]
    what = [other[away == step].double().mean() for step in range(11)]
    return Judged(
        iou=mean_iou(confusion).item(),
        where=where.tolist(),
        what=torch.stack(what).tolist(),
        kind=other.double().mean().item(),
    )


def nucleus_distance(cells: Cells) -> Tensor:
    """For each pixel of a cell how many rows or columns, the larger of both, the nearest pixel of
    its own nucleus is away; -1 on the ground, and for a cell whose nucleus does not show.
    """
    away = torch.full(cells.masks.shape, -1)
    for instances, nuclei, out in zip(cells.instances, cells.nuclei, away, strict=True):
        for number in instances.unique():
            own = instances == number
            if number == 0 or not (own & nuclei).any():
                continue
            steps = distance_transform_cdt((~(own & nuclei)).numpy(), metric="chessboard")
            out[own] = torch.from_numpy(steps)[own].long()
    return away


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Tune each arm's rate on a start of its own, then judge it on others."""
    return {
        "settings": {"rates": RATES, "tuned_on": TUNED_ON, "starts": STARTS, "outline": OUTLINE}
        | {"images": [TRAIN, TEST], "batch": BATCH, "epochs": EPOCHS},
        "arms": {arm: _judge(arm) for arm in ARMS},
    }


def _judge(arm: str) -> dict[str, Any]:
    """From the middle rate on, walk up to the best one; what was not tried is no rival."""
    tried: dict[float, float] = {}

    def quality(place: int) -> float:
        rate = RATES[place]
        if rate not in tried:
            tried[rate] = round(_judged(learn(arm, TUNED_ON, rate=rate)).iou, 4)
        return tried[rate]

    best = len(RATES) // 2
    while True:
        near = [place for place in (best, best - 1, best + 1) if 0 <= place < len(RATES)]
        better = max(near, key=quality)
        if better == best:
            break
        best = better
    runs = [learn(arm, start, rate=RATES[best]) for start in STARTS]
    judged = [_judged(run) for run in runs]
    digits = lambda values: [round(value, 4) for value in values]  # noqa: E731
    return {
        "tried": {str(rate): tried[rate] for rate in sorted(tried)},
        "rate": RATES[best],
        "parameters": sum(p.numel() for p in network(arm, 0).parameters()),
        "iou": digits(each.iou for each in judged),
        "kind": digits(each.kind for each in judged),
        "where": [digits(each.where) for each in judged],
        "what": [digits(each.what) for each in judged],
        "first_losses": [round(loss, 5) for loss in runs[0].losses[:FIRST_STEPS]],
    }


def _judged(run: Run) -> Judged:
    with torch.no_grad():
        return judge(run.model(run.test.images).argmax(1), run.test)


if __name__ == "__main__":
    record.run_and_store(__file__, study)
