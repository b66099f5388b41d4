"""The ways of `few_labels_game`, once more with 100 labels and five times as many examples seen.

This writes `few_labels_longer.json` beside the file::

    python -m linebyline.studies.few_labels_longer

5,000 steps of twice as many examples each, instead of 2,000, for every way that is compared. The
weight of matching is the one that was tried at this length on the two starts on which the shorter
runs were tuned; all else is as it was found there. The starts are the first three of the shorter
runs; their number was fixed beforehand, by the time that there was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from linebyline.studies import few_labels_game as shorter
from linebyline.studies import record
from linebyline.studies.digit_judge import judged
from linebyline.studies.few_labels_ways import Setting, right

WAYS = ("labels", "matching")
STARTS = shorter.STARTS[:3]
MATCHING_WEIGHT = 0.5
STEPS, LABELLED, BATCH_SIZE = 5000, 32, 64


def setting_of(way: str) -> Setting:
    """The setting of the shorter runs, with more steps, larger batches, and matching's weight."""
    found = shorter.setting_of(way, shorter.load())
    longer = replace(found, steps=STEPS, labelled=LABELLED, batch_size=BATCH_SIZE)
    return replace(longer, weight=MATCHING_WEIGHT) if way == "matching" else longer


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Three starts of each way, judged on digits that it has not seen."""
    data = shorter.digits()
    scores: dict[str, list[float]] = {}
    firsts: dict[str, list[float]] = {}
    samples = []
    for way in WAYS:
        setting = setting_of(way)
        runs = [shorter.run(way, 100, seed, setting, data) for seed in STARTS]
        scores[way] = [round(right(model, data.test), 4) for model, _, _ in runs]
        firsts[way] = [round(loss, 4) for loss in runs[0][2][:5]]
        made = [made for _, made, _ in runs if made is not None]
        samples += [judged((shorter.made_by(generator) + 1) / 2) for generator in made]
    return {
        "settings": {"starts": STARTS, "steps": STEPS, "labelled": LABELLED}
        | {"batch_size": BATCH_SIZE, "matching_weight": MATCHING_WEIGHT},
        "right": scores,
        "first_losses": firsts,
        "samples": samples,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
