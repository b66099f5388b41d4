"""Which of the DCGAN's rules matter for digits: each taken away, with the same number of rounds.

This writes `dcgan_rules.json` beside the file::

    python -m linebyline.studies.dcgan_rules

Data, noise, losses and batches are those of `convolutional_digits`; the networks are half as wide,
and the critic sees without noise, as in the paper. Games without normalization are played at two
rates, for theirs need not be the others'; 2e-3 was tried afterwards, and is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from linebyline.generative.dcgan import Rules
from linebyline.studies import record
from linebyline.studies.convolutional_digits import SIDE, Game, drawn, game, play_rounds
from linebyline.studies.digit_judge import judged

WIDTHS = (32, 16)
ROUNDS = 600
STARTS = (1, 2)
DECAY = 0.99
DRAWS = 1000


class Variant(NamedTuple):
    """How a game differs from the one by the rules."""

    rules: Rules = Rules()
    rate: float = 1e-3
    beta: float = 0.5


VARIANTS: Mapping[str, Variant] = {
    "all rules": Variant(),
    "no norms": Variant(Rules(batch_norm="none")),
    "no norms, rate 3e-4": Variant(Rules(batch_norm="none"), rate=3e-4),
    "no norms, sized": Variant(Rules(batch_norm="none", deviation=None)),
    "no norms, sized, rate 3e-4": Variant(Rules(batch_norm="none", deviation=None), rate=3e-4),
    "norms, sized": Variant(Rules(deviation=None)),
    "norms everywhere": Variant(Rules(batch_norm="everywhere")),
    "pooled": Variant(Rules(strided=False)),
    "hidden layer": Variant(Rules(hidden_units=128)),
    "ReLU in D": Variant(Rules(slope=0.0)),
    "no tanh": Variant(Rules(squashed=False)),
    "beta 0.9": Variant(beta=0.9),
}


def variant_game(name: str, seed: int) -> Game:
    """The two players of a variant, before the first round."""
    rules, rate, beta = VARIANTS[name]
    return game(seed, rules=rules, widths=WIDTHS, rate=rate, beta=beta, blur=0, decay=DECAY)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Play every variant from every start."""
    found: dict[str, Any] = {}
    for name in VARIANTS:
        rows: dict[str, list[Any]] = {"distance": [], "sure": [], "recall": [], "first_losses": []}
        for seed in STARTS:
            sides = variant_game(name, seed)
            history = play_rounds(sides, seed, ROUNDS)
            with sides.average.applied() as G:
                figures = judged(drawn(G, DRAWS), SIDE)
            for key in ("distance", "sure", "recall"):
                rows[key].append(figures[key])
            rows["first_losses"].append([round(loss, 4) for loss in history.critic_loss[:3]])
        print(name, rows, flush=True)
        found[name] = rows
    return {
        "settings": {"rounds": ROUNDS, "starts": STARTS, "widths": WIDTHS, "decay": DECAY},
        "variants": found,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
