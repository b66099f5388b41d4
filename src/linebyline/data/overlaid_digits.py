"""Two digits, one over the other in two colours, and a cue that says which of them is meant."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from linebyline.data.at_least import at_least
from linebyline.data.digits import digits
from linebyline.data.examples import Examples, TrainTest


def overlaid_digits(
    *,
    train: int = 2000,
    test: int = 1000,
    classes: Sequence[int] = (0, 1, 2, 3, 4),
    gap: int = 10,
    strip: int = 4,
    cue: str = "strip",
    seed: int = 0,
) -> TrainTest:
    """A task that needs a product: what is asked stands far away from what is to be read.

    Source: our own, after the parity problem of Minsky & Papert 1969: neither the cue nor the
    digits say anything about the answer without the other. Images have two channels, which may be
    shown as red and blue. Each has a digit of `linebyline.data.digits` in its columns 0 to 7, on
    the same place. After `gap` empty columns comes the cue, `strip` columns of ones in the channel
    that is asked. Pairs are drawn with replacement from digits' own training and test images, and
    may show the same digit twice.

    Args:
        train: how many examples to learn from.
        test: how many to judge by.
        classes: the digits that occur; targets are the digits.
        gap: empty columns between the digits and the cue.
        strip: columns of the cue.
        cue: "strip", or "everywhere": 1 is added to all pixels of the channel that is asked.
        seed: of digits' split and of the pairs.

    Returns:
        Inputs (examples, 2, 8, 8 + gap + strip), float32; targets (examples,), int64.

    Raises:
        ValueError: a count or `strip` is below 1, `gap` is below 0, `cue` is unknown, or `classes`
            are none of the digits.
    """
    at_least(train=(train, 1), test=(test, 1), gap=(gap, 0), strip=(strip, 1))
    if cue not in ("strip", "everywhere"):
        raise ValueError(f"cue must be strip or everywhere, not {cue!r}")
    singles = digits(classes=classes, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    columns = slice(8 + gap, None) if cue == "strip" else slice(None)

    def pairs(part: Examples, count: int) -> Examples:
        which = torch.randint(len(part.targets), (count, 2), generator=generator)
        asked = torch.randint(2, (count,), generator=generator)
        images = torch.zeros(count, 2, 8, 8 + gap + strip)
        images[..., :8] = part.inputs[which]
        images[torch.arange(count), asked, :, columns] += 1
        return Examples(images, part.targets[which].gather(1, asked[:, None]).squeeze(1))

    return TrainTest(pairs(singles.train, train), pairs(singles.test, test))
