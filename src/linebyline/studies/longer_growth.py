"""Growing and full size at once, once more, with three times the budget.

This writes `longer_growth.json` and `longer_growth.safetensors` beside the file::

    python -m linebyline.studies.longer_growth

Everything is as in `grown_digits`, on another start, and every part of both ways is three times as
long. The weights that growing has led to are stored: the running mean, in half precision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from linebyline.generative.progressive_gan import ProgressiveGenerator
from linebyline.studies import grown_digits as grown
from linebyline.studies import record
from linebyline.vision.transfer import freeze

START = 3
LONGER = 3
WEIGHTS = Path(__file__).with_suffix(".safetensors")


def stored_generator() -> ProgressiveGenerator:
    """The grown generator with the stored weights."""
    model = ProgressiveGenerator(grown.NOISE_SIZE, grown.CHANNELS)
    model.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})
    model.grow(len(grown.CHANNELS) - 1)
    freeze(model)
    return model


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Play both ways, and store the weights of the one."""
    images = grown.sizes()
    found: dict[str, Any] = {}
    for name in ("grown", "at once"):
        found[name], players = grown.play_way(name, START, images, LONGER)
        if name == "grown":
            with players.average.applied() as model:
                save_file({k: v.half() for k, v in model.state_dict().items()}, WEIGHTS)
    return {"settings": {"start": START, "longer": LONGER}, "digits": found}


if __name__ == "__main__":
    record.run_and_store(__file__, study)
