"""A longer growth, for the sheet: six times the budget, fewer numbers of noise, falling rates.

This writes `longer_growth.json` and `longer_growth.safetensors` beside the file::

    python -m linebyline.studies.longer_growth

What is longer is the part at full size; all else is as in `grown_digits` but for three things. The
noise has 10 numbers instead of 32, both rates fall in a straight line to 0 over the second half of
the rounds, and the running mean is a longer one. The weights that it leads to are stored in half
precision. Before it, games of other lengths were played at a rate of 0.032. With 32 numbers of
noise the judge was sure of 0.78 to 0.79 of their last samples, also with half as many channels
again; with 10 it was sure of 0.84 on one start, and of 0.53 on this one, half way. These are not
stored. A way at full size from the start was not played.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from linebyline.generative.progressive_gan import ProgressiveGenerator
from linebyline.studies import grown_digits as grown
from linebyline.studies import record
from linebyline.studies.convolutional_digits import let_rates_fall
from linebyline.vision.transfer import freeze

START = 4
LONGER = 6
RATE = grown.RATE
NOISE_SIZE = 10
DECAY = 0.998
WEIGHTS = Path(__file__).with_suffix(".safetensors")


def game() -> grown.Game:
    """The players at their start."""
    return grown.game(START, rate=RATE, noise_size=NOISE_SIZE, decay=DECAY)


def stored_generator() -> ProgressiveGenerator:
    """The grown generator with the stored weights."""
    model = ProgressiveGenerator(NOISE_SIZE, grown.CHANNELS)
    model.load_state_dict({name: value.float() for name, value in load_file(WEIGHTS).items()})
    model.grow(len(grown.CHANNELS) - 1)
    freeze(model)
    return model


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Grow, and store the weights."""
    players = game()
    legs = grown.ways(players, LONGER)["grown"]
    total = sum(leg.rounds for leg in legs)
    let_rates_fall((players.critic, players.generator), total, after=total / 2)
    rows = grown.play_way(players, legs, START, grown.sizes())
    with players.average.applied() as model:
        save_file({k: v.half() for k, v in model.state_dict().items()}, WEIGHTS)
    settings = {"start": START, "longer": LONGER, "rate": RATE}
    settings |= {"noise_size": NOISE_SIZE, "decay": DECAY}
    return {"settings": settings, "digits": rows}


if __name__ == "__main__":
    record.run_and_store(__file__, study)
